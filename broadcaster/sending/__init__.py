"""Between stages and channels: senders, rate limits, origins, precedence, back-off, providers."""
