"""Who made the API keys from before that was kept: the audit log knows it of those made in the console."""

from alembic import op

revision = "0075"
down_revision = "0074"


def upgrade() -> None:
    op.execute(
        "UPDATE api_keys SET made_by = (SELECT actor_id FROM audit_entries WHERE action = 'key_made'"
        " AND actor_kind = 'operator' AND about = api_keys.id ORDER BY audit_entries.id DESC LIMIT 1)"
        " WHERE made_by IS NULL AND role <> 'operator'"
    )
