"""Errors as sentences: no traceback for anything that a user can fix."""

import sys
from collections.abc import Coroutine
from typing import Any, TypeVar

import click

from broadcaster.commands.exits import Exit

T = TypeVar("T")


class Stop(click.ClickException):
    """Ends the command with a sentence on stderr, a hint below it, and an exit code."""

    def __init__(self, message: str, code: Exit = Exit.REFUSED, hint: str = "") -> None:
        super().__init__(message)
        self.exit_code = int(code)  # type: ignore[misc]  # click reads it from the instance too
        self.hint = hint

    def show(self, file: Any = None) -> None:
        stream = file or sys.stderr
        click.echo(click.style("error: ", fg="red", bold=True) + self.message, file=stream)
        if self.hint:
            click.echo(f"  {self.hint}", file=stream)


def sentence(error: Exception) -> Stop | None:
    """Return an error's message, or None for a bug of ours."""
    # Imported on demand, to keep commands fast.
    from broadcaster.domain.refusals import located  # noqa: PLC0415
    from broadcaster.errors import BadSettings, TocsinError  # noqa: PLC0415
    from broadcaster.store.engine.engine import StoreUnavailable  # noqa: PLC0415
    from broadcaster.store.engine.sealing import SealBroken  # noqa: PLC0415
    from zones.errors import ZoneError  # noqa: PLC0415

    match error:
        case BadSettings():
            lines = "".join(f"\n  {name}: {problem}" for name, problem in error.findings)
            return Stop(f"the settings can't be used:{lines}")
        case TocsinError() | ZoneError():
            return Stop(located(error) if isinstance(error, ZoneError) else str(error))
        case SealBroken():
            hint = "put the TOCSIN_SECRET_KEY (or secret.key) back that it was written with; `tocsin doctor` checks it"
            return Stop(str(error), Exit.FAILED, hint)
        case StoreUnavailable():
            return Stop(
                f"the database does not answer: {error}",
                Exit.UNREACHABLE,
                "look at TOCSIN_DATABASE_URL, the space on the disk and who may write there; `tocsin doctor` checks it",
            )
        case OSError():
            where = f"{error.filename}: " if error.filename else ""
            return Stop(f"{where}{error.strerror or error}", Exit.FAILED)
    return None


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
