"""The settings, ``TOCSIN_*``: read only here."""

from broadcaster.config.loading import FILE, PREFIX, load
from broadcaster.config.settings import Settings

__all__ = ["FILE", "PREFIX", "Settings", "load"]
