"""The console: pages for operators, on a telephone first."""
