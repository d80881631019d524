"""Console pages of a new alert: where, words, check."""
