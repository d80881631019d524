"""What stands on the disk is the owner's alone; and the command by its module."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def run(folder: Path, *words: str) -> str:
    around = {name: each for name, each in os.environ.items() if not name.startswith("TOCSIN_")}
    command = [sys.executable, "-m", "broadcaster", *words]
    # A generous umask: the modes are ours, whatever the shell says.
    return subprocess.run(
        command, env=around | {"TOCSIN_DATA_DIR": str(folder)}, umask=0, capture_output=True, text=True, check=True
    ).stdout


def test_the_data_folder_and_all_that_is_in_it_can_be_read_by_nobody_else(tmp_path: Path) -> None:
    folder = tmp_path / "made"
    run(folder, "migrate")
    run(folder, "key", "add", "--role", "admin", "--label", "me")
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {"tocsin.db", "secret.key"} <= set(modes)
    assert set(modes.values()) == {0o600}, modes


def test_the_module_works_as_the_command_does(tmp_path: Path) -> None:
    assert run(tmp_path, "--version").startswith("tocsin")
    assert "Usage: tocsin " in run(tmp_path, "--help")
