"""Console pages of sent alerts: the list, the live page, the report, who was not reached."""
