"""Options and types of arguments that several commands have."""

from pathlib import Path

import click

with_json = click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
with_yes = click.option("--yes", is_flag=True, help="Do not ask.")

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
NUMBER = click.IntRange(1, 2**63 - 1)
"""An id of an alert or a schedule."""
