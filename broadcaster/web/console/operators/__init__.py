"""Operators' pages: how they sign in, their account, and who else may act."""
