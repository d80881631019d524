"""``tocsin send``: the main job."""

import secrets
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

import click

from broadcaster.commands.api import Api, Lost
from broadcaster.commands.drafting import draft, with_draft
from broadcaster.commands.exits import HELP, Exit
from broadcaster.commands.failing import Stop, confirm, wait_for
from broadcaster.commands.following import follow
from broadcaster.commands.foresight import banner, how_many, say_woken, show_reach
from broadcaster.commands.opened import settings
from broadcaster.commands.options import with_yes
from broadcaster.commands.reached import service
from broadcaster.commands.report import settled, show_report, show_unreached, unreached
from broadcaster.commands.schedules import local, scheduled, with_schedule
from broadcaster.commands.second_person import AWAITING, end_if_it_waits, say_it_waits, with_reason, with_stake
from broadcaster.commands.showing import err, out, print_json
from broadcaster.commands.wording import many, words
from broadcaster.domain.alerts import Severity, usual_audience
from broadcaster.domain.audience import AudienceKind
from broadcaster.domain.signs import IDEMPOTENCY_KEY
from broadcaster.domain.stations import StationKind

_SHOWN = 20
_WAIT_S = 900.0


@dataclass(frozen=True)
class _Wish:
    body: dict[str, Any]
    later: dict[str, Any] | None
    idempotency_key: str
    yes: bool
    dry_run: bool
    as_json: bool
    no_follow: bool
    wait_s: float
    stake: str


@dataclass
class _Seen:
    """Progress so far, for the message on interruption."""

    asked: bool = False
    alert_id: str = ""
    passing: bool = False

    @property
    def goes_on(self) -> str:
        """Return what happens to an alert no longer followed."""
        if self.passing:
            return words("what is unsent waits in the database: start `tocsin serve`, and it goes out")
        return words("the alert goes on: tocsin alert show %(id)s", id=self.alert_id)


@click.command(epilog=HELP, short_help="Send an alert, and account for everyone it concerns.")
@with_draft
@with_schedule
@with_yes
@click.option("--dry-run", is_flag=True, help="Show the reach, send nothing.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout: reach, alert, report, unreached.")
@click.option("--no-follow", is_flag=True, help="Come back as soon as the alert is taken.")
@click.option(
    "--wait", "wait_s", type=click.FloatRange(0, 86_400), default=_WAIT_S, show_default=True, metavar="SECONDS",
    help="How long to wait until everyone is accounted for; the alert goes on after that.",
)  # fmt: skip
@with_stake
@click.option("--idempotency-key", help="Of an earlier try whose end was not seen: it can't be sent twice.")
def send(
    *,
    yes: bool,
    dry_run: bool,
    as_json: bool,
    no_follow: bool,
    wait_s: float,
    idempotency_key: str | None,
    stake: str,
    **given: Any,
) -> None:
    """Send an alert: shows its reach, asks, sends, follows, and ends with the report.

    \b
    tocsin send --station laigle --lat 48.7631 --lon 0.6283 --radius 1500 --severity severe \\
        --headline "Crue de la Risle" --description "Quittez les rez-de-chaussée." \\
        --text en:headline="The Risle is in flood"

    With --at it goes out later, with --repeat again and again: tocsin schedule shows and ends it.
    Speaks to the service at TOCSIN_URL with TOCSIN_KEY; without them to this machine's own, with the operator's key.
    Where none runs, one is started for as long as it takes.
    """  # noqa: D301  click reads the \b
    if idempotency_key is not None and not IDEMPOTENCY_KEY.fullmatch(idempotency_key):
        raise Stop("idempotency-key")
    key = idempotency_key or f"cli-{secrets.token_urlsafe(16)}"
    body = draft(given)
    wish = _Wish(body, scheduled(body, given), key, yes, dry_run, as_json, no_follow, wait_s, stake)
    seen = _Seen()
    try:
        code = wait_for(_send(wish, seen))
    except KeyboardInterrupt:
        code = _interrupted(wish, seen)
    if code is not Exit.DONE:
        raise click.exceptions.Exit(int(code))


def _interrupted(wish: _Wish, seen: _Seen) -> Exit:
    if seen.alert_id:
        raise Stop("interrupted-after", Exit.UNACCOUNTED, then=seen.goes_on)
    if seen.asked:
        raise Stop("interrupted-unknown", Exit.UNACCOUNTED, key=wish.idempotency_key)
    raise Stop("interrupted", Exit.ABORTED)


async def _send(wish: _Wish, seen: _Seen) -> Exit:
    console = err() if wish.as_json else out()
    async with service(settings(), may_start=True) as api:
        seen.passing = api.passing
        if "template" in wish.body:
            await _from_template(api, wish.body)
        await _usual_audience(api, wish.body)
        reach = await _reach(api, wish)
        banner(console, wish.body["status"], wish.body["station"])
        show_reach(console, reach)
        if wish.dry_run:
            console.print(words("dry run: nothing was sent"))
            _print_json(wish, reach)
            return _foreseen(reach)
        if not wish.yes:
            if reach["hearing"]["missed"] and "wakes" not in wish.body:
                wish, reach = await _asked_to_wake(api, wish, reach)
                say_woken(console, reach)
            confirm(_question(wish, how_many(reach)), "nothing-sent")
        if wish.later is not None:
            return await _schedule(api, wish, reach)
        seen.asked = True
        alert = await _post(api, wish)
        seen.alert_id = alert["id"]
        if alert["state"] == AWAITING:
            _print_json(wish, reach, alert)
        end_if_it_waits(alert)
        console.print(words("alert %(id)s is taken: %(url)s", id=alert["id"], url=alert["url"]))
        if wish.no_follow and not api.passing:  # a temporary service would end before it has sent
            _print_json(wish, reach, alert)
            return _foreseen(reach)
        return await _follow(api, wish, reach, alert, seen)


