"""People's answers to an alert, for its live page and its report."""

from typing import Any

from broadcaster.domain.answers import choice_of, offered
from broadcaster.domain.stations import Station
from broadcaster.pipeline.render.replies import counted
from broadcaster.web.console.alerts.live_facts import Facts
from broadcaster.web.i18n import Words


def answers_of(facts: Facts, station: Station, words: Words) -> dict[str, Any]:
    """Return the answers that the alert offers or got, each with its number of people."""
    alert, given = facts.alert, {choice_of(word): n for word, n in facts.report.answers.items()}
    choices = dict.fromkeys([*offered(alert, helps=False), *given]) if given or alert.own_answers else {}
    return {
        "question": alert.question_in(words.language, station.languages[0])[0],
        "answers": [(counted(alert, station, words, each), given.get(each, 0)) for each in choices if each is not None],
        "helping": facts.report.help if facts.report.help.asked else None,
        "station_slug": station.slug,
    }
