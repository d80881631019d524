"""The database opened, transactions, bulk statements, sealing, migrations: what every query stands on."""
