"""The settings: each that is wrong is named, with what to do; no secret is ever shown."""

from __future__ import annotations

import stat
import threading

import pytest

from broadcaster.app import open_bus
from broadcaster.config import Settings, load
from broadcaster.domain.refusals import located
from broadcaster.errors import BadSettings
from broadcaster.sending.providers import open_senders

SECRET = "s3cret-of-the-town-hall-0123456789abcdef"


def findings(environment):
    with pytest.raises(BadSettings) as caught:
        load(environment)
    return {each.field or "settings": located(each) for each in caught.value.findings}


def test_without_any_setting_it_is_embedded_on_loopback_and_all_is_sandboxed():
    settings = load({})
    assert (settings.host, settings.port, settings.embedded) == ("127.0.0.1", 8080, True)
    assert settings.url == "http://127.0.0.1:8080"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TOCSIN_PORT", "eighty"),
        ("TOCSIN_PORT", "65536"),
        ("TOCSIN_PORT", "-1"),
        ("TOCSIN_MARGIN_M", "-1"),
        ("TOCSIN_MARGIN_M", "nan"),
        ("TOCSIN_MARGIN_M", "inf"),
        ("TOCSIN_DEFAULT_EXPIRY_HOURS", "0"),
        ("TOCSIN_LOG_LEVEL", "loud"),
        ("TOCSIN_LOG_JSON", "perhaps"),
        ("TOCSIN_CURRENCY", "euro"),
        ("TOCSIN_SMS_PER_SECOND", "0"),
        ("TOCSIN_SMS_PER_SECOND", "nan"),
        ("TOCSIN_SMS_PER_SECOND", "inf"),
        ("TOCSIN_PUSH_CONCURRENCY", "0"),
        ("TOCSIN_PUBLIC_URL", "alerts.ville.example"),
        ("TOCSIN_PUBLIC_URL", "https://"),
        ("TOCSIN_PUBLIC_URL", "https://alertes-légende.example"),
        ("TOCSIN_PUBLIC_URL", "https://alerts.ville.example/?x=1"),
        ("TOCSIN_PUBLIC_URL", "https://alerts ville.example"),
        ("TOCSIN_PUBLIC_URL", "https://ville.example:port"),
        ("TOCSIN_SMTP_PASSWORD", "x"),
        ("TOCSIN_PROT", "8080"),
        ("TOCSIN_TWILIO_FROM_FILE", "/somewhere"),
    ],
)
def test_a_setting_that_is_wrong_is_named_with_what_is_wrong(name, value):
    found = findings({name: value})
    assert list(found) == [name]
    assert len(found[name]) > 10


def test_all_that_is_wrong_is_told_at_once():
    found = findings({"TOCSIN_PORT": "x", "TOCSIN_CURRENCY": "x", "TOCSIN_NOPE": "x", "TOCSIN_SMTP_URL_FILE": "/none"})
    assert set(found) == {"TOCSIN_PORT", "TOCSIN_CURRENCY", "TOCSIN_NOPE", "TOCSIN_SMTP_URL_FILE"}


@pytest.mark.parametrize(
    ("environment", "missing"),
    [
        ({"TOCSIN_VAPID_PRIVATE_KEY": "k"}, "TOCSIN_VAPID_SUBJECT"),
        ({"TOCSIN_TWILIO_ACCOUNT_SID": "AC1", "TOCSIN_TWILIO_FROM": "+331"}, "TOCSIN_TWILIO_AUTH_TOKEN"),
        ({"TOCSIN_TWILIO_ACCOUNT_SID": "AC1", "TOCSIN_TWILIO_AUTH_TOKEN": "t"}, "TOCSIN_TWILIO_FROM"),
    ],
)
def test_a_setting_that_another_needs_is_named(environment, missing):
    assert missing in str(findings(environment))


def test_what_is_set_empty_is_not_set():
    assert load(dict.fromkeys(("TOCSIN_PORT", "TOCSIN_SMTP_URL", "TOCSIN_SMTP_URL_FILE"), "")) == load({})


