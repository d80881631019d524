"""Lists of subscribers: read, compared with what is there, applied whole or not at all."""
