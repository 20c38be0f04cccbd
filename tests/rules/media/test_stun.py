# SPDX-License-Identifier: AGPL-3.0-or-later
"""STUN against the test vectors of RFC 5769 and against itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from permanence.telephony.media import stun

# RFC 5769 section 2.1: sample request, short-term credentials.
REQUEST = bytes.fromhex(
    "000100582112a442b7e7a701bc34d686fa87dfae802200105354554e207465737420636c69656e74002400046e0001ff"
    "80290008932ff9b151263b36000600096576746a3a68367659202020000800149aeaa70cbfd8cb56781ef2b5b2d3f249"
    "c1b571a280280004e57a3bcf"
)
# RFC 5769 section 2.2: sample IPv4 response.
RESPONSE_IPV4 = bytes.fromhex(
    "0101003c2112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220002000080001a147e112a643"
    "000800142b91f599fd9e90c38c7489f92af9ba53f06be7d780280004c07d4c96"
)
# RFC 5769 section 2.3: sample IPv6 response.
RESPONSE_IPV6 = bytes.fromhex(
    "010100482112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220002000140002a147"
    "0113a9faa5d3f179bc25f4b5bed2b9d900080014a382954e4be67bf11784c97c8292c275bfe3ed4180280004c8fb0b4c"
)
PASSWORD = b"VOkJxbRl1RmTxUk/WvJxBt"
TRANSACTION = bytes.fromhex("b7e7a701bc34d686fa87dfae")


def test_rfc_5769_request() -> None:
    message = stun.parse_stun(REQUEST)
    assert message is not None
    assert (message.kind, message.transaction, message.username) == (stun.BINDING_REQUEST, TRANSACTION, "evtj:h6vY")
    assert message.attributes[stun.PRIORITY] == bytes.fromhex("6e0001ff")
    assert stun.integrity_holds(message, PASSWORD)
    assert not stun.integrity_holds(message, b"another password")


@pytest.mark.parametrize(
    ("data", "address"),
    [(RESPONSE_IPV4, ("192.0.2.1", 32853)), (RESPONSE_IPV6, ("2001:db8:1234:5678:11:2233:4455:6677", 32853))],
)
def test_rfc_5769_responses(data: bytes, address: tuple[str, int]) -> None:
    message = stun.parse_stun(data)
    assert message is not None
    assert message.kind == stun.BINDING_SUCCESS
    assert stun.integrity_holds(message, PASSWORD)
    value = message.attributes[stun.XOR_MAPPED_ADDRESS]
    assert stun.read_xor_address(value, message.transaction) == address
    assert stun.xor_address(*address, TRANSACTION) == value


@pytest.mark.parametrize("at", range(20, 100))  # up to FINGERPRINT: changed into another type it is not read
def test_a_changed_byte_is_never_believed(at: int) -> None:
    changed = bytearray(REQUEST)
    changed[at] ^= 0x10
    message = stun.parse_stun(bytes(changed))
    assert message is None or not stun.integrity_holds(message, PASSWORD)


def test_an_attribute_behind_the_integrity_is_not_read() -> None:
    body = stun.build_stun(stun.BINDING_REQUEST, TRANSACTION, [(stun.USERNAME, b"a:b")], PASSWORD)[:-8]
    forged = body + (stun.USE_CANDIDATE << 16).to_bytes(4, "big")
    forged = forged[:2] + (len(forged) - 20).to_bytes(2, "big") + forged[4:]
    message = stun.parse_stun(forged)
    assert message is not None
    assert stun.USE_CANDIDATE not in message.attributes


@given(
    st.lists(st.tuples(st.sampled_from([stun.USERNAME, stun.PRIORITY, 0x1234]), st.binary(max_size=40)), max_size=5),
    st.binary(min_size=12, max_size=12),
    st.binary(min_size=1, max_size=30),
)
def test_what_is_built_is_read_back(attributes: list[tuple[int, bytes]], transaction: bytes, key: bytes) -> None:
    message = stun.parse_stun(stun.build_stun(stun.BINDING_REQUEST, transaction, attributes, key))
    assert message is not None
    assert stun.integrity_holds(message, key)
    assert message.transaction == transaction
    for name, value in reversed(attributes):
        if dict(reversed(attributes))[name] is value:
            assert message.attributes[name] == value


@given(st.ip_addresses(), st.integers(0, 65535), st.binary(min_size=12, max_size=12))
def test_addresses_survive_the_xor(address: object, port: int, transaction: bytes) -> None:
    value = stun.xor_address(str(address), port, transaction)
    assert stun.read_xor_address(value, transaction) == (str(address), port)
