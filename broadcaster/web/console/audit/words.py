"""What the audit log's codes are called."""

from broadcaster.domain.audit import Action, ActorKind
from broadcaster.web.i18n import Words


def action_words(words: Words) -> dict[Action, str]:
    """Return what each action is called: it follows a name, « Rose Martin: sent an alert »."""
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
        Action.OPERATOR_INVITED: words("invited somebody"),
        Action.OPERATOR_RECOVERED: words("gave somebody a new way in"),
        Action.OPERATOR_DISABLED: words("disabled somebody’s access"),
        Action.OPERATOR_ENABLED: words("let somebody in again"),
        Action.ROLE_SET: words("changed a role"),
        Action.ADMIN_SET: words("changed who administers"),
        Action.OPERATORS_SEEN: words("looked at who may act"),
        Action.KEY_MADE: words("made an API key"),
        Action.KEY_REVOKED: words("revoked an API key"),
        Action.PERSON_SEEN: words("looked at a person"),
        Action.PEOPLE_SEEN: words("looked at residents"),
        Action.SIGN_UPS_SEEN: words("looked at sign-ups"),
        Action.ADDRESSES_SEEN: words("looked at addresses"),
        Action.IMPORT_SEEN: words("looked at a list"),
        Action.UNREACHED_SEEN: words("looked at who was not reached"),
        Action.DELIVERIES_SEEN: words("looked at deliveries"),
        Action.SANDBOX_SEEN: words("looked at the sandbox"),
        Action.PERSON_ADDED: words("added a person"),
        Action.PERSON_CHANGED: words("changed a person"),
        Action.PERSON_REMOVED: words("removed a person"),
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
        Action.REGISTER_EXPORTED: words("exported the register"),
        Action.UNREACHED_EXPORTED: words("exported who was not reached"),
        Action.ALERT_SENT: words("sent an alert"),
        Action.ALERT_UPDATED: words("updated an alert"),
        Action.ALERT_CANCELLED: words("lifted an alert"),
        Action.SCHEDULE_MADE: words("scheduled an alert"),
        Action.SCHEDULE_CHANGED: words("changed a scheduled alert"),
        Action.SCHEDULE_ENDED: words("ended a scheduled alert"),
        Action.OCCURRENCE_DISMISSED: words("dismissed an alert that was not sent"),
        Action.STATION_ADDED: words("added a station"),
        Action.STATION_CHANGED: words("changed a station"),
        Action.STATION_REMOVED: words("removed a station"),
        Action.TOPICS_CHANGED: words("changed the topics"),
        Action.TEMPLATE_SAVED: words("saved a template"),
        Action.TEMPLATE_DELETED: words("deleted a template"),
        Action.MAP_FETCHED: words("fetched the map"),
        Action.AUDIT_SEEN: words("looked at the log"),
        Action.AUDIT_EXPORTED: words("exported the log"),
        Action.REASON_ERASED: words("erased a reason"),
        Action.HEAD_SENT: words("sent the log’s newest hash out"),
        Action.SEGMENT_DROPPED: words("dropped a month of the log"),
        Action.BACKUP_TAKEN: words("took a backup"),
        Action.RESTORED: words("restored a backup"),
    }


def actor_words(words: Words) -> dict[ActorKind, str]:
    """Return who acts where it is no operator."""
    return {
        ActorKind.KEY: words("an API key"),
        ActorKind.MACHINE: words("a command on the machine"),
        ActorKind.SERVICE: words("Tocsin itself"),
        ActorKind.NOBODY: words("somebody not signed in"),
    }
