"""Console pages of stations and their posters."""
