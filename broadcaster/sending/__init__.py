"""Between a stage and a channel: senders, rate limits, origins, precedence, backoff, providers."""
