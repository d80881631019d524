"""What people write by SMS is understood in their language."""

from __future__ import annotations

import pytest

from broadcaster.domain.alerts import Text
from broadcaster.domain.answers import HELP, RECEIVED, SAFE
from broadcaster.domain.texting import Command, choice_in, command_in
from broadcaster.languages import LANGUAGES, catalogs
from tests.contract.stores import an_alert

WRITTEN = {
    HELP: ["Au secours !", "HILFE", "ayuda!", "Ho bisogno di aiuto.", "hulp", "preciso de ajuda", "أحتاج إلى مساعدة"],
    SAFE: ["en sécurité", "In Sicherheit", "estoy a salvo", "al sicuro", "Veilig", "em segurança", "بأمان"],
    RECEIVED: ["Bien reçu", "Erhalten", "recibido", "ricevuto", "ontvangen", "recebido", "استلمت"],
}


@pytest.mark.parametrize("choice", WRITTEN)
def test_an_answer_is_understood_in_every_language_of_residents(choice):
    assert {each: choice_in(each, an_alert(1)) for each in WRITTEN[choice]} == dict.fromkeys(WRITTEN[choice], choice)


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_answer_may_be_written_as_the_button_says_it(language):
    words = catalogs().words(language)
    for choice, label in {HELP: "I need help", SAFE: "I am safe", RECEIVED: "Received"}.items():
        assert choice_in(words(label), an_alert(1)) == choice


def test_numbers_may_be_written_out_and_beside_words_that_mean_the_same():
    alert = an_alert(1)
    for each in ("2.", " Deux", "(2)", "n° 2", "réponse : 2", "2 - en sécurité", "zwei"):
        assert choice_in(each, alert) == SAFE, each
    for each in ("À l'aide !!", "a l’aide", "Aidez-moi", "3 à l'aide", "trois"):
        assert choice_in(each, alert) == HELP, each
    for each in ("2 enfants", "3 en sécurité", "2 3", "n", "22", "4", ""):
        assert choice_in(each, alert) is None, each


def test_words_of_an_own_question_go_before_its_numbers():
    asked = an_alert(1, texts={"fr": Text("Repas", question="Combien ?", answers=("Aucun", "Un", "Deux"))})
    assert [choice_in(each, asked) for each in ("deux", "2", "un", "3", "aucun")] == [3, 2, 2, 3, 1]


def test_stop_is_understood_too():
    for each in ("Stop", "arrêt", "STOPP", "baja", "stoppen", "إيقاف"):
        assert command_in(each) is Command.STOP, each
    assert command_in("Ist die Straße gesperrt?") is None
