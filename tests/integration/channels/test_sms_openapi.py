"""Our requests, and our local server's answers, against Twilio's own OpenAPI file."""

from __future__ import annotations

import json
import shutil
from collections import defaultdict
from urllib.parse import parse_qsl

import aiohttp
import jsonschema_rs
import pytest

from channels.sms import Sms, SmsMessage
from channels.twilio import TwilioAccount
from channels.voice import Voice, VoiceMessage
from tests.servers.fetch_twilio_openapi import FILE
from tests.servers.twilio import ACCOUNT_SID, AUTH_TOKEN, TwilioServer

ROOT = "/2010-04-01/Accounts/{AccountSid}"
CALLBACK = "https://tocsin.example/hooks/twilio/status?d=1"
NUMBER = "+33644640001"
RECEIVER = "+33639980001"
CASTS = {"integer": int, "number": float, "boolean": {"true": True, "false": False}.__getitem__}


@pytest.fixture(scope="module")
def openapi():
    if not FILE.exists():
        if shutil.which("npm") is None:
            pytest.skip("npm is not here to fetch Twilio's OpenAPI file")
        pytest.fail("run `python tests/servers/fetch_twilio_openapi.py` first")
    return json.loads(FILE.read_bytes())


def as_json_schema(openapi, schema):
    """OpenAPI 3.0's dialect as JSON Schema: references resolved, nullable spelt out, Twilio's own formats dropped."""
    if "$ref" in schema:
        schema = openapi["components"]["schemas"][schema["$ref"].rpartition("/")[2]] | {
            key: value for key, value in schema.items() if key != "$ref"
        }
    kept = {
        key: schema[key] for key in ("type", "enum", "pattern", "minLength", "maxLength", "required") if key in schema
    }
    if "properties" in schema:
        kept["properties"] = {name: as_json_schema(openapi, part) for name, part in schema["properties"].items()}
    if "items" in schema:
        kept["items"] = as_json_schema(openapi, schema["items"])
    return {"anyOf": [kept, {"type": "null"}]} if schema.get("nullable") else kept


def operation(openapi, path):
    return next(
        op["post"] for template, op in openapi["paths"].items() if template.replace("{AccountSid}", ACCOUNT_SID) == path
    )


def form_problems(openapi, path, body):
    """Every name that Twilio does not know, and every value it would not take."""
    content = operation(openapi, path)["requestBody"]["content"]["application/x-www-form-urlencoded"]
    schema = as_json_schema(openapi, content["schema"]) | {"additionalProperties": False}
    values = defaultdict(list)
    for name, value in parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=True):
        values[name].append(value)
    document = {}
    for name, given in values.items():
        kind = schema["properties"].get(name, {}).get("type")
        document[name] = given if kind == "array" or len(given) > 1 else CASTS.get(kind, str)(given[0])
    return [error.message for error in jsonschema_rs.validator_for(schema).iter_errors(document)]


async def sent(kind, message, sender=NUMBER):
    async with TwilioServer() as twilio:
        channel = kind(TwilioAccount(ACCOUNT_SID, AUTH_TOKEN, sender, twilio.url))
        await channel.send(message, RECEIVER)
        await channel.close()
        [(_, path, _, body)] = twilio.requests
        return path, body


@pytest.mark.parametrize("sender", [NUMBER, "36180", "LAIGLE", "MG" + "7b" * 16])
async def test_an_sms_is_a_request_that_twilio_describes(openapi, sender):
    path, body = await sent(Sms, SmsMessage("Crue ç 😀", CALLBACK, 600), sender)
    assert form_problems(openapi, path, body) == []


async def test_a_call_is_a_request_that_twilio_describes(openapi):
    message = VoiceMessage("Crue.", "fr-FR", "Appuyez sur 1.", gather_url=CALLBACK, status_callback=CALLBACK)
    path, body = await sent(Voice, message)
    assert form_problems(openapi, path, body) == []


@pytest.mark.parametrize(
    "wrong", [b"Body=x", b"To=%2B33&SmartEncode=true", b"To=%2B33&ValidityPeriod=4&ValidityPeriod=5"]
)
def test_the_check_itself_finds_what_is_wrong(openapi, wrong):
    assert len(form_problems(openapi, ROOT.replace("{AccountSid}", ACCOUNT_SID) + "/Messages.json", wrong)) == 1


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("Messages", {"To": RECEIVER, "From": NUMBER, "Body": "Crue"}),
        ("Messages", {"To": RECEIVER, "MessagingServiceSid": "MG" + "7b" * 16, "Body": "Crue"}),
        ("Calls", {"To": RECEIVER, "From": NUMBER, "Twiml": "<Response/>"}),
    ],
)
async def test_our_local_server_answers_as_twilio_describes(openapi, name, form):
    async with TwilioServer() as twilio, aiohttp.ClientSession() as session:
        headers = {"Authorization": aiohttp.encode_basic_auth(ACCOUNT_SID, AUTH_TOKEN)}
        path = f"/2010-04-01/Accounts/{ACCOUNT_SID}/{name}.json"
        async with session.post(twilio.url + path, data=form, headers=headers) as response:
            document = await response.json()
    schema = as_json_schema(
        openapi, operation(openapi, path)["responses"]["201"]["content"]["application/json"]["schema"]
    ) | {"additionalProperties": False}
    schema["required"] = list(schema["properties"])
    assert [error.message for error in jsonschema_rs.validator_for(schema).iter_errors(document)] == []
