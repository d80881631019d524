"""Rounds numbers of people so that no single person can be recognized in them.

Limits are derived from the secret and from what is counted, and never change: fresh noise would average out, and one
common limit would reveal the person with whom the count passes it.
"""

from broadcaster.store.engine.sealing import Vault

TENS = 10


def about(vault: Vault, n: int, what: str) -> int:
    """Round a number of people to tens; ``what`` names what is counted."""
    return (n + _drawn(vault, what)) // TENS * TENS


def too_few(vault: Vault, n: int, what: str) -> bool:
    """Return whether these are too few people to show their number: up to a limit between ten and twenty."""
    return n <= TENS + _drawn(vault, f"joined {what}")


def rounded(vault: Vault, n: int, what: str) -> int:
    """Round a number of people to tens; 0 for too few."""
    return 0 if too_few(vault, n, what) else about(vault, n, what)


def _drawn(vault: Vault, what: str) -> int:
    return int.from_bytes(vault.fingerprint("crowd", what)[:8]) % TENS
