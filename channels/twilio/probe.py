"""Check Twilio without sending: is the account active and funded, and does it own the sender?"""

from decimal import Decimal, InvalidOperation
from typing import Any, Literal
from urllib.parse import urlencode

from channels.base import Finding
from channels.errors import ChannelError
from channels.twilio.account import TwilioAccount
from channels.twilio.rest import TwilioRest

Use = Literal["sms", "voice"]


async def probe_account(account: TwilioAccount, rest: TwilioRest, use: Use) -> list[Finding]:
    """Return findings about account, balance and sender; never raises."""
    root = f"/2010-04-01/Accounts/{account.account_sid}"
    try:
        document = (await rest.get(f"{root}.json")).document
    except ChannelError as error:
        return [Finding("error", f"{use}: Twilio does not answer as it should", f"{error.code}: {error.detail}")]
    findings = [_status(use, document)]
    if document.get("type") == "Trial":
        findings.append(
            Finding(
                "warning", f"{use}: a trial account reaches verified numbers only", "upgrade it in Twilio's console"
            )
        )
    for ask in (_balance, _sender):
        try:
            findings += await ask(account, rest, use)
        except ChannelError as error:
            findings.append(
                Finding("warning", f"{use}: a detail could not be looked up", f"{error.code}: {error.detail}")
            )
    return findings


def _status(use: Use, document: dict[str, Any]) -> Finding:
    status = document.get("status")
    if status == "active":
        return Finding("ok", f"{use}: the Twilio account is active")
    if isinstance(status, str):
        return Finding("error", f"{use}: the Twilio account is {status}", "see the console: nothing is sent until then")
    return Finding("error", f"{use}: what answers is not Twilio's API", "is the base URL right?")


async def _balance(account: TwilioAccount, rest: TwilioRest, use: Use) -> list[Finding]:
    document = (await rest.get(f"/2010-04-01/Accounts/{account.account_sid}/Balance.json")).document
    try:
        balance = Decimal(str(document.get("balance")))
    except InvalidOperation:
        return []
    said = f"{use}: the balance is {balance} {document.get('currency', '')}".rstrip()
    if balance <= 0:
        return [Finding("error", said, "Twilio sends nothing on credit: recharge the account in the console")]
    return [Finding("ok", said)]


async def _sender(account: TwilioAccount, rest: TwilioRest, use: Use) -> list[Finding]:
    root = f"/2010-04-01/Accounts/{account.account_sid}"
    match account.sender_kind:
        case "alphanumeric":
            return [
                Finding(
                    "warning",
                    f"{use}: the sender {account.sender} is a name: nobody can answer it STOP",
                    "each message must carry a link to opt out",
                )
            ]
        case "messaging service":
            document = (await rest.get(f"/v1/Services/{account.sender}", "messaging")).document
            return [Finding("ok", f"{use}: the Messaging Service is {document.get('friendly_name')!r}")]
        case "short code":
            query = urlencode({"ShortCode": account.sender})
            document = (await rest.get(f"{root}/SMS/ShortCodes.json?{query}")).document
            return [_owned(use, account, document.get("short_codes"))]
        case "number":
            query = urlencode({"PhoneNumber": account.sender})
            document = (await rest.get(f"{root}/IncomingPhoneNumbers.json?{query}")).document
            return [_owned(use, account, document.get("incoming_phone_numbers"))]


def _owned(use: Use, account: TwilioAccount, rows: object) -> Finding:
    first = rows[0] if isinstance(rows, list) and rows else None
    if not isinstance(first, dict):
        said = f"{use}: the sender {account.sender} is not a number of this account"
        if use == "voice":  # a verified caller id may call, but is listed elsewhere
            return Finding("warning", said, "fine if it is a verified caller id; else buy or port it")
        return Finding("error", said, "buy or port it, or set another sender")
    capabilities = first.get("capabilities")
    if isinstance(capabilities, dict) and not capabilities.get(use, True):
        return Finding("error", f"{use}: the sender {account.sender} can't do {use}", "set another sender")
    return Finding("ok", f"{use}: the sender {account.sender} belongs to the account")
