"""Words for the roles of operators."""

from broadcaster.domain.permissions import Role
from broadcaster.web.i18n import Words


def role_names(words: Words) -> dict[str, str]:
    """Return each role's name, by its code."""
    return {
        Role.VIEWER.value: words("viewer"),
        Role.WRITER.value: words("writer"),
        Role.APPROVER.value: words("approver"),
        Role.OWNER.value: words("owner"),
        Role.ADMIN.value: words("administrator"),
    }


def role_word(role: Role, words: Words) -> str:
    """Return a role with what it may do."""
    return {
        Role.VIEWER: words("viewer: looks, and sees no names"),
        Role.WRITER: words("writer: keeps the register and sends alerts"),
        Role.APPROVER: words("approver: as a writer, and approves others' alerts"),
        Role.OWNER: words("owner: also changes the station, and who may act for it"),
        Role.ADMIN: words("administrator of this installation"),
    }[role]
