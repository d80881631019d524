"""The audit log, for owners and administrators."""
