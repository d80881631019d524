"""Problems of the service, as codes with parameters; sentences are made where they are read.

To add one: a ``Code``, its line in ``SENTENCES`` (the French is in ``web/locale``), and the check in
``broadcaster.health``.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from broadcaster.domain.people import CHANNEL_WORDS
from broadcaster.domain.refusals import Reader


class Grade(StrEnum):
    """``error``: alerts are refused or people are not told. ``warning``: alerts work, but something is wrong."""

    ERROR = "error"
    WARNING = "warning"


class Code(StrEnum):
    STORE_AWAY = "store-away"
    BUS_AWAY = "bus-away"
    NO_WEB = "no-web"
    NO_RESOLVER = "no-resolver"
    NO_SENDER = "no-sender"
    NO_SCHEDULER = "no-scheduler"
    ALERTS_WAIT = "alerts-wait"
    QUEUE_STUCK = "queue-stuck"
    FIRST_LATE = "first-message-late"
    CHANNEL_STOPPED = "channel-stopped"
    PROVIDER_AWAY = "provider-away"
    PROVIDER_REPLACED = "provider-replaced"
    SENDER_REFUSED = "sender-refused"
    DISK_LOW = "disk-low"
    SCHOOL_DAYS_END = "school-days-end"


@dataclass(frozen=True, slots=True)
class Sentence:
    """``said``: what is wrong and its effect; ``to_do``: how to fix it. ``%(name)s`` in ``said`` is a parameter."""

    grade: Grade
    said: str
    to_do: str


NO_ROLE = {"web": Code.NO_WEB, "resolver": Code.NO_RESOLVER, "sender": Code.NO_SENDER, "scheduler": Code.NO_SCHEDULER}
"""The trouble to report when no process has this role."""

SENTENCES: Mapping[Code, Sentence] = {
    Code.STORE_AWAY: Sentence(
        Grade.ERROR,
        "The database does not answer: no alert can be taken.",
        "Start the database again; check TOCSIN_DATABASE_URL, the network and the free space on its disk.",
    ),
    Code.BUS_AWAY: Sentence(
        Grade.ERROR,
        "The bus does not answer: alerts are taken, and go out when it is back.",
        "Start Redis or Valkey again; check TOCSIN_REDIS_URL and the network.",
    ),
    Code.NO_WEB: Sentence(
        Grade.ERROR,
        "No web process is running: nobody can open the console, and devices can't report.",
        "Start one with “tocsin serve --roles web”, and read in its log why the last one ended.",
    ),
    Code.NO_RESOLVER: Sentence(
        Grade.ERROR,
        "No resolver is running: alerts are taken, and nobody is told until one is back.",
        "Start one with “tocsin serve --roles resolver”, and read in its log why the last one ended.",
    ),
    Code.NO_SENDER: Sentence(
        Grade.ERROR,
        "No sender is running: messages are queued, and none goes out until one is back.",
        "Start one with “tocsin serve --roles sender”, and read in its log why the last one ended.",
    ),
    Code.NO_SCHEDULER: Sentence(
        Grade.ERROR,
        "No scheduler is running: what was put off is not tried again, and figures are missing.",
        "Start one with “tocsin serve --roles scheduler”, and read in its log why the last one ended.",
    ),
    Code.ALERTS_WAIT: Sentence(
        Grade.ERROR,
        "An alert has waited for a resolver for %(seconds)s s: nobody is told of it yet.",
        "Check that a resolver is running and reaches the bus; read its log.",
    ),
    Code.QUEUE_STUCK: Sentence(
        Grade.ERROR,
        "%(channel)s: the queue does not move. A batch has been due for %(seconds)s s, and no sender works on it.",
        "Check that the senders are running and reach the bus; read their logs, and start them again.",
    ),
    Code.FIRST_LATE: Sentence(
        Grade.ERROR,
        "An alert was sent %(seconds)s s ago, and nobody has been told yet.",
        "Look at the other troubles on this list first; if there are none, read the log of a sender.",
    ),
    Code.CHANNEL_STOPPED: Sentence(
        Grade.ERROR,
        "%(channel)s: stopped. The provider refuses our credentials or settings, and nothing goes out this way.",
        "Correct its settings (“tocsin doctor” checks them) and start the senders again. It is tried again every 30 s.",
    ),
    Code.PROVIDER_AWAY: Sentence(
        Grade.ERROR,
        "%(channel)s: the provider “%(provider)s” does not answer as it should. Its messages wait.",
        "Check the provider's status page, the network and the firewall. Messages are tried again by themselves.",
    ),
    Code.PROVIDER_REPLACED: Sentence(
        Grade.WARNING,
        "%(channel)s: the provider “%(provider)s” does not answer as it should. The other provider sends.",
        "Check the provider's status page, the network and the firewall, before the other one fails too.",
    ),
    Code.SENDER_REFUSED: Sentence(
        Grade.WARNING,
        "%(channel)s: %(keeper)s refuses messages from this service. People not reached this way: %(people)s.",
        "Its answer is below. For e-mail, check SPF, DKIM, DMARC and blocklists; for SMS, the sender's registration.",
    ),
    Code.DISK_LOW: Sentence(
        Grade.WARNING,
        "The disk of the data folder is almost full: %(megabytes)s MB are free. With none, no alert can be taken.",
        "Make room on that disk.",
    ),
    Code.SCHOOL_DAYS_END: Sentence(
        Grade.WARNING,
        "School holidays of zone %(zone)s are known until %(day)s only. Scheduled alerts do not leave out later ones.",
        "Install a newer version, or list the next holidays in the file of TOCSIN_SCHOOL_HOLIDAYS_FILE.",
    ),
}


@dataclass(frozen=True, slots=True)
class Trouble:
    """``params`` fill the sentence; ``detail``: a provider's or library's words. ``alert_id``: the one concerned.

    ``why``: an English sentence that tells more, which ``gaps`` fill.
    """

    code: Code
    params: Mapping[str, str | int] = field(default_factory=dict)
    detail: str = ""
    alert_id: int | None = None
    why: str = ""
    gaps: Mapping[str, str | int] = field(default_factory=dict)

    @property
    def grade(self) -> Grade:
        return SENTENCES[self.code].grade

    @property
    def channel(self) -> str | None:
        """Return the channel concerned; None if it is the whole service."""
        found = self.params.get("channel")
        return None if found is None else str(found)

    @property
    def said(self) -> str:
        channel = CHANNEL_WORDS.get(self.channel or "", self.channel)
        return SENTENCES[self.code].said % {**self.params, "channel": channel}

    @property
    def to_do(self) -> str:
        return SENTENCES[self.code].to_do

    def reason(self, words: Reader) -> str:
        """Return why, in the reader's language; the detail is not translated."""
        said = words(self.why, **self.gaps) if self.why else ""
        return f"{said} ({self.detail})" if said and self.detail else said or self.detail

    def to_json(self) -> dict[str, Any]:
        kept = {"code": self.code.value, "params": dict(self.params), "detail": self.detail}
        return kept | ({"why": self.why, "gaps": dict(self.gaps)} if self.why else {})

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> "Trouble | None":
        """Parse the output of ``to_json``. Return None for a code of a newer version."""
        try:
            return cls(
                Code(told["code"]), told["params"], told["detail"], why=told.get("why", ""), gaps=told.get("gaps", {})
            )
        except ValueError:
            return None


def in_order(found: Iterable[Trouble]) -> list[Trouble]:
    """Return troubles without duplicates (same code and parameters), errors first."""
    once = {(each.code, each.alert_id, tuple(sorted(each.params.items()))): each for each in reversed(list(found))}
    order = list(Code)
    return sorted(
        once.values(), key=lambda each: (each.grade is not Grade.ERROR, order.index(each.code), each.channel or "")
    )
