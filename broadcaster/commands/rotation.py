"""``tocsin keys new|rotate``: change the secret that seals."""

import secrets
from pathlib import Path

import click

from broadcaster.commands.failing import Stop, wait_for
from broadcaster.commands.opened import machine, opened, settings
from broadcaster.commands.operator_key import write_private
from broadcaster.commands.progress import bar
from broadcaster.commands.wording import many, say, words
from broadcaster.domain.audit import Action

_BYTES = 32


@click.group()
def keys() -> None:
    """Change the secret that seals addresses and homes."""


@keys.command("new")
def new() -> None:
    """Make a new secret, and put it before the old one in secret.key.

    Where the secret is in TOCSIN_SECRET_KEY, print it: put it there yourself, before the old one, with a comma between.
    Then restart the service, and run `tocsin keys rotate`.
    """
    where, made = settings(), secrets.token_hex(_BYTES)
    if where.secret_key is not None:
        click.echo(made)
        return
    path = where.data_dir / "secret.key"
    if not path.exists():
        raise Stop("no-secret-yet", path=path)
    before = path.read_text().strip()
    if "," in before:
        raise Stop("two-secrets", path=path)
    _replace(path, f"{made},{before}")
    say("%(path)s has a new secret before the old one: restart the service", path=path)


@keys.command("rotate")
def rotate() -> None:
    """Seal all data with the newest secret, while the service runs. Killed, it goes on when it is run again.

    The service must have been started with both secrets (`tocsin keys new`). After it the old one is needed for older
    backups only: keep it with these.
    """
    from broadcaster.store.operations import audit, rotating  # noqa: PLC0415

    where = settings()
    if len(where.sealing_secrets()) == 1:
        raise Stop("one-secret")

    async def work() -> int:
        async with opened(where) as store:
            if len(store.vault.key_ids) < len(where.sealing_secrets()):
                raise Stop("secrets-alike")
            with bar(words("sealing"), None) as count:
                done = await rotating.rotate(store, count)
            async with store.write() as unit:
                await audit.record(unit, machine(), Action.KEYS_ROTATED, values=done)
            return done

    done = wait_for(work())
    click.echo(
        many("%(n)s value is sealed with the newest secret", "%(n)s values are sealed with the newest secret", done)
    )
    if where.secret_key is None:
        path = where.data_dir / "secret.key"
        newest, *before = path.read_text().strip().split(",")
        old = path.with_name("secret.key.old")
        kept = old.read_text().split() if old.exists() else []  # backups of before an earlier change need these
        _replace(old, "\n".join([*before, *(each for each in kept if each not in before)]))
        _replace(path, newest)
        say("%(path)s has the new secret alone; the old one is in secret.key.old", path=path)
    else:
        say("leave out the old secret in TOCSIN_SECRET_KEY, and keep it with the backups of before")


def _replace(path: Path, text: str) -> None:
    """Replace a secret file at once, so that an interruption leaves the old or the new one, never none."""
    draft = path.with_name(path.name + ".new")
    write_private(draft, text)
    draft.replace(path)
