"""Console pages of sent alerts: list, live page, report, people not reached."""
