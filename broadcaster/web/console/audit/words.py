"""Words for the audit log's codes."""

from collections.abc import Mapping, Sequence

from broadcaster.domain.audit import Action, ActorKind, Entry
from broadcaster.web.i18n import Words

ALERTS = frozenset(
    {
        Action.ALERT_SENT,
        Action.ALERT_UPDATED,
        Action.ALERT_CANCELLED,
        Action.UNREACHED_SEEN,
        Action.ANSWERS_SEEN,
        Action.UNREACHED_EXPORTED,
        Action.VISITS_SHARED,
        Action.VISITS_REVOKED,
        Action.VISITS_OPENED,
        Action.VISITS_SEEN,
        Action.VISITED,
    }
)
_PEOPLE = frozenset(
    {
        Action.PERSON_SEEN,
        Action.PERSON_ADDED,
        Action.PERSON_CHANGED,
        Action.PERSON_REMOVED,
        Action.PERSON_EXPORTED,
        Action.CORRECTION_ASKED,
        Action.CORRECTION_ACCEPTED,
        Action.CORRECTION_REFUSED,
        Action.CONTACT_REVIVED,
        Action.IDENTITY_SET,
    }
)
_OPERATORS = frozenset(
    {
        Action.OPERATOR_INVITED,
        Action.OPERATOR_RECOVERED,
        Action.OPERATOR_DISABLED,
        Action.OPERATOR_ENABLED,
        Action.ROLE_SET,
        Action.ADMIN_SET,
        Action.VULNERABLE_GRANTED,
    }
)


def action_words(words: Words) -> dict[Action, str]:
    """Return the words for each action, to follow a name: « Rose Martin: sent an alert »."""
    return {
        Action.SIGNED_IN: words("signed in"),
        Action.SIGN_IN_FAILED: words("could not sign in"),
        Action.SIGNED_OUT: words("signed out"),
        Action.SESSION_ENDED: words("ended a session"),
        Action.PROVEN: words("confirmed who they are"),
        Action.PASSKEY_ADDED: words("added a passkey"),
        Action.PASSKEY_REMOVED: words("removed a passkey"),
        Action.PASSWORD_SET: words("set a password"),
        Action.PASSWORD_REMOVED: words("removed the password"),
        Action.CODES_MADE: words("made recovery codes"),
        Action.PHONE_SET: words("changed their telephone number"),
        Action.PUSH_ADDED: words("gets notifications on a device"),
        Action.PUSH_REMOVED: words("gets no more notifications on a device"),
        Action.OPERATOR_INVITED: words("invited somebody"),
        Action.OPERATOR_RECOVERED: words("gave somebody a new way in"),
        Action.OPERATOR_DISABLED: words("disabled somebody’s access"),
        Action.OPERATOR_ENABLED: words("let somebody in again"),
        Action.ROLE_SET: words("changed a role"),
        Action.ADMIN_SET: words("changed who administers"),
        Action.VULNERABLE_GRANTED: words("opened or closed the register of vulnerable people to somebody"),
        Action.OPERATORS_SEEN: words("looked at who may act"),
        Action.KEY_MADE: words("made an API key"),
        Action.KEY_REVOKED: words("revoked an API key"),
        Action.PERSON_SEEN: words("looked at a person"),
        Action.PEOPLE_SEEN: words("looked at residents"),
        Action.SIGN_UPS_SEEN: words("looked at sign-ups"),
        Action.ERASURES_SEEN: words("looked at who asked to be left out"),
        Action.ADDRESSES_SEEN: words("looked at addresses"),
        Action.IMPORT_SEEN: words("looked at a list"),
        Action.UNREACHED_SEEN: words("looked at who was not reached"),
        Action.ANSWERS_SEEN: words("looked at who answered for children"),
        Action.DELIVERIES_SEEN: words("looked at deliveries"),
        Action.SANDBOX_SEEN: words("looked at the sandbox"),
        Action.HELP_SEEN: words("looked at requests for help"),
        Action.HELP_TAKEN: words("took a request for help"),
        Action.HELP_CLOSED: words("closed a request for help"),
        Action.ROSTER_SET: words("changed the duty roster"),
        Action.DUTY_SET: words("went on or off duty for requests for help"),
        Action.INBOX_SEEN: words("looked at texts from residents"),
        Action.TEXT_READ: words("dealt with a text from a resident"),
        Action.VULNERABLE_SEEN: words("looked at the register of vulnerable people"),
        Action.VULNERABLE_ADDED: words("entered a vulnerable person"),
        Action.VULNERABLE_CHANGED: words("changed the entry of a vulnerable person"),
        Action.VULNERABLE_REMOVED: words("removed the entry of a vulnerable person"),
        Action.VULNERABLE_EXPORTED: words("exported the register of vulnerable people"),
        Action.PERSON_ADDED: words("added a person"),
        Action.PERSON_CHANGED: words("changed a person"),
        Action.PERSON_REMOVED: words("removed a person"),
        Action.IDENTITY_SET: words("recorded whether a person showed who they are"),
        Action.PERSON_ERASED: words("erased a person at their request"),
        Action.LEFT_OUT_UNDONE: words("recorded that somebody wants to be in again"),
        Action.CORRECTION_ASKED: words("asked for a correction of what a list says"),
        Action.CORRECTION_ACCEPTED: words("corrected what a list says, as a person asked"),
        Action.CORRECTION_REFUSED: words("refused to correct what a list says"),
        Action.CORRECTIONS_SEEN: words("looked at requests for a correction"),
        Action.CONTACT_REVIVED: words("revived a contact"),
        Action.OPT_OUT_UNDONE: words("recorded a signed request"),
        Action.SIGN_UPS_REMOVED: words("removed sign-ups"),
        Action.ADDRESS_SET: words("placed an address"),
        Action.GROUP_ADDED: words("added a group"),
        Action.GROUP_RENAMED: words("renamed a group"),
        Action.GROUP_DELETED: words("deleted a group"),
        Action.LIST_UPLOADED: words("uploaded a list"),
        Action.LIST_FORGOTTEN: words("discarded a list"),
        Action.LIST_IMPORTED: words("imported a list"),
        Action.PERSON_EXPORTED: words("exported what is kept of a person"),
        Action.REGISTER_EXPORTED: words("exported the register"),
        Action.UNREACHED_EXPORTED: words("exported who was not reached"),
        Action.VISITS_SHARED: words("shared the visit list"),
        Action.VISITS_REVOKED: words("took the visit list back from a volunteer"),
        Action.VISITS_OPENED: words("opened the visit list with a code"),
        Action.VISITS_SEEN: words("looked at the visit list"),
        Action.VISITED: words("recorded a visit"),
        Action.ALERT_SENT: words("sent an alert"),
        Action.ALERT_UPDATED: words("updated an alert"),
        Action.ALERT_CANCELLED: words("ended an alert"),
        Action.APPROVAL_ASKED: words("asked for approval"),
        Action.APPROVAL_EDITED: words("changed an alert and handed it back"),
        Action.APPROVAL_REFUSED: words("refused an alert"),
        Action.APPROVAL_WITHDRAWN: words("withdrew an alert"),
        Action.APPROVED: words("approved an alert"),
        Action.SENT_ALONE: words("sent an alert without approval"),
        Action.APPROVAL_RULES_SET: words("changed when a second person approves"),
        Action.SCHEDULE_MADE: words("scheduled an alert"),
        Action.SCHEDULE_CHANGED: words("changed a scheduled alert"),
        Action.SCHEDULE_APPROVED: words("approved a scheduled alert"),
        Action.SCHEDULE_ENDED: words("ended a scheduled alert"),
        Action.OCCURRENCE_DISMISSED: words("dismissed an alert that was not sent"),
        Action.STATION_ADDED: words("added a station"),
        Action.STATION_CHANGED: words("changed a station"),
        Action.POLICIES_CHANGED: words("changed how alerts escalate"),
        Action.ESCALATION_CHANGED: words("hastened, skipped or stopped a step of an alert"),
        Action.STATION_REMOVED: words("removed a station"),
        Action.TOPICS_CHANGED: words("changed the topics"),
        Action.TEMPLATE_SAVED: words("saved a template"),
        Action.TEMPLATE_DELETED: words("deleted a template"),
        Action.MAP_FETCHED: words("fetched the map"),
        Action.FIGURES_REPLACED: words("gave figures of households"),
        Action.AUDIT_SEEN: words("looked at the log"),
        Action.AUDIT_EXPORTED: words("exported the log"),
        Action.REASON_ERASED: words("erased a reason"),
        Action.HEAD_SENT: words("sent the log’s newest hash out"),
        Action.SEGMENT_DROPPED: words("dropped a month of the log"),
        Action.BACKUP_TAKEN: words("took a backup"),
        Action.RESTORED: words("restored a backup"),
        Action.KEYS_ROTATED: words("sealed everything with a new secret"),
    }