async def _from_template(api: Api, body: dict[str, Any]) -> None:
    """Set the template's facts that are needed before sending: severity, and whether it is a drill."""
    known = (await api.get(f"/v1/stations/{quote(body['station'], safe='')}/templates"))["templates"]
    for each in known:
        if each["name"] == body["template"]:
            body |= {name: each[name] for name in ("status", "severity") if name not in body}
            return
    names = ", ".join(each["name"] for each in known)
    raise Stop("no-such-template", name=body["template"], names=names)


async def _reach(api: Api, wish: _Wish) -> Any:
    """Return whom it would reach at its sending time."""
    later = (
        {name: wish.later[name] for name in ("at", "zone", "lasts_minutes") if name in wish.later} if wish.later else {}
    )
    try:
        return await api.post("/v1/reach", {**wish.body, **later})
    except Lost as lost:
        raise Stop("lost-before", Exit.UNREACHABLE, reason=lost) from lost


async def _usual_audience(api: Api, body: dict[str, Any]) -> None:
    """Set the audience that the console proposes, if none was given."""
    if "audience" not in body:
        station = await api.get(f"/v1/stations/{quote(body['station'], safe='')}")
        usual = usual_audience(StationKind(station["kind"]), Severity(body["severity"]))
        if usual is not AudienceKind.FOLLOWERS:
            body["audience"] = {"kind": usual.value}


async def _asked_to_wake(api: Api, wish: _Wish, reach: Any) -> tuple[_Wish, Any]:
    """Ask whether to wake people who would otherwise miss it."""
    question = many(
        "Wake %(n)s person in their quiet hours?", "Wake %(n)s people in their quiet hours?", reach["hearing"]["missed"]
    )
    try:
        wakes = click.confirm(question, default=None, err=True)
    except click.Abort:
        raise Stop("wakes-unanswered", Exit.ABORTED) from None
    later = None if wish.later is None else wish.later | {"wakes": wakes}
    wish = replace(wish, body=wish.body | {"wakes": wakes}, later=later)
    return wish, await _reach(api, wish) if wakes else reach


async def _schedule(api: Api, wish: _Wish, reach: Any) -> Exit:
    made = await _post(api, wish)
    if wish.as_json:
        print_json({"reach": reach, "schedule": made})
    else:
        gaps = {"id": made["id"], "time": local(made["next"], made["zone"]), "zone": made["zone"]}
        out().print(words("schedule %(id)s: first at %(time)s (%(zone)s)", **gaps))
        if api.passing:
            out().print(words("it goes out once a service runs: start `tocsin serve`"))
    if made["awaiting_approval"]:
        say_it_waits(f"{api.url}/console/schedules/{made['id']}")
        return Exit.WAITING
    return Exit.DONE


async def _post(api: Api, wish: _Wish) -> Any:
    path, body = ("/v1/schedules", wish.later)
    if wish.later is None:
        path, body = "/v1/alerts", with_reason(wish.body, wish.stake)
    try:
        return await api.post(path, body, headers={"Idempotency-Key": wish.idempotency_key})
    except Lost as lost:
        raise Stop("lost-unknown", Exit.UNREACHABLE, reason=lost, key=wish.idempotency_key) from lost


async def _follow(api: Api, wish: _Wish, reach: Any, alert: Any, seen: _Seen) -> Exit:
    console = err() if wish.as_json else out()
    alert_id = alert["id"]
    report: dict[str, Any] | None = None
    missed: list[dict[str, Any]] = []
    try:
        report = await follow(api, alert_id, wait_s=wish.wait_s, console=err())
        if report is None or not settled(report):
            report = await api.get(f"/v1/alerts/{alert_id}/report")
        missed = [each async for each in unreached(api, alert_id)]
        alert = await api.get(f"/v1/alerts/{alert_id}")
    except (Lost, Stop) as lost:
        # The alert was sent, so "refused" would be wrong for any later failure.
        err().print(f"{lost}; {seen.goes_on}", markup=False)
    if report is None:
        code = Exit.UNACCOUNTED
    else:
        show_report(console, report, alert["zone"])
        code = _code(report)
    if missed:
        show_unreached(console, missed[:_SHOWN], len(missed))
        if len(missed) > _SHOWN:
            console.print(words("… all of them: tocsin alert unreached %(id)s", id=alert_id))
    if code is Exit.UNACCOUNTED:
        console.print(words("not everyone is accounted for; %(then)s", then=seen.goes_on), markup=False)
    _print_json(wish, reach, alert, report, missed)
    return code


def _print_json(wish: _Wish, reach: Any, alert: Any = None, report: Any = None, missed: Any = None) -> None:
    if wish.as_json:
        print_json({"reach": reach, "alert": alert, "report": report, "unreached": missed})


def _foreseen(reach: dict[str, Any]) -> Exit:
    return Exit.DONE if reach["people"] or reach["others_fewer_than"] else Exit.NOBODY


def _code(report: dict[str, Any]) -> Exit:
    if not settled(report):
        return Exit.UNACCOUNTED
    return Exit.DONE if report["matched"] else Exit.NOBODY


def _question(wish: _Wish, people: str) -> str:
    if wish.later is None:
        return {
            "actual": words("Send this REAL ALERT to %(people)s?", people=people),
            "exercise": words("Send this exercise to %(people)s?", people=people),
            "test": words("Send this test to %(people)s?", people=people),
        }[wish.body["status"]]
    return {
        "actual": words("Schedule this REAL ALERT to %(people)s?", people=people),
        "exercise": words("Schedule this exercise to %(people)s?", people=people),
        "test": words("Schedule this test to %(people)s?", people=people),
    }[wish.body["status"]]
