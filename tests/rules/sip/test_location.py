# SPDX-License-Identifier: AGPL-3.0-or-later
"""Locating a server (RFC 3263), with the records of the DNS given by hand."""

from collections import Counter
from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from permanence.telephony.sip.location import (
    AddressRecord,
    NaptrRecord,
    Place,
    Question,
    Record,
    SrvRecord,
    Target,
    by_weight,
    locate,
)
from tests.wire.carrier import SeededEntropy

Zone = Mapping[tuple[str, str], tuple[Record, ...]]
ZONE: Zone = {
    ("A", "carrier.example"): (AddressRecord("192.0.2.10"),),
    ("AAAA", "carrier.example"): (AddressRecord("2001:db8::10"),),
    ("A", "one.carrier.example"): (AddressRecord("192.0.2.11"),),
    ("A", "two.carrier.example"): (AddressRecord("192.0.2.12"),),
    ("SRV", "_sip._udp.served.example"): (
        SrvRecord(20, 0, 5080, "two.carrier.example."),
        SrvRecord(10, 0, 5070, "one.carrier.example."),
    ),
    ("SRV", "_sips._tcp.served.example"): (SrvRecord(1, 1, 5071, "one.carrier.example."),),
    ("SRV", "_sip._udp.closed.example"): (SrvRecord(0, 0, 0, "."),),
    ("NAPTR", "chosen.example"): (
        NaptrRecord(50, 10, "s", "SIP+D2U", "_sip._udp.served.example."),
        NaptrRecord(10, 10, "s", "SIPS+D2T", "_sips._tcp.served.example."),
        NaptrRecord(5, 10, "u", "E2U+sip", "."),
    ),
}


def located(place: Place, seed: int = 1) -> tuple[tuple[Target, ...], list[Question]]:
    asked: list[Question] = []
    asking = locate(place, SeededEntropy(seed))
    try:
        question = next(asking)
        while True:
            asked.append(question)
            question = asking.send(ZONE.get((question.kind, question.name), ()))
    except StopIteration as done:
        return done.value, asked


def test_rfc3263_4_2_literal_address_asks_nothing() -> None:
    assert located(Place("192.0.2.1")) == ((Target("udp", "192.0.2.1", 5060, "192.0.2.1"),), [])
    assert located(Place("2001:db8::1", 0, "tls")) == ((Target("tls", "2001:db8::1", 5061, "2001:db8::1"),), [])


def test_rfc3263_4_2_name_with_port_is_no_srv_question() -> None:
    targets, asked = located(Place("carrier.example", 5090))
    assert [(one.transport, one.host, one.port) for one in targets] == [
        ("udp", "192.0.2.10", 5090),
        ("udp", "2001:db8::10", 5090),
    ]
    assert [one.kind for one in asked] == ["A", "AAAA"]


def test_rfc3263_4_2_srv_by_priority_and_the_certificate_is_that_of_the_name_asked_for() -> None:
    targets, _ = located(Place("served.example", 0, "udp"))
    assert [(one.host, one.port) for one in targets] == [("192.0.2.11", 5070), ("192.0.2.12", 5080)]
    secure, _ = located(Place("served.example", 0, "tls"))
    assert secure == (Target("tls", "192.0.2.11", 5071, "served.example"),)


def test_rfc3263_4_2_without_srv_the_addresses_at_the_default_port() -> None:
    targets, asked = located(Place("carrier.example", 0, "tls"))
    assert [(one.host, one.port) for one in targets] == [("192.0.2.10", 5061), ("2001:db8::10", 5061)]
    assert asked[0] == Question("SRV", "_sips._tcp.carrier.example")


def test_rfc3263_4_1_naptr_settles_the_transport() -> None:
    targets, asked = located(Place("chosen.example"))
    assert [(one.transport, one.port) for one in targets] == [("tls", 5071), ("udp", 5070), ("udp", 5080)]
    assert asked[0] == Question("NAPTR", "chosen.example")


def test_rfc3263_4_1_without_naptr_both_transports_are_asked_by_srv() -> None:
    _, asked = located(Place("carrier.example"))
    assert [one.name for one in asked if one.kind == "SRV"] == [
        "_sip._udp.carrier.example",
        "_sip._tcp.carrier.example",
    ]


def test_rfc2782_a_dot_says_that_there_is_no_service() -> None:
    assert located(Place("closed.example", 0, "udp"))[0] == ()


def test_rfc2782_weights_share_the_load() -> None:
    rows = [SrvRecord(1, 75, 5060, "big."), SrvRecord(1, 25, 5060, "small."), SrvRecord(1, 0, 5060, "spare.")]
    entropy = SeededEntropy(7)
    first = Counter(by_weight(rows, entropy)[0].target for _ in range(2_000))
    assert 1_380 < first["big."] < 1_620
    assert 380 < first["small."] < 620
    assert first["spare."] < 60


@given(
    rows=st.lists(
        st.builds(
            SrvRecord, st.integers(0, 3), st.integers(0, 65_535), st.just(5060), st.sampled_from(["a.", "b.", "c."])
        ),
        max_size=8,
    ),
    seed=st.integers(0, 2**32),
)
def test_rfc2782_order_keeps_every_record_and_never_mixes_priorities(rows: list[SrvRecord], seed: int) -> None:
    ordered = by_weight(rows, SeededEntropy(seed))
    assert Counter(ordered) == Counter(rows)
    assert [row.priority for row in ordered] == sorted(row.priority for row in rows)
