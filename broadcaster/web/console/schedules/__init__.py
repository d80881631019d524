"""Console pages of scheduled alerts and operators' drills."""
