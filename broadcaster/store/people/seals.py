"""How fields of people are sealed: names, guardians, places with their labels, and ids of a station's register."""

import struct
from collections.abc import Sequence

from broadcaster.domain.people import NewPlace
from broadcaster.domain.spelling import key
from broadcaster.store.engine.sealing import Vault

_POINT = struct.Struct("<dd")


def sealed_name(vault: Vault, token_hash: bytes, name: str | None) -> bytes | None:
    return vault.seal(name.encode(), b"name:" + token_hash) if name else None


def open_name(vault: Vault, token_hash: bytes, sealed: bytes | None) -> str | None:
    return vault.open(sealed, b"name:" + token_hash).decode() if sealed else None


def sealed_guardians(vault: Vault, token_hash: bytes, names: Sequence[str]) -> bytes | None:
    """Seal the names of a child's guardians, in order."""
    return vault.seal("\n".join(names).encode(), b"guardians:" + token_hash) if any(names) else None


def open_guardians(vault: Vault, token_hash: bytes, sealed: bytes | None) -> tuple[str, ...]:
    return () if sealed is None else tuple(vault.open(sealed, b"guardians:" + token_hash).decode().split("\n"))


def sealed_point(vault: Vault, subscriber_id: int, lon: float, lat: float, label: str = "") -> bytes:
    """Seal a point (WGS 84 degrees) and its label."""
    return vault.seal(_POINT.pack(lon, lat) + label.encode(), b"place:%d" % subscriber_id)


def open_point(vault: Vault, subscriber_id: int, sealed: bytes) -> tuple[float, float, str]:
    """Return (lon, lat, label)."""
    plain = vault.open(sealed, b"place:%d" % subscriber_id)
    lon, lat = _POINT.unpack_from(plain)
    return lon, lat, plain[_POINT.size :].decode()


def sealed_place(vault: Vault, subscriber_id: int, place: NewPlace) -> bytes:
    return sealed_point(vault, subscriber_id, place.lon, place.lat, place.label)


def open_place(vault: Vault, subscriber_id: int, sealed: bytes) -> NewPlace:
    lon, lat, label = open_point(vault, subscriber_id, sealed)
    return NewPlace(label, lon, lat)


def open_coordinates(vault: Vault, subscriber_ids: Sequence[int], sealed: Sequence[bytes]) -> bytes:
    """Return the points of these people, without labels: longitude and latitude of each, as ``<f8``."""
    contexts = [b"place:%d" % each for each in subscriber_ids]
    return b"".join([plain[: _POINT.size] for plain in vault.open_all(sealed, contexts)])


def external_mark(vault: Vault, station_id: int, external_id: str) -> bytes:
    """Return the blind index of an external id: some registers use phone numbers."""
    return vault.fingerprint(f"external {station_id}", key(external_id))


def sealed_external(vault: Vault, station_id: int, external_id: str | None) -> dict[str, bytes | None]:
    """Return the columns for an external id."""
    if external_id is None:
        return {"external_mark": None, "external": None}
    mark = external_mark(vault, station_id, external_id)
    return {"external_mark": mark, "external": vault.seal(external_id.encode(), b"external:" + mark)}


def open_external(vault: Vault, mark: bytes | None, sealed: bytes | None) -> str | None:
    return None if mark is None or sealed is None else vault.open(sealed, b"external:" + mark).decode()
