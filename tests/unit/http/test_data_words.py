"""What is kept of a person is said in words: no code of ours, in any language."""

from __future__ import annotations

import hashlib
from types import SimpleNamespace

import pytest

from broadcaster.domain import answers, consents
from broadcaster.domain.addresses import AddressState
from broadcaster.domain.deliveries import DeliveryState, PersonState
from broadcaster.domain.identity import IdentityLevel
from broadcaster.domain.people import ContactStatus
from broadcaster.domain.visits import Finding
from broadcaster.domain.vulnerable import Asker, Ground
from broadcaster.http.people.consents import agreed
from broadcaster.languages import LANGUAGES
from broadcaster.store.people import confirmations, trials
from broadcaster.web.i18n import catalogs
from broadcaster.web.resident.record_words import contact_states, fact

CODES = [
    ("address", "state", AddressState),
    ("code", "state", confirmations.State),
    ("trial", "state", trials.State),
    ("alert", "state", PersonState),
    ("message", "state", DeliveryState),
    ("answer", "way", answers.Way),
    ("consent", "way", consents.Way),
    ("identity", "level", IdentityLevel),
    ("visit", "found", Finding),
    ("vulnerable", "ground", Ground),
    ("vulnerable", "asker", Asker),
]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_has_its_words(language):
    words = catalogs().words(language)
    for kind, name, codes in CODES:
        for code in codes:
            value = code.value if isinstance(code, str) else getattr(code, "word", code.name.lower())
            said = fact(kind, name, value, words)
            assert said, (kind, code)
            own = {"sent", "failed", "waiting", "confirmed", "shown", "opened", "withdrawn"}
            assert said != value or (language == "en" and value in own), (kind, code)
    assert contact_states(words).keys() == {each.name.lower() for each in ContactStatus}
    assert fact("message", "code", "smtp:550", words) != "smtp:550", "a provider's code is said to be one"
    assert fact("code", "to", "+33612345678", words) == "06\u00a012\u00a034\u00a056\u00a078"
    assert fact("text", "text", "+33612345678 ?", words) == "+33612345678 ?", "what they wrote stays as it is"
    assert fact("address", "found", "safe", words) == "safe", "an address is not a finding"


def test_the_text_that_people_agree_to_has_a_new_version_when_it_changes():
    said = "\n".join(agreed(SimpleNamespace(name="X"), catalogs().words("en")))
    assert (consents.TEXT_VERSION, hashlib.sha256(said.encode()).hexdigest()[:8]) == ("1", "b303aabc")
