"""Server-rendered pages: light, readable without scripts, in the reader's language."""
