"""What people ask for themselves: sign up, confirm, follow, change, see and erase their data."""
