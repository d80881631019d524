"""What is wrong with a draft is told field by field, in the words of whoever writes it."""

from __future__ import annotations

import pytest

from broadcaster.domain.refusal_sentences import SENTENCES
from tests.integration.http.conftest import circle
from tests.integration.http.test_compose import draft

CIRCLE = {"lon": 0.63, "lat": 48.76, "radius_m": 500}
BOW_TIE = {
    "type": "Polygon",
    "coordinates": [[[0.62, 48.75], [0.64, 48.77], [0.64, 48.75], [0.62, 48.77], [0.62, 48.75]]],
}

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"texts": {"fr": {"headline": "x" * 500}}}, "texts.fr.headline", "Trop long de 340 caractères"),
        ({"texts": {"fr": {"headline": "🌊🌊"}}}, "texts.fr.headline", "Des signes seuls ne disent rien"),
        ({"texts": {"fr": {"headline": "Vu [lieu]"}}}, "texts.fr.headline", "Il reste à remplir : [lieu]"),
        ({"texts": {}}, "headline", "Écrivez au moins le titre"),
        ({"area": None}, "area", "Montrez sur la carte"),
        ({"area": circle(200)}, "area.circles[0].radius_m", "son rayon va de 300 à"),
        ({"area": circle(lon=2.35, lat=48.85)}, "area.circles[0]", "hors du territoire de la station"),
        ({"area": circle(lon=0.70, lat=48.76)}, "area.circles[0]", "Cela dépasse de 501 m le territoire"),
        ({"channels": []}, "channels", "Choisissez-en au moins 1"),
        ({"severity": "minor", "audience": {"kind": "everyone"}}, "audience", "que si le danger est grave"),
        ({"audience": {"kind": "groups"}}, "audience.groups", "Choisissez au moins un groupe"),
        ({"expires": "2020-01-01T00:00:00Z"}, "expires", "Cette heure est déjà passée"),
        (
            {"expires": "2029-01-01T00:00:00Z", "onset": "2029-01-02T00:00:00Z"},
            "expires",
            "Au plus 30 jours à l’avance",
        ),
        ({"onset": "2029-01-02T00:00:00Z"}, "onset", "Le début doit être avant la fin."),
        ({"area": {"circles": [CIRCLE] * 200}}, "area.circles", "200 cercles, c’est trop : 50 au plus."),
        ({"area": {"circles": [{**CIRCLE, "lon": 200}]}}, "area.circles[0].lon", "une longitude va de -180 à 180"),
        ({"area": {"polygons": BOW_TIE}}, "area.polygons.coordinates", "Le contour se croise lui-même près de"),
        ({"area": {"polygons": {"type": "Point", "coordinates": [0, 0]}}}, "area.polygons.type", "n’est pas une zone"),
        ({"audience": {"kind": "groups", "groups": ["nope"]}}, "audience.groups", "pas de groupe « nope »"),
        ({"severity": "awful"}, "severity", "Cette valeur est inconnue ici"),
        ({"colour": "red"}, "colour", "Ce champ n’existe pas ici"),
    ],
)
async def test_what_is_wrong_is_told_by_field_in_the_writers_words(refusing, changes, field, sentence):
    mine = await refusing.sign_in("laigle-publish")
    headers = {"Idempotency-Key": "wrong"}
    status, _, told = await refusing.call(
        "POST", "/console/send?lang=fr", draft(**changes), key=None, headers={**mine, **headers}
    )
    assert status == 422, told
    found = {each["field"]: each["problem"].replace("\u202f", " ") for each in told["errors"]}
    assert sentence in found[field]
    assert all(each["code"] in SENTENCES for each in told["errors"])
    assert (await refusing.counts())["alerts"] == 0


async def test_the_preview_names_problems_and_shows_what_is_valid(refusing):
    mine = await refusing.sign_in("laigle-publish")
    texts = {"fr": {"headline": "x" * 500}, "en": {"headline": "Flood", "description": "🌊"}}
    status, _, told = await refusing.call(
        "POST", "/console/preview?lang=en", draft(texts=texts, area=...), key=None, headers=mine
    )
    assert status == 200
    assert {each["field"] for each in told["findings"]} == {"texts.fr.headline", "texts.en.description"}
    assert list(told["languages"]) == ["en"]
    assert told["languages"]["en"]["push"]["title"] == "Flood"
