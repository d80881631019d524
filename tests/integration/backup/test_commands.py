"""``tocsin backup`` and ``tocsin restore`` as a person runs them: sentences, exit codes, where the secret is."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import zipfile

import pytest
from click.testing import CliRunner

from broadcaster import config
from broadcaster.app import open_store
from broadcaster.backup import erasures
from broadcaster.cli import main
from broadcaster.store.people import profiles
from tests.contract.stores import SECRET, add_station, register, resident
from tests.servers.town import Town


def tocsin(*words, data, **settings):
    """Run it, in this process; give (exit code, what it said on both streams)."""
    own = {"TOCSIN_DATA_DIR": str(data)} | {f"TOCSIN_{name.upper()}": str(each) for name, each in settings.items()}
    nothing = {name: None for name in os.environ if name.startswith("TOCSIN_")}
    done = CliRunner().invoke(main, [str(word) for word in words], env=nothing | own)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exc_info
    return done.exit_code, " ".join(done.output.split())


@pytest.fixture(scope="module")
def one_lived_in(tmp_path_factory):
    """A data folder with one station and one person."""
    data = tmp_path_factory.mktemp("one") / "lived in"
    assert tocsin("migrate", data=data)[0] == 0

    async def settle():
        store = open_store(config.load({"TOCSIN_DATA_DIR": str(data)}))
        async with store.write() as unit:
            station = await add_station(unit, "laigle")
            await register(unit, station.id, resident(name="Zoé", at=(0.63, 48.76), external_id="R1"))
        await store.close()

    asyncio.run(settle())
    return data


@pytest.fixture
def lived_in(one_lived_in, tmp_path):
    """A copy of it."""
    return shutil.copytree(one_lived_in, tmp_path / "lived in")


def name_of_one(data, **settings):
    async def look():
        own = {f"TOCSIN_{name.upper()}": str(each) for name, each in settings.items()}
        store = open_store(config.load({"TOCSIN_DATA_DIR": str(data)} | own))
        async with store.read() as unit:
            profile = await profiles.read(unit, 1)
        await store.close()
        return profile and profile.name

    return asyncio.run(look())


def test_a_backup_and_its_key_make_a_new_machine(lived_in, tmp_path):
    code, said = tocsin("backup", tmp_path / "b.zip", "--with-key", data=lived_in)
    assert code == 0, said
    assert "THE SECRET. With both files every number" in said
    assert (tmp_path / "b.zip.key").stat().st_mode & 0o777 == 0o600
    new = tmp_path / "new"
    code, said = tocsin("restore", tmp_path / "b.zip", "--key", tmp_path / "b.zip.key", data=new)
    assert (code, "restored 1 station, 1 subscriber" in said) == (0, True), said
    assert name_of_one(new) == "Zoé"
    assert (new / "secret.key").read_text() == (lived_in / "secret.key").read_text()
    assert (new / "secret.key").stat().st_mode & 0o777 == 0o600


def test_a_backup_alone_says_loudly_that_the_secret_is_not_in_it(lived_in, tmp_path):
    code, said = tocsin("backup", tmp_path / "b.zip", data=lived_in)
    assert (code, f"THE SECRET IS NOT IN IT: keep {lived_in / 'secret.key'}" in said) == (0, True), said
    assert not (tmp_path / "b.zip.key").exists()


def test_without_the_secret_nothing_is_restored_and_none_is_made_up(lived_in, tmp_path):
    tocsin("backup", tmp_path / "b.zip", data=lived_in)
    code, said = tocsin("restore", tmp_path / "b.zip", data=tmp_path / "new")
    assert (code, "the secret that the backup was taken with is needed" in said) == (2, True), said
    assert not (tmp_path / "new" / "secret.key").exists()


def test_with_another_secret_nothing_is_restored(lived_in, tmp_path):
    tocsin("backup", tmp_path / "b.zip", data=lived_in)
    code, said = tocsin("restore", tmp_path / "b.zip", data=tmp_path / "new", secret_key=SECRET.hex())
    assert (code, "TOCSIN_SECRET_KEY" in said) == (1, True), said
    assert tocsin("restore", tmp_path / "b.zip", "--key", lived_in / "secret.key", data=tmp_path / "new")[0] == 0


def test_a_key_beside_another_that_the_settings_hold_is_refused(lived_in, tmp_path):
    tocsin("backup", tmp_path / "b.zip", "--with-key", data=lived_in)
    key = tmp_path / "b.zip.key"
    code, said = tocsin("restore", tmp_path / "b.zip", "--key", key, data=tmp_path / "n", secret_key=SECRET.hex())
    assert (code, "holds another secret" in said) == (2, True), said


def test_a_restore_needs_force_on_a_full_database_and_a_flag_for_a_removed_station(lived_in, tmp_path):
    tocsin("backup", tmp_path / "b.zip", data=lived_in)
    code, said = tocsin("restore", tmp_path / "b.zip", data=lived_in)
    assert (code, "The database is not empty" in said, "1 stations" in said) == (2, True, True), said
    assert tocsin("station", "remove", "laigle", "--yes", data=lived_in)[0] == 0
    code, said = tocsin("restore", tmp_path / "b.zip", "--force", data=lived_in)
    assert (code, "1 station removed after the backup was removed again" in said) == (0, True), said
    assert name_of_one(lived_in) is None
    asyncio.run(keep_erasures(lived_in))
    for ways in (["--keep-stations"], []):
        assert tocsin("restore", tmp_path / "b.zip", "--force", *ways, data=lived_in)[0] == 0
        assert name_of_one(lived_in) == "Zoé", "no later restore removes it again"


async def keep_erasures(data):
    store = open_store(config.load({"TOCSIN_DATA_DIR": str(data)}))
    assert erasures.write(data / erasures.FILE, await store.run_read(erasures.read))
    await store.close()


def test_a_file_that_is_there_is_not_written_over(lived_in, tmp_path):
    (tmp_path / "b.zip").write_text("dear to somebody")
    code, said = tocsin("backup", tmp_path / "b.zip", data=lived_in)
    assert (code, "is there already" in said) == (2, True), said
    assert (tmp_path / "b.zip").read_text() == "dear to somebody"


def test_a_database_that_was_never_made_can_not_be_backed_up(tmp_path):
    code, said = tocsin("backup", tmp_path / "b.zip", data=tmp_path / "new")
    assert (code, "run `tocsin migrate` first" in said) == (2, True), said
    assert not (tmp_path / "b.zip").exists()


def test_a_folder_that_is_not_there_is_said_in_a_sentence(lived_in, tmp_path):
    code, said = tocsin("backup", tmp_path / "nowhere" / "b.zip", data=lived_in)
    assert (code, "No such file or directory" in said) == (1, True), said


def cut(path):
    path.write_bytes(path.read_bytes()[:-100])


def rewrite(path, name, change):
    with zipfile.ZipFile(path) as file:
        members = {each: file.read(each) for each in file.namelist()}
    members[name] = change(members[name])
    with zipfile.ZipFile(path, "w") as file:
        for each, whole in members.items():
            if whole is not None:
                file.writestr(each, whole)


def change_manifest(**changes):
    return lambda path: rewrite(path, "manifest.json", lambda whole: json.dumps({**json.loads(whole), **changes}))


WRONG = {
    "no archive": (lambda path: path.write_bytes(b"x" * 500), "is no backup of Tocsin"),
    "cut short": (cut, "only the beginning of one"),
    "another zip": (lambda path: rewrite(path, "manifest.json", lambda _: None), "it has no manifest"),
    "another manifest": (lambda path: rewrite(path, "manifest.json", lambda _: b"[]"), "it has no manifest"),
    "a row taken out": (
        lambda path: rewrite(path, "tables/subscribers.jsonl", lambda _: b""),
        "was altered (subscribers)",
    ),
    "a row changed": (
        lambda path: rewrite(path, "tables/stations.jsonl", lambda whole: whole.replace(b"laigle", b"l'aigl")),
        "was altered (stations)",
    ),
    "a table taken out": (lambda path: rewrite(path, "tables/places.jsonl", lambda _: None), "was altered (places)"),
    "a manifest that was changed": (change_manifest(numbering={}), "was altered (manifest.json)"),
    "a manifest without its key": (change_manifest(key=None), "was altered (manifest.json)"),
    "a manifest without tables": (change_manifest(tables=None), "was altered (manifest.json)"),
    "a later format": (change_manifest(format=9), "has the format 9"),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_a_file_that_is_damaged_or_altered_is_refused_and_touches_nothing(lived_in, tmp_path, what):
    spoil, told = WRONG[what]
    tocsin("backup", tmp_path / "b.zip", data=lived_in)
    spoil(tmp_path / "b.zip")
    code, said = tocsin("restore", tmp_path / "b.zip", "--force", data=lived_in)
    assert (code, told in said) == (2, True), said
    assert name_of_one(lived_in) == "Zoé"


@pytest.mark.parametrize(
    ("migration", "told"), [("9999", "ends at"), ("0074", "begins at 0075: restore it with an older version")]
)
def test_one_of_a_later_version_or_from_before_the_first_migration_is_refused(lived_in, tmp_path, migration, told):
    tocsin("backup", tmp_path / "b.zip", data=lived_in)
    with zipfile.ZipFile(tmp_path / "b.zip") as file:
        body = json.loads(file.read("manifest.json"))
    vault = open_store(config.load({"TOCSIN_DATA_DIR": str(lived_in)})).vault
    del body["signature"]
    body |= {"migration": migration, "version": "7.0"}
    body["signature"] = vault.fingerprint("backup manifest", json.dumps(body, sort_keys=True)).hex()
    rewrite(tmp_path / "b.zip", "manifest.json", lambda _: json.dumps(body))
    code, said = tocsin("restore", tmp_path / "b.zip", "--force", data=lived_in)
    assert (code, f"has the shape {migration}, of Tocsin 7.0, and this version {told}" in said) == (2, True), said
    assert name_of_one(lived_in) == "Zoé"


async def test_a_service_that_runs_is_backed_up_and_not_restored_over(tmp_path):
    async with Town(tmp_path / "town") as town:
        await town.settle(town.resident("email"))
        async with town.process():
            data = town.data_dir
            code, said = await asyncio.to_thread(tocsin, "backup", tmp_path / "b.zip", data=data)
            assert code == 0, said
            code, said = await asyncio.to_thread(tocsin, "restore", tmp_path / "b.zip", "--force", data=data)
            assert (code, "stop it first" in said) == (2, True), said


def test_a_postgresql_that_a_service_leads_on_is_not_restored_over(lived_in, tmp_path, postgres):
    tocsin("backup", tmp_path / "b.zip", data=lived_in)
    url = postgres.fresh()
    assert tocsin("restore", tmp_path / "b.zip", data=lived_in, database_url=url)[0] == 0
    assert name_of_one(lived_in, database_url=url) == "Zoé"
    lead = "INSERT INTO leases VALUES ('scheduler', 'x', (extract(epoch FROM now()) * 1000000)::bigint + {})"
    postgres.psql(lead.format(60_000_000), url)
    code, said = tocsin("restore", tmp_path / "b.zip", "--force", data=lived_in, database_url=url)
    assert (code, "A service works on this database" in said) == (2, True), said
    postgres.psql("UPDATE leases SET until = until - 120000000", url)
    assert tocsin("restore", tmp_path / "b.zip", "--force", data=lived_in, database_url=url)[0] == 0


def test_a_postgresql_that_is_away_is_said_to_be(lived_in, tmp_path):
    tocsin("backup", tmp_path / "b.zip", data=lived_in)
    url = f"postgresql://postgres@/x?host={tmp_path}"
    code, said = tocsin("restore", tmp_path / "b.zip", data=lived_in, database_url=url)
    assert (code, "the database does not answer" in said) == (5, True), said
