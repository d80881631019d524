"""``tocsin doctor``."""

import click
from rich.text import Text

from broadcaster import config
from broadcaster.commands.examine import PROBE_S, Examined, asked, examine
from broadcaster.commands.exits import Exit
from broadcaster.commands.lookups import run_abandoning_lookups
from broadcaster.commands.options import with_json
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
@with_json
def doctor(*, as_json: bool) -> None:
    """Check settings, database and port, and reach each provider, without sending anything.

    Each finding is ok, a warning or an error, with what to do. The exit code is 1 if there is any error.
    """
    found = _examined()
    if as_json:
        facts = ("level", "what", "hint")
        print_json(
            [{"subject": each.subject} | {name: getattr(each.finding, name) for name in facts} for each in found]
        )
    else:
        show(found)
    if any(each.finding.level == "error" for each in found):
        raise click.exceptions.Exit(int(Exit.FAILED))


def _examined() -> list[Examined]:
    try:
        settings = config.load()
    except BadSettings as error:
        hint = "docs/operating.md has the table of settings"
        return [Examined("settings", Finding("error", located(each, reader()), hint)) for each in error.findings]
    return [Examined("settings", Finding("ok", "every TOCSIN_ setting can be read")), *examined(settings)]


def examined(settings: Settings) -> list[Examined]:
    """Check everything; say first what is asked, and how long that may take."""
    # A finding says what is away; standard output is the findings' alone.
    set_up_logs(settings.model_copy(update={"log_level": "error"}))
    words = reader()
    names = ", ".join(map(_named, asked()))
    err().print(words("asking all at once, %(s)s s at most: %(names)s", s=round(PROBE_S), names=names), markup=False)
    return run_abandoning_lookups(_all(settings))


async def _all(settings: Settings) -> list[Examined]:
    return [each async for each in examine(settings)]


def _named(subject: str) -> str:
    words = reader()
    return words.channel(subject, inside=True) if subject in CHANNEL_WORDS else words(subject)


def show(found: list[Examined]) -> None:
    """Print findings as a table, and how many are errors and warnings."""
    words = reader()
    levels = {"ok": "ok", "warning": words("warning"), "error": words("error")}
    rows = []
    before = ""
    for subject, finding in ((each.subject, each.finding) for each in found):
        told = Text(f"{finding.provider}{words(': ')}" if finding.provider else "")
        told.append(words(finding.sentence, **finding.params))
        if finding.detail:
            told.append(f" ({finding.detail})")
        if finding.advice and finding.level != "ok":
            told.append(f"\n→ {words(finding.advice, **finding.params)}", style="dim")
        level = Text(levels[finding.level], _STYLE[finding.level])
        rows.append((_named(subject) if subject != before else "", level, told))
        before = subject
    out().print(table(("", "", words("finding")), rows))
    errors = sum(each.finding.level == "error" for each in found)
    warnings = sum(each.finding.level == "warning" for each in found)
    told_errors = words.many("%(n)s error", "%(n)s errors", errors)
    told_warnings = words.many("%(n)s warning", "%(n)s warnings", warnings)
    out().print(f"{told_errors}, {told_warnings}")
