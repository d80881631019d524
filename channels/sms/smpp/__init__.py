"""SMS over SMPP 3.4, as sold by carriers and resellers: the alternative to Twilio."""

from channels.sms.smpp.channel import Smpp
from channels.sms.smpp.config import SmppConfig
from channels.sms.smpp.incoming import Incoming
from channels.sms.smpp.receipts import Report

__all__ = ["Incoming", "Report", "Smpp", "SmppConfig"]
