"""The words and the rules: no I/O, the standard library and the leaves' types only."""
