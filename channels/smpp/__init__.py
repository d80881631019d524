"""SMS over SMPP 3.4, as carriers and resellers sell it: the second road beside Twilio."""

from channels.smpp.channel import Smpp
from channels.smpp.config import InvalidSmppUrl, SmppConfig
from channels.smpp.receipts import Report

__all__ = ["InvalidSmppUrl", "Report", "Smpp", "SmppConfig"]
