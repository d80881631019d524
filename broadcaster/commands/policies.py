"""``tocsin station policies``."""

from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError

from broadcaster.commands.failing import Told
from broadcaster.commands.opened import in_store, machine, station_of
from broadcaster.commands.options import FILE
from broadcaster.commands.showing import print_json
from broadcaster.commands.wording import reader
from broadcaster.domain.refusals import Refused, located, sentence
from broadcaster.http import escalation
from broadcaster.http.schemas.escalation import PoliciesIn
from broadcaster.http.validation import findings
from broadcaster.store import Unit


@click.command("policies")
@click.argument("slug")
@click.argument("file", required=False, type=FILE)
def policies(*, slug: str, file: Path | None) -> None:
    """Show how a station's alerts escalate, and its budgets, or change them by a JSON FILE of what the API takes."""
    given = None if file is None else _policies_in(file.read_bytes())

    async def work(unit: Unit) -> Any:
        found = await station_of(unit, slug)
        if given is not None:
            try:
                await escalation.change(unit, machine(), found, given)
            except Refused as error:
                raise Told(sentence(error, reader())) from error
            found = await station_of(unit, slug)
        return escalation.shown(found).model_dump(mode="json")

    print_json(in_store(work, write=True))


def _policies_in(document: bytes) -> PoliciesIn:
    try:
        return PoliciesIn.model_validate_json(document)
    except ValidationError as error:
        raise Told("; ".join(located(each) for each in findings(error, document))) from error
