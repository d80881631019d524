"""``tocsin doctor``."""

import click
from rich.text import Text

from broadcaster import config
from broadcaster.commands.examine import PROBE_S, Examined, asked, examine
from broadcaster.commands.exits import Exit
from broadcaster.commands.lookups import run_abandoning_lookups
from broadcaster.commands.showing import err, out, print_json, table
from broadcaster.commands.wording import reader
from broadcaster.config import Settings
from broadcaster.domain.people import CHANNEL_WORDS
from broadcaster.domain.refusals import located
from broadcaster.errors import BadSettings
from broadcaster.logs import set_up_logs
from channels.base import Finding

_STYLE = {"ok": "green", "warning": "yellow", "error": "bold red"}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
def doctor(*, as_json: bool) -> None:
    """Check settings, database and port, and reach each provider, without sending anything.

    Each finding is ok, a warning or an error, with what to do. The exit code is 1 if there is any error.
    """
    found = _examined()
    if as_json:
        print_json(
            [
                {
                    "subject": each.subject,
                    "level": each.finding.level,
                    "what": each.finding.what,
                    "hint": each.finding.hint,
                }
                for each in found
            ]
        )
    else:
        show(found)
    if any(each.finding.level == "error" for each in found):
        raise click.exceptions.Exit(int(Exit.FAILED))


def _examined() -> list[Examined]:
    try:
        settings = config.load()
    except BadSettings as error:
        return [
            Examined(
                "settings", Finding("error", located(each, reader()), "docs/operating.md has the table of settings")
            )
            for each in error.findings
        ]
    return [Examined("settings", Finding("ok", "every TOCSIN_ setting can be read")), *examined(settings)]


def examined(settings: Settings) -> list[Examined]:
    """Check everything; say first what is asked, and how long that may take."""
    # A finding says what is away; standard output is the findings' alone.
    set_up_logs(settings.model_copy(update={"log_level": "error"}))
    words = reader()
    names = ", ".join(words.channel(each, inside=True) if each in CHANNEL_WORDS else words(each) for each in asked())
    err().print(words("asking all at once, %(s)s s at most: %(names)s", s=round(PROBE_S), names=names), markup=False)
    return run_abandoning_lookups(_all(settings))


async def _all(settings: Settings) -> list[Examined]:
    return [each async for each in examine(settings)]


def show(found: list[Examined]) -> None:
    """Print findings as a table, and how many are errors and warnings."""
    words = reader()
    levels = {"ok": "ok", "warning": words("warning"), "error": words("error")}
    rows = []
    before = ""
    for each in found:
        found_here = each.finding
        told = Text(f"{found_here.provider}{words(': ')}" if found_here.provider else "")
        told.append(words(found_here.sentence, **found_here.params))
        if found_here.detail:
            told.append(f" ({found_here.detail})")
        if found_here.advice and found_here.level != "ok":
            told.append(f"\n→ {words(found_here.advice, **found_here.params)}", style="dim")
        subject = words.channel(each.subject, inside=True) if each.subject in CHANNEL_WORDS else words(each.subject)
        rows.append(
            (subject if each.subject != before else "", Text(levels[found_here.level], _STYLE[found_here.level]), told)
        )
        before = each.subject
    out().print(table(("", "", words("finding")), rows))
    errors = sum(each.finding.level == "error" for each in found)
    warnings = sum(each.finding.level == "warning" for each in found)
    told_errors = words.many("%(n)s error", "%(n)s errors", errors)
    told_warnings = words.many("%(n)s warning", "%(n)s warnings", warnings)
    out().print(f"{told_errors}, {told_warnings}")
