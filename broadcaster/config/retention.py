"""Settings of how long each kind of data is kept: a part of ``config.Settings``. The kinds: ``domain.retention``."""

from pydantic import BaseModel, Field


class RetentionSettings(BaseModel):
    keep_inactive_months: int = Field(
        36,
        ge=12,
        le=120,
        description="Months after which a resident who signed up themselves and gave no sign since is erased, warned"
        " 91, 30 and 7 days before.",
    )
    keep_dead_contacts_months: int = Field(
        12, ge=1, le=36, description="Months that a dead number, address or subscription stays with its person."
    )
    keep_positions_days: int = Field(
        30, ge=1, le=365, description="Days that a device's last position is kept when it named no hours."
    )
    keep_reports_months: int = Field(
        24,
        ge=6,
        le=120,
        description="Months after an alert's end until nothing says any more who it was for, what was sent to them and"
        " what they answered; the totals stay. The same for who voted.",
    )
    keep_proofs_months: int = Field(60, ge=12, le=120, description="Months that signed requests are kept.")
    keep_disabled_months: int = Field(
        12,
        ge=1,
        le=60,
        description="Months after which a disabled operator's name, mail, telephone and ways to sign in are erased, and"
        " the label of an ended key.",
    )
