"""The audit log: who did what, when and from where. Entries hold ids and codes, never names or addresses."""

import hashlib
import ipaddress
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache

Param = int | bool | str | None

GENESIS = bytes(32)
"""The hash before the first entry."""
_CODE = re.compile(r"[a-z0-9_.:+-]{0,64}", re.ASCII)
_IPV4_BITS, _IPV6_BITS = 24, 48


class ActorKind(StrEnum):
    """``operator``: signed in to the console. ``key``: an API key. ``machine``: a command on the machine.

    ``service``: Tocsin itself, on its timetable. ``volunteer``: by a link to the visit list; the entry has their id.
    ``nobody``: somebody not signed in.
    """

    OPERATOR = "operator"
    KEY = "key"
    MACHINE = "machine"
    SERVICE = "service"
    VOLUNTEER = "volunteer"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, from where, and when. ``id``: row id of the operator or key; ``origin``: a network, or empty."""

    kind: ActorKind
    at: datetime
    id: int | None = None
    origin: str = ""

    @property
    def key_id(self) -> int:
        """Return the author's id. Raises ``ValueError`` if there is no author."""
        if self.id is None:
            message = f"a {self.kind} is no author"
            raise ValueError(message)
        return self.id


class Action(StrEnum):
    """The recorded actions. A new one also needs its words in ``web/console/audit/words.py``."""

    SIGNED_IN = "signed_in"
    SIGN_IN_FAILED = "sign_in_failed"
    SIGNED_OUT = "signed_out"
    SESSION_ENDED = "session_ended"
    PROVEN = "proven"
    PASSKEY_ADDED = "passkey_added"
    PASSKEY_REMOVED = "passkey_removed"
    PASSWORD_SET = "password_set"  # noqa: S105
    PASSWORD_REMOVED = "password_removed"  # noqa: S105
    CODES_MADE = "codes_made"
    PHONE_SET = "phone_set"
    PUSH_ADDED = "push_added"
    PUSH_REMOVED = "push_removed"
    OPERATOR_INVITED = "operator_invited"
    OPERATOR_RECOVERED = "operator_recovered"
    OPERATOR_DISABLED = "operator_disabled"
    OPERATOR_ENABLED = "operator_enabled"
    ROLE_SET = "role_set"
    ADMIN_SET = "admin_set"
    VULNERABLE_GRANTED = "vulnerable_granted"
    OPERATORS_SEEN = "operators_seen"
    KEY_MADE = "key_made"
    KEY_REVOKED = "key_revoked"

    PERSON_SEEN = "person_seen"
    PEOPLE_SEEN = "people_seen"
    SIGN_UPS_SEEN = "sign_ups_seen"
    ERASURES_SEEN = "erasures_seen"
    ADDRESSES_SEEN = "addresses_seen"
    IMPORT_SEEN = "import_seen"
    UNREACHED_SEEN = "unreached_seen"
    ANSWERS_SEEN = "answers_seen"
    DELIVERIES_SEEN = "deliveries_seen"
    SANDBOX_SEEN = "sandbox_seen"

    PERSON_ADDED = "person_added"
    PERSON_CHANGED = "person_changed"
    PERSON_REMOVED = "person_removed"
    PERSON_ERASED = "person_erased"
    LEFT_OUT_UNDONE = "left_out_undone"
    CORRECTION_ASKED = "correction_asked"
    CORRECTION_ACCEPTED = "correction_accepted"
    CORRECTION_REFUSED = "correction_refused"
    CORRECTIONS_SEEN = "corrections_seen"
    CONTACT_REVIVED = "contact_revived"
    IDENTITY_SET = "identity_set"
    OPT_OUT_UNDONE = "opt_out_undone"
    SIGN_UPS_REMOVED = "sign_ups_removed"
    ADDRESS_SET = "address_set"
    GROUP_ADDED = "group_added"
    GROUP_RENAMED = "group_renamed"
    GROUP_DELETED = "group_deleted"
    LIST_UPLOADED = "list_uploaded"
    LIST_FORGOTTEN = "list_forgotten"
    LIST_IMPORTED = "list_imported"
    PERSON_EXPORTED = "person_exported"
    REGISTER_EXPORTED = "register_exported"
    UNREACHED_EXPORTED = "unreached_exported"

    VULNERABLE_SEEN = "vulnerable_seen"
    VULNERABLE_ADDED = "vulnerable_added"
    VULNERABLE_CHANGED = "vulnerable_changed"
    VULNERABLE_REMOVED = "vulnerable_removed"
    VULNERABLE_EXPORTED = "vulnerable_exported"

    VISITS_SHARED = "visits_shared"
    VISITS_REVOKED = "visits_revoked"
    VISITS_OPENED = "visits_opened"
    VISITS_SEEN = "visits_seen"
    VISITED = "visited"

    HELP_SEEN = "help_seen"
    HELP_TAKEN = "help_taken"
    HELP_CLOSED = "help_closed"
    DUTY_SET = "duty_set"
    ROSTER_SET = "roster_set"
    INBOX_SEEN = "inbox_seen"
    TEXT_READ = "text_read"

    ALERT_SENT = "alert_sent"
    ALERT_UPDATED = "alert_updated"
    ALERT_CANCELLED = "alert_cancelled"
    APPROVAL_ASKED = "approval_asked"
    APPROVAL_EDITED = "approval_edited"
    APPROVAL_REFUSED = "approval_refused"
    APPROVAL_WITHDRAWN = "approval_withdrawn"
    APPROVED = "approved"
    SENT_ALONE = "sent_alone"
    APPROVAL_RULES_SET = "approval_rules_set"
    ESCALATION_CHANGED = "escalation_changed"
    SCHEDULE_MADE = "schedule_made"
    SCHEDULE_CHANGED = "schedule_changed"
    SCHEDULE_APPROVED = "schedule_approved"
    SCHEDULE_ENDED = "schedule_ended"
    OCCURRENCE_DISMISSED = "occurrence_dismissed"

    STATION_ADDED = "station_added"
    STATION_CHANGED = "station_changed"
    STATION_REMOVED = "station_removed"
    TOPICS_CHANGED = "topics_changed"
    TEMPLATE_SAVED = "template_saved"
    TEMPLATE_DELETED = "template_deleted"
    POLICIES_CHANGED = "policies_changed"
    MAP_FETCHED = "map_fetched"
    FIGURES_REPLACED = "figures_replaced"

    AUDIT_SEEN = "audit_seen"
    AUDIT_EXPORTED = "audit_exported"
    REASON_ERASED = "reason_erased"
    HEAD_SENT = "head_sent"
    SEGMENT_DROPPED = "segment_dropped"
    BACKUP_TAKEN = "backup_taken"
    RESTORED = "restored"
    KEYS_ROTATED = "keys_rotated"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry. ``about``: id of its object, whose kind follows from the action; ``seq``: place in the chain, once it
    has one.

    ``note``: commitment to a reason, which is stored separately: erasing the reason leaves the chain valid.
    """

    id: int
    actor: Actor
    action: Action
    about: int | None
    station_id: int | None
    params: Mapping[str, Param]
    note: bytes | None = None
    seq: int | None = None
    hash: bytes | None = None


def check_params(params: Mapping[str, Param]) -> None:
    """Raise ``ValueError`` for a value that is neither a number nor a code: it could be a name."""
    for name, value in params.items():
        if isinstance(value, str) and not _CODE.fullmatch(value):
            message = f"{name}: an entry holds ids and codes only"
            raise ValueError(message)


def chained(previous: bytes, seq: int, entry: Entry, at_micros: int) -> bytes:
    """Return the hash of an entry at a place in the chain: SHA-256 over the previous hash and all its fields."""
    fields = [
        seq,
        entry.id,
        at_micros,
        entry.station_id,
        entry.actor.kind,
        entry.actor.id,
        entry.actor.origin,
        entry.action,
        entry.about,
        dict(entry.params),
        None if entry.note is None else entry.note.hex(),
    ]
    canonical = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(previous + canonical.encode()).digest()


def commitment(salt: bytes, reason: str) -> bytes:
    """Return the commitment to a reason that its entry holds."""
    return hashlib.sha256(salt + reason.encode()).digest()


@lru_cache(4096)  # the people of a town often share few addresses
def origin_of(address: str) -> str:
    """Return the network of an IP address: its first 24 bits (IPv6: 48); empty if it is not an IP address."""
    try:
        ip = ipaddress.ip_interface(address).ip
    except ValueError:
        return ""
    bits = _IPV4_BITS if isinstance(ip, ipaddress.IPv4Address) else _IPV6_BITS
    return str(ipaddress.ip_network((ip, bits), strict=False))
