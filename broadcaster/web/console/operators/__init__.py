"""Operators' pages: sign-in, their account, and the list of operators."""
