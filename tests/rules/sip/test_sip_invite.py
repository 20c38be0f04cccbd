# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who calls, and whom: RFC 3325, RFC 3323, RFC 5806, RFC 7044."""

import pytest

from permanence.telephony.sip.incoming import IncomingInvite, read_invite
from permanence.telephony.sip.message import parse_message

SIP_OFFER = "v=0\r\n"


def invite(*headers: str, sender: str = '"Jeanne" <sip:+33611111111@c.example>;tag=1', uri: str = "") -> IncomingInvite:
    lines = [
        f"INVITE {uri or 'sip:+35226000001@h.example'} SIP/2.0",
        "Via: SIP/2.0/UDP c.example;branch=z9hG4bK1",
        f"From: {sender}",
        "To: <sip:+35226000002@h.example>",
        "Call-ID: c1",
        "CSeq: 1 INVITE",
        "Contact: <sip:c.example>",
        *headers,
    ]
    raw = ("\r\n".join(lines) + "\r\n\r\n").encode()
    return read_invite(parse_message(raw), raw)


def test_called_numbers_come_in_the_order_of_the_house() -> None:
    found = invite(
        "P-Called-Party-ID: <sip:+35226000003@h.example>",
        "Diversion: <sip:+35226000005@h.example>;reason=no-answer, <sip:+35226000006@h.example>;reason=unconditional",
        "History-Info: <sip:+35226000001@h.example?Reason=SIP>;index=1.1, <sip:+35226000004@h.example>;index=1",
    )
    assert [(called.source, called.user) for called in found.called] == [
        ("request_uri", "+35226000001"),
        ("to", "+35226000002"),
        ("p_called_party_id", "+35226000003"),
        ("history_info", "+35226000004"),
        ("diversion", "+35226000006"),
    ]


def test_history_is_ordered_by_index_as_numbers() -> None:
    found = invite("History-Info: <sip:10@h>;index=1.10, <sip:2@h;cause=486>;index=1.2, <sip:1@h>;index=1")
    assert found.called[-1].user == "1"
    assert (found.diversion_reason, found.diversion_count) == ("user-busy", 1)


def test_diversion_reason_and_count() -> None:
    found = invite('Diversion: <sip:1@h>;reason="no-answer";counter=2', "Diversion: <sip:2@h>;reason=unconditional")
    assert (found.diversion_reason, found.diversion_count) == ("no-answer", 3)


def test_both_lists_are_not_counted_twice() -> None:
    found = invite(
        "Diversion: <sip:1@h>;reason=deflection", "History-Info: <sip:1@h>;index=1, <sip:2@h;cause=302>;index=1.1"
    )
    assert (found.diversion_reason, found.diversion_count) == ("unconditional", 1)


def test_asserted_identity_comes_before_from() -> None:
    found = invite('P-Asserted-Identity: "Cabinet" <sip:+33122222222@c.example>, <tel:+33133333333>')
    assert (found.caller, found.display, found.masked, found.withheld) == ("+33122222222", "Cabinet", False, None)


def test_from_where_nothing_is_asserted() -> None:
    found = invite()
    assert (found.caller, found.display) == ("+33611111111", "Jeanne")


@pytest.mark.parametrize("privacy", ["id", "user", "header;critical", "none, ID"])
def test_masked_number_is_kept_apart(privacy: str) -> None:
    found = invite("P-Asserted-Identity: <sip:+33122222222@c.example>", f"Privacy: {privacy}")
    assert (found.caller, found.display, found.masked, found.withheld) == (None, "", True, "+33122222222")


@pytest.mark.parametrize("privacy", ["none", "session", "critical"])
def test_privacy_that_does_not_hide_the_number(privacy: str) -> None:
    assert invite(f"Privacy: {privacy}").caller == "+33611111111"


def test_anonymous_from_is_masked_and_its_word_is_no_number() -> None:
    found = invite(sender='"Anonymous" <sip:anonymous@anonymous.invalid>;tag=1')
    assert (found.caller, found.masked, found.withheld) == (None, True, None)


def test_anonymous_from_with_asserted_number() -> None:
    found = invite("P-Asserted-Identity: <tel:+33122222222>", sender="<sip:anonymous@anonymous.invalid>;tag=1")
    assert (found.caller, found.masked, found.withheld) == (None, True, "+33122222222")


def test_unreadable_hints_count_as_absent() -> None:
    found = invite("P-Asserted-Identity: <<>>", "Diversion: ;;", "History-Info: ,,", "Privacy: ;;")
    assert (found.caller, len(found.called), found.diversion_count) == ("+33611111111", 2, 0)


def test_options_and_raw() -> None:
    found = invite("Supported: 100rel, timer", "Require: 100rel")
    assert (found.supported, found.require) == (frozenset({"100rel", "timer"}), frozenset({"100rel"}))
    assert found.raw.startswith(b"INVITE ")
    assert found.offer is None
