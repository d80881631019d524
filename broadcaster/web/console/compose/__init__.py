"""Console pages for a new alert: where, words, check."""
