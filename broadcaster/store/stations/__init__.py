"""Queries of stations, groups and API keys."""
