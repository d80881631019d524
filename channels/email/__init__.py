"""Mail: a template is made into MIME once a language, filled for each person, and sent over pooled SMTP."""

from channels.email.address import InvalidMailAddress, parse_address
from channels.email.body import slot
from channels.email.channel import Email
from channels.email.config import InvalidSmtpUrl, Sender, SmtpConfig
from channels.email.mail import InlineImage, Mail, MailTemplate
from channels.email.signature import DkimKey, InvalidDkimKey

__all__ = [
    "DkimKey",
    "Email",
    "InlineImage",
    "InvalidDkimKey",
    "InvalidMailAddress",
    "InvalidSmtpUrl",
    "Mail",
    "MailTemplate",
    "Sender",
    "SmtpConfig",
    "parse_address",
    "slot",
]
