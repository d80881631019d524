"""The console: operators' pages, designed for phones first."""
