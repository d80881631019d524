"""``tocsin init``: a town of one's own, from nothing to its first administrator."""

from typing import Any

import click

from broadcaster.clock import SystemClock
from broadcaster.commands.doctor import examined
from broadcaster.commands.doctor import show as show_findings
from broadcaster.commands.failing import Stop, wait_for
from broadcaster.commands.new_station import read_fields
from broadcaster.commands.opened import machine, opened, settings
from broadcaster.commands.operator_key import first_link, write_private
from broadcaster.commands.serving import first_sign_in
from broadcaster.commands.showing import show_facts
from broadcaster.commands.wording import say, words
from broadcaster.config import FILE, Settings
from broadcaster.domain.audit import Action
from broadcaster.domain.stations import Station
from broadcaster.store.operations import audit
from broadcaster.store.operations import migrate as migration
from broadcaster.store.stations import stations
from channels.email import InvalidMailAddress, parse_address
from channels.webpush import VapidKey

_LATER = ("service", "database", "secret key")
"""Subjects of ``doctor`` about which there is nothing to set."""


@click.command()
@click.option("--insee", required=True, help="INSEE code of the commune, as in 61214.")
@click.option("--languages", default="fr,en", show_default=True, help="Of its alerts; the first is its own.")
@click.option("--mail", help="Where push services write when something is wrong; without it, the town hall's address.")
def init(*, insee: str, languages: str, mail: str | None) -> None:
    """Make a real, empty town: database, station, settings, and a link for its first administrator.

    \b
    tocsin init --insee 61214

    Turns push notifications on, and says what is left to set. Run again, it makes another link, until somebody has
    signed in. A school or a club is added to it by `tocsin station add`.
    """  # noqa: D301  click reads the \b
    where = settings()
    fields = read_fields(where, insee=insee, languages=languages)
    subject = _mail(mail or fields["email"])
    made, secret = wait_for(_made(where, fields))
    path = where.data_dir / FILE
    if not path.exists() and where.vapid_private_key is None:
        write_private(path, _settings(subject))
        where = settings()
    say("%(name)s (INSEE %(insee)s) is ready, and empty.", name=made.name, insee=made.insee)
    told = [
        (words("settings"), str(path.resolve())),
        (words("back up"), words("%(path)s, apart from the database", path=(where.data_dir / "secret.key").resolve())),
    ]
    show_facts(told if secret is None else told + first_sign_in(where.url, secret))
    click.echo()
    left = [each for each in examined(where) if each.finding.level != "ok" and each.subject not in _LATER]
    if left:
        say("Left to set, as `tocsin doctor` says at any time:")
        show_findings(left)
    say("Start it: %(command)s", command="tocsin serve")


async def _made(where: Settings, fields: dict[str, Any]) -> tuple[Station, str | None]:
    """Return the station, and the secret of its first administrator's link; None if one has signed in already."""
    async with opened(where, migrated=False) as store:
        await migration.migrate(store)
        async with store.write() as unit:
            there = await stations.listed(unit)
            made = next((each for each in there if each.insee == fields["insee"]), None)
            if made and await stations.followers_count(unit, made.id):
                raise Stop("station-has-people", name=made.name)
            if made is None and there:
                raise Stop("stations-there", names=", ".join(each.name for each in there))
            now = SystemClock().now()
            if made is None:
                made = await stations.add(unit, fields, now)
                if made is None:
                    message = "an empty database has no station of that name"
                    raise AssertionError(message)
                await audit.record(unit, machine(), Action.STATION_ADDED, made.id, station_id=made.id)
            return made, await first_link(unit, now)


def _mail(given: str | None) -> str:
    if not given:
        raise Stop("commune-without-mail")
    try:
        return parse_address(given)
    except InvalidMailAddress as error:
        raise Stop("not-a-mail", mail=given) from error


def _settings(mail: str) -> str:
    """Return the first settings: push on, the others to be filled in."""
    lines = (
        words("Settings of Tocsin; docs/operating.md has all. What the environment sets goes before them."),
        words("Notifications. Keep this key: with another one, every device is lost."),
        words("The address that residents open, by https: the proxy in front leads it to TOCSIN_PORT."),
        words("E-mail: the relay of your provider."),
        words("SMS and calls: an account at Twilio."),
    )
    first, push, public, relay, twilio = (f"# {line}" for line in lines)
    return "\n".join(
        (
            first,
            "",
            push,
            f"TOCSIN_VAPID_PRIVATE_KEY={VapidKey.generate().to_raw()}",
            f"TOCSIN_VAPID_SUBJECT=mailto:{mail}",
            "",
            public,
            "# TOCSIN_PUBLIC_URL=https://alertes.example.fr",
            "# TOCSIN_TRUSTED_PROXIES=1",
            "",
            relay,
            "# TOCSIN_SMTP_URL=smtp://user:password@relay.example:587?from=Mairie <alertes@example.fr>",
            "",
            twilio,
            "# TOCSIN_TWILIO_ACCOUNT_SID=AC…",
            "# TOCSIN_TWILIO_AUTH_TOKEN=…",
            "# TOCSIN_TWILIO_FROM=+33…",
            "# TOCSIN_TWILIO_VOICE_FROM=+33…",
        )
    )
