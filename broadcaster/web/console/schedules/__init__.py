"""Console pages of alerts for later, and of operators' drills."""
