"""Domain types and rules. No I/O; imports only the standard library and the leaves' types."""
