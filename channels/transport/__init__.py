"""What several channels share to reach a provider: HTTP, the courier process, breaker and failover."""
