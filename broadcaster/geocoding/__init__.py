"""The only place that queries a geocoder, for one address or a list."""