def test_what_is_not_ours_is_passed_over():
    assert load({"PATH": "/bin", "tocsin_port": "x", "TOCSIN_URL": "http://x", "TOCSIN_KEY": "tk_"}) == load({})


def secret_of(name):
    """A value of a setting that holds the secret: addresses of the stores are read at once."""
    urls = {"database_url": f"postgresql+asyncpg://u:{SECRET}@h/d", "redis_url": f"redis://:{SECRET}@h/0"}
    return urls.get(name, SECRET)


@pytest.mark.parametrize("name", ["secret_key", "smtp_url", "twilio_auth_token", "vapid_private_key", "database_url"])
def test_a_secret_can_be_read_from_a_file(tmp_path, name):
    path = tmp_path / "secret"
    path.write_text(f"{secret_of(name)}\n")
    settings = load({f"TOCSIN_{name.upper()}_FILE": str(path), "TOCSIN_VAPID_SUBJECT": "mailto:a@b.example"})
    assert getattr(settings, name).get_secret_value() == secret_of(name)


def test_every_secret_of_the_settings_can_be_read_from_a_file(tmp_path):
    path = tmp_path / "secret"
    for name, field in Settings.model_fields.items():
        if "SecretStr" in str(field.annotation):
            path.write_text(secret_of(name))
            given = {
                "TOCSIN_VAPID_SUBJECT": "mailto:a@b.example",
                "TOCSIN_DATABASE_URL": "postgresql://db.example/tocsin",
                "TOCSIN_SECRET_KEY": "00" * 32,
            }
            if name.endswith("client_secret"):
                of = name.removesuffix("client_secret").upper()
                given |= {f"TOCSIN_{of}ISSUER": "https://id.example", f"TOCSIN_{of}CLIENT_ID": "tocsin"}
            given.pop(f"TOCSIN_{name.upper()}", None)
            given[f"TOCSIN_{name.upper()}_FILE"] = str(path)
            assert getattr(load(given), name).get_secret_value() == secret_of(name)


@pytest.mark.parametrize(
    "order", [("TOCSIN_SMTP_URL", "TOCSIN_SMTP_URL_FILE"), ("TOCSIN_SMTP_URL_FILE", "TOCSIN_SMTP_URL")]
)
def test_the_file_goes_before_the_variable_whichever_comes_first(tmp_path, order):
    path = tmp_path / "secret"
    path.write_text("smtp://file")
    values = {"TOCSIN_SMTP_URL": "smtp://variable", "TOCSIN_SMTP_URL_FILE": str(path)}
    assert load({name: values[name] for name in order}).smtp_url.get_secret_value() == "smtp://file"


@pytest.mark.parametrize("kind", ["missing", "folder", "binary"])
def test_a_file_that_cannot_be_read_is_named_and_not_shown(tmp_path, kind):
    path = tmp_path / "secret"
    if kind == "folder":
        path.mkdir()
    elif kind == "binary":
        path.write_bytes(b"\xff\xfe" + SECRET.encode())
    found = findings({"TOCSIN_SMTP_URL_FILE": str(path)})
    assert list(found) == ["TOCSIN_SMTP_URL_FILE"]
    assert SECRET not in str(found)


def test_no_secret_is_shown_by_the_settings_themselves():
    settings = load(
        {
            "TOCSIN_SECRET_KEY": SECRET,
            "TOCSIN_SMTP_URL": f"smtp://u:{SECRET}@127.0.0.1",
            "TOCSIN_TWILIO_AUTH_TOKEN": SECRET,
            "TOCSIN_VAPID_PRIVATE_KEY": SECRET,
            "TOCSIN_VAPID_SUBJECT": "mailto:a@b.example",
            "TOCSIN_DATABASE_URL": f"postgresql://u:{SECRET}@127.0.0.1/t",
        }
    )
    assert SECRET not in repr(settings) + str(settings) + str(settings.model_dump()) + settings.model_dump_json()


