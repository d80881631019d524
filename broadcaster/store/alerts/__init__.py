"""Queries of alerts, batches, deliveries and reports."""
