"""Addresses and where they are: the one place that asks a geocoder, one address at a time or a list of them."""
