"""Reads the settings from the environment, else from ``tocsin.env`` of the data folder.

Each secret ``X`` may be given as ``X_FILE``, the path of a file that contains it (for Docker and systemd).
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from pydantic import SecretStr, ValidationError
from pydantic_core import ErrorDetails

from broadcaster.config import env_file
from broadcaster.config.settings import Settings
from broadcaster.errors import BadSetting, BadSettings
from broadcaster.pydantic_codes import code_of

PREFIX = "TOCSIN_"
FILE = "tocsin.env"
"""File of settings in the data folder, for a service that is started by hand."""

_SECRETS = tuple(name for name, field in Settings.model_fields.items() if SecretStr in get_args(field.annotation))


def load(environment: Mapping[str, str] | None = None, **given: Any) -> Settings:
    """Read the settings; ``given`` overrides the environment. Raises ``BadSettings`` with all findings.

    This process's environment takes precedence over ``tocsin.env`` in the data folder.
    """
    values: dict[str, Any] = {}
    findings: list[BadSetting] = []
    source = _of_process(findings, given.get("data_dir")) if environment is None else environment
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    files = {PREFIX + name.upper() + "_FILE" for name in _SECRETS}
    for name, text in source.items():
        if name in files:
            if not text:
                continue
            try:
                values[name.removeprefix(PREFIX).removesuffix("_FILE").lower()] = Path(text).read_text().strip()
            except (OSError, UnicodeDecodeError) as error:
                reason = error.strerror if isinstance(error, OSError) else "UTF-8"
                findings.append(BadSetting("file-unreadable", name, reason=reason))
        elif name in known and text != "":
            values.setdefault(name.removeprefix(PREFIX).lower(), text)
        elif name.startswith(PREFIX) and name not in known and name not in _ELSEWHERE:
            findings.append(BadSetting("unknown-setting", name))
    values.update(given)
    try:
        settings = Settings(**values)
    except ValidationError as error:
        findings += map(_finding, error.errors(include_url=False))
    if findings:
        raise BadSettings(*findings)
    return settings


def _of_process(findings: list[BadSetting], data_dir: Path | None) -> dict[str, str]:
    """Return this process's environment, merged over the file in the data folder."""
    default = Settings.model_fields["data_dir"].default
    folder = Path(data_dir or os.environ.get(f"{PREFIX}DATA_DIR") or default)
    return env_file.read(folder / FILE, PREFIX, findings) | os.environ


def _finding(each: ErrorDetails) -> BadSetting:
    name = PREFIX + str(each["loc"][0]).upper() if each["loc"] else ""
    cause = each.get("ctx", {}).get("error")
    if isinstance(cause, BadSetting):
        return BadSetting(cause.code, name or cause.field, **cause.params)
    code, params = code_of(each)
    return BadSetting(code, name, **params)


_ELSEWHERE = frozenset({"TOCSIN_URL", "TOCSIN_KEY"})
"""Used by the command line: which service to use, and with which key."""
