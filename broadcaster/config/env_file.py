"""Reads files of settings in the form of Docker and systemd: NAME=VALUE, # before a comment."""

from pathlib import Path

from broadcaster.errors import BadSetting


def read(path: Path, prefix: str, findings: list[BadSetting]) -> dict[str, str]:
    """Return the file's settings, none if there is no file; add errors to ``findings``."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    except OSError as error:
        findings.append(BadSetting("file-unreadable", str(path), reason=error.strerror))
        return {}
    except UnicodeDecodeError:
        findings.append(BadSetting("file-unreadable", str(path), reason="UTF-8"))
        return {}
    found: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        name, equals, value = (part.strip() for part in line.partition("="))
        if not line.strip() or name.startswith("#"):
            continue
        if equals and name.startswith(prefix):
            found[name] = value[1:-1] if len(value) > 1 and value[0] == value[-1] in ("'", '"') else value
        else:
            findings.append(BadSetting("setting-line", f"{path}:{number}", example=f"{prefix}PORT=8080"))
    return found
