"""Console pages of people and groups: register, import and export, addresses, sign-ups."""
