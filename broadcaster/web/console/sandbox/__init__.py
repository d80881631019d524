"""Console pages of the sandbox: messages composed but not sent."""
