"""The whole database in one file, which either store can be made from; what is sealed stays sealed in it."""

from broadcaster.backup.archive import Archive, BackupRefused, Manifest
from broadcaster.backup.restoring import Restored, restore
from broadcaster.backup.taking import back_up

__all__ = ["Archive", "BackupRefused", "Manifest", "Restored", "back_up", "restore"]
