"""The addresses of both stores as people write them, opened; and TLS to both."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from broadcaster import config
from broadcaster.app import open_bus, open_store
from broadcaster.bus import BusUnavailable
from broadcaster.store import StoreUnavailable
from tests.servers import tls_stores
from tests.servers.tls_stores import TlsPostgres, TlsRedis

KEY = {"TOCSIN_SECRET_KEY": "5a" * 32}


async def asked(url, sql):
    store = open_store(config.load({"TOCSIN_DATABASE_URL": url, **KEY}))
    try:
        async with store.read() as unit:
            return await unit.conn.scalar(text(sql))
    finally:
        await store.close()


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+asyncpg"])
async def test_postgresql_is_opened_by_each_of_its_names_and_is_told_who_calls(postgres, scheme):
    url = postgres.fresh().replace("postgresql://", f"{scheme}://", 1) + "&application_name=tocsin%20web&sslmode=prefer"
    assert await asked(url, "SELECT current_setting('application_name')") == "tocsin web"


async def test_a_server_without_tls_is_away_for_who_requires_it(postgres):
    url = "postgresql://postgres@127.0.0.1:9/postgres?sslmode=require"  # nothing listens there
    with pytest.raises(StoreUnavailable):
        await asked(url, "SELECT 1")


@pytest.mark.skipif(tls_stores.POSTGRES is None, reason="Debian's postgresql is not installed")
async def test_tls_to_postgresql_is_required_or_verified_as_the_address_says():
    told = "SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
    async with TlsPostgres() as server:
        base = f"postgresql://postgres@localhost:{server.port}/postgres?sslmode="
        assert await asked(base + "require", told) == "TLSv1.3"
        assert await asked(f"{base}verify-full&sslrootcert={server.trusted}", told) == "TLSv1.3"
        with pytest.raises(StoreUnavailable):
            await asked(base + "disable", told)
        with pytest.raises(StoreUnavailable, match="certificate"):
            await asked(f"{base}verify-full&sslrootcert=/etc/ssl/certs/ca-certificates.crt", told)


@pytest.mark.skipif(tls_stores.REDIS is None, reason="Debian's redis-server is not installed")
async def test_tls_to_redis_is_verified_with_the_authority_that_the_address_names():
    async with TlsRedis() as server:

        async def ping(query):
            url = f"rediss://localhost:{server.port}/0{query}"
            bus = open_bus(config.load({"TOCSIN_REDIS_URL": url, "TOCSIN_DATABASE_URL": "postgresql://h/d", **KEY}))
            try:
                await bus.ping()
            finally:
                await bus.close()

        await ping(f"?ssl_ca_certs={server.trusted}")
        with pytest.raises(BusUnavailable, match="certificate"):
            await ping("")
