"""Queries of alerts, their batches and deliveries, and the report."""
