"""Names of groups and labels of keys. They may identify people, so they are sealed.

A group is found by a blind index instead of its slug; slug and name are sealed together.
"""

import base64
from typing import Any

import orjson

from broadcaster.domain.audience import Audience, AudienceKind
from broadcaster.store.engine.sealing import Vault


def sealed_group(vault: Vault, station_id: int, slug: str, name: str) -> dict[str, Any]:
    mark = vault.fingerprint(f"group {station_id}", slug)
    sealed = vault.seal(orjson.dumps([slug, name]), b"group:" + mark)
    return {"station_id": station_id, "slug": mark.hex(), "name": "", "sealed": sealed}


def open_group(vault: Vault, row: Any) -> tuple[str, str]:
    """Return the slug and name of a row with ``slug`` and ``sealed``."""
    slug, name = orjson.loads(vault.open(row.sealed, b"group:" + bytes.fromhex(row.slug)))
    return slug, name


def sealed_label(vault: Vault, mark: bytes, label: str) -> bytes:
    """Seal a key's label; ``mark`` is the key's hash."""
    return vault.seal(label.encode(), b"label:" + mark)


def open_label(vault: Vault, row: Any) -> str:
    """Return the label of a row with ``sealed`` and ``hash``."""
    return vault.open(row.sealed, b"label:" + row.hash).decode()


def sealed_audience(vault: Vault, alert_id: int, audience: Audience) -> dict[str, Any]:
    """Return an alert's audience as JSON, its group names sealed."""
    kept: dict[str, Any] = {"kind": audience.kind, "groups": [], "told": audience.told}
    if audience.groups:
        sealed = vault.seal(orjson.dumps(audience.groups), b"audience:%d" % alert_id)
        kept["sealed"] = base64.b64encode(sealed).decode()
    return kept


def open_audience(vault: Vault, alert_id: int, kept: dict[str, Any]) -> Audience:
    named = []
    if "sealed" in kept:
        named = orjson.loads(vault.open(base64.b64decode(kept["sealed"]), b"audience:%d" % alert_id))
    return Audience(AudienceKind(kept["kind"]), tuple(named), kept["told"])
