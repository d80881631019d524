"""Queries of a station's own register: lists taken in, people entered and changed by hand."""
