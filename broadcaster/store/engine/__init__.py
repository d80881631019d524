"""Database access: transactions, bulk statements, sealing, migrations."""
