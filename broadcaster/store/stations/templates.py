"""A station's own templates, with texts stored like those of alerts."""

from datetime import datetime

from sqlalchemy import delete, func, select

from broadcaster.domain.refusals import Refused
from broadcaster.domain.templates import Template
from broadcaster.store.engine.engine import Unit
from broadcaster.store.tables import templates

MOST = 100
"""How many templates a station may have of its own."""


async def own(unit: Unit, station_id: int) -> dict[str, Template]:
    """Return a station's own templates by name, newest first."""
    rows = await unit.conn.execute(
        select(templates).where(templates.c.station_id == station_id).order_by(templates.c.id.desc())
    )
    return {row.name: Template.from_json(row.name, row.content, own=True) for row in rows}


async def put(unit: Unit, station_id: int, template: Template, now: datetime) -> None:
    """Add or replace a template by its name. Raises ``Refused`` beyond ``MOST``."""
    await remove(unit, station_id, template.name)
    many = await unit.conn.scalar(select(func.count()).where(templates.c.station_id == station_id))
    if (many or 0) >= MOST:
        raise Refused("too-many-templates", "name", most=MOST)
    row = {"station_id": station_id, "name": template.name, "content": template.to_json(), "changed_at": now}
    await unit.conn.execute(templates.insert().values(row))


async def remove(unit: Unit, station_id: int, name: str) -> bool:
    """Delete a template; return whether it was there."""
    done = await unit.conn.execute(
        delete(templates).where(templates.c.station_id == station_id, templates.c.name == name)
    )
    return done.rowcount > 0
