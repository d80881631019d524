"""Mail: templates compiled to MIME once per language, filled per person, sent over pooled SMTP."""

from channels.email.address import InvalidMailAddress, parse_address
from channels.email.channel import Email
from channels.email.config import Sender, SmtpConfig
from channels.email.mail import InlineImage, Mail, MailTemplate
from channels.email.signature import DkimKey, InvalidDkimKey

__all__ = [
    "DkimKey",
    "Email",
    "InlineImage",
    "InvalidDkimKey",
    "InvalidMailAddress",
    "Mail",
    "MailTemplate",
    "Sender",
    "SmtpConfig",
    "parse_address",
]
