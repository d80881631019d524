"""Shared provider access: HTTP, the courier process, breaker and failover."""
