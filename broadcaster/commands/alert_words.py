"""Names of an alert's fields, for a terminal."""

from collections.abc import Mapping
from typing import Any

from broadcaster.commands.wording import words
from broadcaster.domain.alerts import SEVERITY_WORDS, ThreadRole


def severities() -> dict[str, str]:
    return {severity.value: words(said) for severity, said in SEVERITY_WORDS.items()}


def statuses() -> dict[str, str]:
    return {"actual": words("real"), "exercise": words("exercise"), "test": words("test")}


def kinds() -> dict[str, str]:
    return {"alert": words("alert"), "update": words("update"), "cancel": words("all-clear")}


def audiences() -> dict[str, str]:
    return {
        "followers": words("followers in the area"),
        "everyone": words("everyone in the area"),
        "all_followers": words("all followers"),
        "groups": words("members of groups"),
        "told": words("those who were told"),
        "digest": words("those who chose a daily digest"),
    }


def states() -> dict[str, str]:
    """Return the words for the states of people and deliveries, to follow a number."""
    return {
        "acknowledged": words("acknowledged"),
        "opened": words("opened"),
        "displayed": words("displayed"),
        "delivered": words("delivered"),
        "accepted": words("accepted"),
        "queued": words("queued"),
        "pending": words("pending"),
        "failed": words("failed"),
        "gone": words("address gone"),
        "expired": words("expired"),
        "cancelled": words("not sent"),
        "dead_letter": words("dead letter"),
        "unreached": words("not reached"),
    }


def progress(alert: Mapping[str, Any], roles: Mapping[str, str]) -> str:
    """Return an alert's state. ``roles``: of alerts by id, among them its follower."""
    if alert["cancelled_at"]:
        return words("replaced") if roles.get(alert["followed_by"]) == ThreadRole.UPDATE else words("lifted")
    return {"accepted": words("accepted"), "sending": words("sending"), "finished": words("finished")}[alert["state"]]