@pytest.mark.parametrize(
    "environment",
    [
        {"TOCSIN_SMTP_URL": f"smtpx://u:{SECRET}@127.0.0.1"},
        {"TOCSIN_SMTP_URL": f"smtp://u:{SECRET}@127.0.0.1:notaport"},
        {"TOCSIN_SMTP_URL": f"smtp://u:{SECRET}"},
        {"TOCSIN_VAPID_PRIVATE_KEY": SECRET, "TOCSIN_VAPID_SUBJECT": "mailto:a@b.example"},
        {"TOCSIN_VAPID_PRIVATE_KEY": SECRET},
        {"TOCSIN_TWILIO_AUTH_TOKEN": SECRET, "TOCSIN_TWILIO_ACCOUNT_SID": "no", "TOCSIN_TWILIO_FROM": "?"},
    ],
)
def test_no_secret_is_shown_by_what_is_said_of_wrong_ones(environment):
    with pytest.raises(BadSettings) as caught:
        open_senders(load(environment))
    assert SECRET not in str(caught.value)
    assert all(each.field.startswith("TOCSIN_") for each in caught.value.findings)


@pytest.mark.parametrize(
    ("given", "opened"),
    [
        ("postgresql://u:p@h/d", "postgresql+asyncpg://u:p@h/d"),
        ("postgres://u:p@h/d", "postgresql+asyncpg://u:p@h/d"),
        (
            "postgresql://h/d?sslmode=require&application_name=tocsin",
            "postgresql+asyncpg://h/d?sslmode=require&application_name=tocsin",
        ),
        (
            "postgresql://one:5432,two:5433/d?target_session_attrs=read-write",
            "postgresql+asyncpg://one:5432,two:5433/d?target_session_attrs=read-write",
        ),
        ("postgresql://postgres@/d?host=/run/postgresql", "postgresql+asyncpg://postgres@/d?host=/run/postgresql"),
        ("postgresql://u@[::1]:5432/d", "postgresql+asyncpg://u@[::1]:5432/d"),
        ("sqlite:////tmp/x.db", "sqlite+aiosqlite:////tmp/x.db"),
        ("sqlite+aiosqlite:////tmp/x.db", "sqlite+aiosqlite:////tmp/x.db"),
    ],
)
def test_a_database_is_opened_with_an_async_driver(given, opened):
    settings = load({"TOCSIN_DATABASE_URL": given})
    assert settings.store_url == opened
    assert settings.embedded == given.startswith("sqlite")


def test_the_links_begin_with_the_public_address_without_its_last_slash():
    assert load({"TOCSIN_PUBLIC_URL": "https://alerts.ville.example/"}).url == "https://alerts.ville.example"
    assert load({"TOCSIN_PUBLIC_URL": "https://ville.example/tocsin"}).url == "https://ville.example/tocsin"


def test_an_address_of_ip_version_6_is_in_brackets_in_links():
    assert load({"TOCSIN_HOST": "::1"}).url == "http://[::1]:8080"
    assert load({"TOCSIN_PUBLIC_URL": "http://[::1]:9000"}).url == "http://[::1]:9000"


@pytest.mark.parametrize("text", ["https://a.example, https://b.example", "https://a.example https://b.example"])
def test_origins_are_split_at_commas_and_blanks(text):
    assert load({"TOCSIN_PUSH_ORIGINS": text}).push_origins == ("https://a.example", "https://b.example")


@pytest.mark.parametrize("short", ["abc", "00" * 31, "", "é" * 15, f"{SECRET},", f"{SECRET},short"])
def test_a_secret_key_that_is_too_short_is_refused_and_not_shown(tmp_path, short):
    settings = Settings(secret_key=short, data_dir=tmp_path)
    with pytest.raises(BadSettings) as caught:
        settings.sealing_secrets()
    assert caught.value.findings[0].field == "TOCSIN_SECRET_KEY"
    assert SECRET not in str(caught.value)


