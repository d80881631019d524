"""Shows errors as sentences, without a traceback for anything that a user can fix."""

import sys
from collections.abc import Coroutine
from typing import Any, TypeVar

import click

from broadcaster.commands.exits import Exit
from broadcaster.commands.stops import STOPS
from broadcaster.commands.wording import reader

T = TypeVar("T")


class Stop(click.ClickException):
    """Ends the command with a sentence on stderr, a hint below it, and an exit code.

    ``code``: a key of ``STOPS``; ``params`` fill its sentence and its hint. ``hint`` replaces the code's.
    """

    def __init__(self, code: str, exit_code: Exit = Exit.REFUSED, hint: str = "", **params: object) -> None:
        told, its_hint = STOPS[code]
        words = reader()
        self._say(words(told, **params), exit_code, hint or (words(its_hint, **params) if its_hint else ""))

    def _say(self, sentence: str, exit_code: Exit, hint: str) -> None:
        click.ClickException.__init__(self, sentence)
        self.exit_code = int(exit_code)  # type: ignore[misc]  # click reads it from the instance too
        self.hint = hint

    def show(self, file: Any = None) -> None:
        stream, words = file or sys.stderr, reader()
        click.echo(click.style(f"{words('error')}{words(': ')}", fg="red", bold=True) + self.message, file=stream)
        if self.hint:
            click.echo(f"  {self.hint}", file=stream)


class Told(Stop):
    """A ``Stop`` with a sentence in the reader's language already: the service's, a refusal's, the system's."""

    def __init__(self, sentence: str, exit_code: Exit = Exit.REFUSED, hint: str = "") -> None:
        self._say(sentence, exit_code, hint)


def sentence(error: Exception) -> Stop | None:  # noqa: PLR0911  one for each kind
    """Return an error's message, or None for a bug of ours."""
    # Imported on demand, to keep commands fast.
    from broadcaster.domain.refusals import Refusal, located  # noqa: PLC0415
    from broadcaster.errors import AlreadyRunning, BadSettings, TocsinError  # noqa: PLC0415
    from broadcaster.store.engine.engine import StoreUnavailable  # noqa: PLC0415
    from broadcaster.store.engine.sealing import SealBroken  # noqa: PLC0415
    from zones.errors import ZoneError  # noqa: PLC0415

    match error:
        case BadSettings():
            lines = "".join(f"\n  {located(each, reader())}" for each in error.findings)
            return Stop("settings-wrong", lines=lines)
        case AlreadyRunning():
            return Stop("already-running", database=error)
        case TocsinError() | ZoneError():
            return Told(located(error, reader()) if isinstance(error, Refusal | ZoneError) else str(error))
        case SealBroken():
            return Stop("seal-broken", Exit.FAILED, reason=located(error, reader()))
        case StoreUnavailable():
            return Stop("database-away", Exit.UNREACHABLE, reason=error)
        case OSError():
            where = f"{error.filename}: " if error.filename else ""
            return Told(f"{where}{error.strerror or error}", Exit.FAILED)
    return None


def confirm(question: str, otherwise: str) -> None:
    """Ask, and stop with the code ``otherwise`` unless the answer is yes."""
    try:
        agreed = click.confirm(question, default=False, err=True)
    except click.Abort:
        agreed = False
    if not agreed:
        raise Stop(otherwise, Exit.ABORTED)


class Sentences(click.Group):
    """The root command group: converts exceptions to messages and exit codes."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except BrokenPipeError:
            raise
        except Exception as error:
            told = sentence(error)
            if told is None:
                raise
            raise told from error


def wait_for(work: Coroutine[Any, Any, T]) -> T:
    """Run a command's coroutine."""
    import asyncio  # noqa: PLC0415  as above

    return asyncio.run(work)
