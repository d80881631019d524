"""Queries of the running service: processes, gauges, sessions, upkeep."""
