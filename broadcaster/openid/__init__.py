"""OpenID Connect: ProConnect or another for operators, FranceConnect for residents."""
