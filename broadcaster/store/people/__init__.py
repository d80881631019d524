"""Queries of subscribers, contacts, places, sign-ups, and their change feed."""
