"""Console pages of the sandbox: what would have been sent."""
