"""Backup of the whole database in one file, restorable into SQLite or PostgreSQL; sealed data stays sealed."""

from broadcaster.backup.archive import Archive, BackupRefused, Manifest
from broadcaster.backup.restoring import Restored, restore
from broadcaster.backup.taking import back_up

__all__ = ["Archive", "BackupRefused", "Manifest", "Restored", "back_up", "restore"]
