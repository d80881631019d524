"""The key table is a dict, only smaller."""

from __future__ import annotations

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from zones.keytable import MISSING, KeyTable

some = st.lists(st.integers(-40, 40) | st.integers(-(2**63), 2**63 - 1), max_size=300, unique=True)


class TableAndDict(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.table, self.model, self.next = KeyTable(), {}, 0

    @rule(keys=some)
    def put(self, keys):
        slots = np.arange(self.next, self.next + len(keys), dtype=np.int32)
        self.next += len(keys)
        self.table.put(np.array(keys, dtype=np.int64), slots)
        self.model.update(zip(keys, slots.tolist(), strict=True))

    @rule(keys=some)
    def remove(self, keys):
        self.table.remove(np.array(keys, dtype=np.int64))
        for key in keys:
            self.model.pop(key, None)

    @rule(keys=some)
    def find(self, keys):
        expected = [self.model.get(key, MISSING) for key in keys]
        assert self.table.find(np.array(keys, dtype=np.int64)).tolist() == expected
        assert [self.table.find_one(key) for key in keys[:20]] == expected[:20]

    @invariant()
    def holds_all(self):
        assert len(self.table) == len(self.model)
        known = np.array(list(self.model), dtype=np.int64)
        assert self.table.find(known).tolist() == list(self.model.values())


TableAndDict.TestCase.settings = settings(max_examples=50, stateful_step_count=20)
TestTableAndDict = TableAndDict.TestCase


def test_a_million_keys_take_less_than_60_bytes_each_and_removing_them_leaves_no_mire():
    table = KeyTable()
    keys = np.arange(1_000_000, dtype=np.int64) * 3
    table.put(keys, np.arange(1_000_000, dtype=np.int32))
    assert table.nbytes < 60 * len(keys)
    for _ in range(5):
        table.remove(keys[:100_000])
        table.put(keys[:100_000], np.arange(100_000, dtype=np.int32))
    assert (table.find(keys) == np.arange(1_000_000)).all()
    assert table.nbytes < 60 * len(keys)
