"""Queries of subscribers, their contacts and places, sign-ups, and the feed of their changes."""
