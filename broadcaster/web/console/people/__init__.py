"""Console pages of people and groups: the register, imports and exports, addresses, sign-ups."""
