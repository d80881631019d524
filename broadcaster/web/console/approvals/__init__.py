"""Console pages of approvals by a second person, and of each station's rules for them."""
