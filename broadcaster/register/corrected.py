"""Finds lines of a list that would undo what a station corrected because the person asked for it. Pure."""

from collections.abc import Iterable

from broadcaster.domain.corrections import Wanted
from broadcaster.domain.spelling import plain
from broadcaster.store.engine.sealing import Vault
from broadcaster.store.people.contacts import key_with
from broadcaster.store.register.listed import Edit, ListedPerson


def undoes(edit: Edit, held: ListedPerson, corrected: Iterable[Wanted], vault: Vault) -> bool:
    return any(_undoes(edit, held, each, vault) for each in corrected)


def _undoes(edit: Edit, held: ListedPerson, wanted: Wanted, vault: Vault) -> bool:
    renamed = bool(wanted.name) and edit.name is not None and plain(edit.name) != plain(wanted.name)
    moved = bool(wanted.address) and edit.address is not None and not edit.address.is_written(wanted.address)
    return renamed or moved or any(held.contacts.get(key_with(vault, each)) in edit.dropped for each in wanted.contacts)
