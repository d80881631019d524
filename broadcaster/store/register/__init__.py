"""Queries of a station's own register: imports, and entries and changes by hand."""