def actor_words(words: Words) -> dict[ActorKind, str]:
    return {
        ActorKind.KEY: words("an API key"),
        ActorKind.MACHINE: words("a command on the machine"),
        ActorKind.SERVICE: words("Tocsin itself"),
        ActorKind.VOLUNTEER: words("a volunteer"),
        ActorKind.NOBODY: words("somebody not signed in"),
    }


def named_in(found: Sequence[Entry]) -> set[int]:
    """Return the ids of the operators and keys whose names ``who_words`` and ``about_words`` use."""
    actors = {each.actor.id for each in found if each.actor.id is not None}
    return actors | {each.about for each in found if each.about is not None and each.action in _OPERATORS}


def who_words(entry: Entry, names: Mapping[int, str], words: Words) -> str:
    name = "" if entry.actor.id is None else names.get(entry.actor.id, "")
    if entry.actor.kind is ActorKind.OPERATOR:
        return name or words("person %(id)s", id=entry.actor.id)
    kind = actor_words(words)[entry.actor.kind]
    return f"{kind}{words(': ')}{name}" if name else kind


def about_words(entry: Entry, names: Mapping[int, str], words: Words) -> str:
    """Return an entry's object in words; empty if it has none, or is about who acts."""
    if entry.about is None:
        return ""
    number = words("no %(id)s", id=entry.about)
    if entry.action in ALERTS:
        return words("The alert")
    if entry.action in _PEOPLE:
        return words("person %(id)s", id=entry.about)
    if entry.action in _OPERATORS:
        return names.get(entry.about, number)
    return "" if entry.about == entry.actor.id else number
