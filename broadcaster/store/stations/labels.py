"""Names of groups and labels of keys. They may identify people, so they are sealed.

A group is found by a blind index instead of its slug; slug and name are sealed together. Rows of an earlier version are
readable, until the next ``tocsin migrate`` seals them (``reseal``).
"""

import base64
from typing import Any

import orjson
from sqlalchemy import select, update

from broadcaster.domain.audience import Audience, AudienceKind
from broadcaster.store.engine.engine import Unit
from broadcaster.store.engine.sealing import Vault
from broadcaster.store.tables import alerts, api_keys, groups


def sealed_group(vault: Vault, station_id: int, slug: str, name: str) -> dict[str, Any]:
    mark = vault.fingerprint(f"group {station_id}", slug)
    sealed = vault.seal(orjson.dumps([slug, name]), b"group:" + mark)
    return {"station_id": station_id, "slug": mark.hex(), "name": "", "sealed": sealed}


def open_group(vault: Vault, row: Any) -> tuple[str, str]:
    """Return the slug and name of a row with ``slug``, ``name`` and ``sealed``."""
    if row.sealed is None:
        return row.slug, row.name
    slug, name = orjson.loads(vault.open(row.sealed, b"group:" + bytes.fromhex(row.slug)))
    return slug, name


def sealed_label(vault: Vault, mark: bytes, label: str) -> bytes:
    """Seal a key's label; ``mark`` is the key's hash."""
    return vault.seal(label.encode(), b"label:" + mark)


def open_label(vault: Vault, row: Any) -> str:
    """Return the label of a row with ``label``, ``sealed`` and ``hash``."""
    return row.label if row.sealed is None else vault.open(row.sealed, b"label:" + row.hash).decode()


def sealed_audience(vault: Vault, alert_id: int, audience: Audience) -> dict[str, Any]:
    """Return an alert's audience as JSON, its group names sealed."""
    kept: dict[str, Any] = {"kind": audience.kind, "groups": [], "told": audience.told}
    if audience.groups:
        sealed = vault.seal(orjson.dumps(audience.groups), b"audience:%d" % alert_id)
        kept["sealed"] = base64.b64encode(sealed).decode()
    return kept


def open_audience(vault: Vault, alert_id: int, kept: dict[str, Any]) -> Audience:
    named = kept["groups"]
    if "sealed" in kept:
        named = orjson.loads(vault.open(base64.b64decode(kept["sealed"]), b"audience:%d" % alert_id))
    return Audience(AudienceKind(kept["kind"]), tuple(named), kept["told"])


async def reseal(unit: Unit) -> None:
    """Seal an earlier version's rows."""
    vault = unit.vault
    for row in (await unit.conn.execute(select(groups).where(groups.c.sealed.is_(None)))).all():
        columns = sealed_group(vault, row.station_id, row.slug, row.name)
        await unit.conn.execute(update(groups).where(groups.c.id == row.id).values(columns))
    for row in (await unit.conn.execute(select(api_keys).where(api_keys.c.sealed.is_(None)))).all():
        sealed = sealed_label(vault, row.hash, row.label)
        await unit.conn.execute(update(api_keys).where(api_keys.c.id == row.id).values(label="", sealed=sealed))
    to_groups = alerts.c.audience["kind"].as_string() == AudienceKind.GROUPS
    for alert_id, kept in (await unit.conn.execute(select(alerts.c.id, alerts.c.audience).where(to_groups))).all():
        if "sealed" not in kept:
            audience = sealed_audience(vault, alert_id, open_audience(vault, alert_id, kept))
            await unit.conn.execute(update(alerts).where(alerts.c.id == alert_id).values(audience=audience))
