"""Pages made on the server: light, readable without scripts, in the reader's language."""
