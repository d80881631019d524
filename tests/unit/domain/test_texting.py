"""What people write by SMS is understood in their language."""

from __future__ import annotations

import pytest

from broadcaster.domain.answers import HELP, RECEIVED, SAFE
from broadcaster.domain.texting import Command, choice_in, command_in
from tests.contract.stores import an_alert

WRITTEN = {
    HELP: ["Au secours !", "HILFE", "ayuda!", "Ho bisogno di aiuto.", "hulp", "preciso de ajuda", "أحتاج إلى مساعدة"],
    SAFE: ["en sécurité", "In Sicherheit", "estoy a salvo", "al sicuro", "Veilig", "em segurança", "بأمان"],
    RECEIVED: ["Bien reçu", "Erhalten", "recibido", "ricevuto", "ontvangen", "recebido", "استلمت"],
}


@pytest.mark.parametrize("choice", WRITTEN)
def test_an_answer_is_understood_in_every_language_of_residents(choice):
    assert {each: choice_in(each, an_alert(1)) for each in WRITTEN[choice]} == dict.fromkeys(WRITTEN[choice], choice)


def test_stop_is_understood_too():
    for each in ("Stop", "arrêt", "STOPP", "baja", "stoppen", "إيقاف"):
        assert command_in(each) is Command.STOP, each
    assert command_in("Ist die Straße gesperrt?") is None