def test_several_secret_keys_are_read_newest_first(tmp_path):
    keys = Settings(secret_key=f"{'ab' * 32}, {SECRET}", data_dir=tmp_path).sealing_secrets()
    assert keys == [b"\xab" * 32, SECRET.encode()]


def test_a_secret_is_made_once_kept_and_readable_by_its_owner_only(tmp_path):
    settings = Settings(data_dir=tmp_path / "new" / "folder")
    first = settings.sealing_secrets()
    path = tmp_path / "new" / "folder" / "secret.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert settings.sealing_secrets() == first
    assert len(first[0]) == 32


def test_two_that_start_at_once_on_a_new_folder_get_the_same_secret(tmp_path):
    for n in range(20):
        settings = Settings(data_dir=tmp_path / str(n))
        start, found, failed = threading.Barrier(4), [], []

        def ask(settings=settings, start=start, found=found, failed=failed):
            start.wait()
            try:
                found.append(settings.sealing_secrets()[0])
            except Exception as error:  # noqa: BLE001  shown below
                failed.append(error)

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not failed
        assert len(set(found)) == 1


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("mysql://u:{}@h/d", "begins with mysql://"),
        ("host=h password={}", "begins with –"),
        ("postgresql://u:{}@h/d?sslmode=always", "no such sslmode"),
        ("postgresql://u:{}@h/d?connect_timeout=3", "?connect_timeout="),
        ("postgresql://u:{}@h/d?sslmode=verify-full&sslrootcert=/no/such.pem", "/no/such.pem"),
        ("postgresql://u:{}#x@h/d", "%23"),
        ("postgresql://u:{}@h:port/d", "host or port"),
    ],
)
def test_an_address_of_a_database_that_can_not_be_read_is_refused_in_a_sentence(given, says):
    told = findings({"TOCSIN_DATABASE_URL": given.format(SECRET)})["TOCSIN_DATABASE_URL"]
    assert says in told
    assert SECRET not in told


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("redis+sentinel://:{}@h:26379/mymaster", "can't read redis+sentinel://"),
        ("redis-cluster://:{}@h", "one server"),
        ("http://:{}@h", "begins with http://"),
        ("h:6379", "begins with –"),
        ("redis://:{}@h:port/0", "host or port"),
        ("rediss://:{}@h/0?ssl_ca_certs=/no/such.pem", "/no/such.pem"),
    ],
)
def test_an_address_of_a_bus_that_can_not_be_read_is_refused_in_a_sentence(given, says):
    told = findings(
        {
            "TOCSIN_REDIS_URL": given.format(SECRET),
            "TOCSIN_DATABASE_URL": "postgresql://h/d",
            "TOCSIN_SECRET_KEY": SECRET,
        }
    )["TOCSIN_REDIS_URL"]
    assert says in told
    assert SECRET not in told


@pytest.mark.parametrize("given", ["redis://h?what=1", "redis://h?db=first", "rediss://h?ssl_cert_reqs=perhaps"])
def test_what_the_bus_does_not_know_in_its_address_is_refused_in_a_sentence(given):
    settings = load({"TOCSIN_REDIS_URL": given, "TOCSIN_DATABASE_URL": "postgresql://h/d", "TOCSIN_SECRET_KEY": SECRET})
    with pytest.raises(BadSettings, match="TOCSIN_REDIS_URL: url-unusable"):
        open_bus(settings)


@pytest.mark.parametrize("given", ["redis://h", "rediss://:p@h:6380/1", "unix:///run/valkey.sock?db=1"])
def test_an_address_of_a_bus_is_read(given):
    settings = load({"TOCSIN_REDIS_URL": given, "TOCSIN_DATABASE_URL": "postgresql://h/d", "TOCSIN_SECRET_KEY": SECRET})
    assert open_bus(settings) is not None
