# SPDX-License-Identifier: AGPL-3.0-or-later
"""The pool of chance hands every byte out once."""

import pytest

from permanence.kernel import system
from permanence.kernel.system import PooledEntropy


def test_no_byte_is_handed_out_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[bytes] = []

    def counted(size: int) -> bytes:
        start = sum(map(len, drawn))
        drawn.append(b"".join((start + place).to_bytes(1, "big") for place in range(size)))
        return drawn[-1]

    monkeypatch.setattr(system, "POOL_BYTES", 16)
    monkeypatch.setattr(system.os, "urandom", counted)
    entropy = PooledEntropy()
    tokens = [entropy.token(size) for size in (4, 10, 6, 40, 1, 0, 16, 3)]
    assert [len(token) for token in tokens] == [4, 10, 6, 40, 1, 0, 16, 3]
    handed = b"".join(tokens)
    assert len(set(handed)) == len(handed)
