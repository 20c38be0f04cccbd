# SPDX-License-Identifier: AGPL-3.0-or-later
"""The pieces of a header (RFC 3261 section 25.1), and messages as a whole."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from permanence.telephony.sip.bodies import offers_audio, sdp_of
from permanence.telephony.sip.grammar import (
    BadSyntax,
    NameAddr,
    Uri,
    Via,
    decimal,
    known_cseq,
    parse_cseq,
    parse_params,
    split_list,
    unquoted,
    write_params,
)
from permanence.telephony.sip.message import BadMessage, SipMessage, canonical_name, parse_message
from permanence.telephony.sip.responses import respond, write_response

QUOTABLE = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\r\n"), max_size=30)
NAMES = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=8)


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


@given(QUOTABLE)
def test_display_name_comes_back_from_its_quotes(name: str) -> None:
    assert NameAddr.parse(f"{quoted(name)} <sip:a@b.example>;tag=x").display == name
    assert unquoted(quoted(name)) == name


@given(st.lists(QUOTABLE, min_size=1, max_size=5))
def test_commas_inside_quotes_do_not_part(names: list[str]) -> None:
    values = [f"{quoted(name)} <sip:a@b.example>" for name in names]
    assert split_list(", ".join(values)) == values


def test_commas_inside_brackets_do_not_part() -> None:
    assert split_list("<sip:a,b@h>;x=1, <sip:c@h>") == ["<sip:a,b@h>;x=1", "<sip:c@h>"]


@given(st.dictionaries(NAMES, st.none() | NAMES | QUOTABLE.map(quoted), max_size=6))
def test_parameters_come_back(params: dict[str, str | None]) -> None:
    assert parse_params(write_params(params)) == params


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused_by_name(text: str) -> None:
    for reader in (Uri.parse, NameAddr.parse, Via.parse, parse_params, parse_cseq):
        try:
            reader(text)
        except BadSyntax:
            continue


@given(st.binary(max_size=400))
def test_any_bytes_are_a_message_or_refused_by_name(data: bytes) -> None:
    status = 0
    try:
        parse_message(data)
    except BadMessage as bad:
        status = bad.status
    assert status in {0, 400, 505}


@pytest.mark.parametrize(("text", "user", "host", "port", "number"), [
    ("sip:+352621@h.example", "+352621", "h.example", None, "+352621"),
    ("sip:+352621;ext=1@h.example:5070;transport=tcp", "+352621;ext=1", "h.example", 5070, "+352621"),
    ("sips:al%20ice:pw@[2001:db8::1]:5061", "al%20ice:pw", "[2001:db8::1]", 5061, "al ice"),
    ("sip:h.example?Subject=x", None, "h.example", None, ""),
    ("tel:+352-26;phone-context=x", None, "+352-26;phone-context=x", None, "+352-26"),
])  # fmt: skip
def test_uri(text: str, user: str | None, host: str, port: int | None, number: str) -> None:
    uri = Uri.parse(text)
    assert (uri.user, uri.host, uri.port, uri.number) == (user, host, port, number)


@pytest.mark.parametrize("text", [
    "", "sip:", "sip:@h", "sip:a@", "nothing", "sip:a b@h", "sip:a@h:0", "sip:a@h:70000", "sip:a@h:x", "sip:<a@h",
])  # fmt: skip
def test_uri_refused(text: str) -> None:
    with pytest.raises(BadSyntax):
        Uri.parse(text)


def test_transport_of_a_uri() -> None:
    assert Uri.parse("sip:h;transport=UDP").transport == "udp"
    assert Uri.parse("sips:h").transport == "tls"


def test_addr_spec_parameters_belong_to_the_header() -> None:
    address = NameAddr.parse("sip:a@h.example;tag=7")
    assert (address.tag, address.uri.params) == ("7", {})
    assert NameAddr.parse("<sip:a@h.example;tag=7>").tag is None


@pytest.mark.parametrize(
    "text", ["sip:a@h?x=y", "<sip:a@h", '"open <sip:a@h>', "a, b <sip:a@h>", "<sip:a@h>;tag=1;tag=2"]
)
def test_address_refused(text: str) -> None:
    with pytest.raises(BadSyntax):
        NameAddr.parse(text)


def test_via_with_spaces_and_ipv6() -> None:
    via = Via.parse("SIP / 2.0 / UDP [2001:db8::9]:5070 ; branch = z9hG4bK1 ;rport")
    assert (via.host, via.port, via.branch) == ("[2001:db8::9]", 5070, "z9hG4bK1")
    assert str(via) == "SIP/2.0/UDP [2001:db8::9]:5070;branch=z9hG4bK1;rport"


VIAS = st.tuples(
    st.sampled_from(["SIP/2.0/UDP ", "SIP/2.0/UDP ", "SIP/2.0/TLS ", "SIP / 2.0 / UDP ", "sip/2.0/udp "]),
    st.sampled_from(["192.0.2.1", "192.0.2.1", "[2001:db8::9]", "[2001:DB8::9]", "Proxy.Example", "a-b_c.example"]),
    st.sampled_from(["", ":5060", ":05060", " : 5070"]),
    st.sampled_from(["", ";rport", ";alias", ";received=192.0.2.7", ";rport=7"]),
    st.sampled_from([";branch=z9hG4bK-1", ";branch=z9hG4bK-1", ";branch=1 ", ""]),
    st.sampled_from(["", ";rport", ";rport=7", ";maddr=192.0.2.9"]),
).map("".join)


@settings(max_examples=1_000)
@given(VIAS, st.none() | st.integers(1, 65_535))
def test_a_via_is_stamped_in_its_text_as_in_its_parameters(text: str, port: int | None) -> None:
    try:
        via = Via.parse(text)
    except BadSyntax:  # rport twice
        return
    before = dict(via.params)
    assert via.stamp("198.51.100.3", port) == str(via)
    assert via.params == before | {"received": "198.51.100.3"} | ({} if port is None else {"rport": str(port)})


@pytest.mark.parametrize(
    ("text", "value"), [("7", 7), ("", None), (None, None), ("-1", None), ("²", None), ("101", None)]
)
def test_decimal(text: str | None, value: int | None) -> None:
    assert decimal(text, 100) == value


@pytest.mark.parametrize(("name", "canonical"), [
    ("v", "Via"), ("CALL-ID", "Call-ID"), ("i", "Call-ID"), ("p-asserted-identity", "P-Asserted-Identity"),
    ("cseq", "CSeq"), ("www-authenticate", "WWW-Authenticate"), ("x-thing", "X-Thing"),
])  # fmt: skip
def test_header_names(name: str, canonical: str) -> None:
    assert canonical_name(name) == canonical


def test_long_names_and_methods_are_not_remembered() -> None:
    long = "M" * 1_000
    head = "Via: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: 1\r\n"
    parse_message(f"{long} sip:a@b SIP/2.0\r\n{head}CSeq: 1 {long}\r\n\r\n".encode())
    kept = canonical_name.cache_info().currsize, known_cseq.cache_info().currsize
    message = parse_message(f"{long}2 sip:a@b SIP/2.0\r\n{head}CSeq: 1 {long}2\r\nX-{long}: 1\r\n\r\n".encode())
    assert (message.method, message.cseq) == (f"{long}2", (1, f"{long}2"))
    assert message.get(f"X-{long.capitalize()}") == "1"
    assert (canonical_name.cache_info().currsize, known_cseq.cache_info().currsize) == kept


@given(NAMES, NAMES, st.none() | st.integers(1, 65_535), st.none() | NAMES, st.none() | QUOTABLE)
def test_an_address_in_its_plainest_form_is_read_like_any_other(
    user: str, host: str, port: int | None, tag: str | None, name: str | None
) -> None:
    uri = f"sip:{user}@{host}" + (f":{port}" if port else "")
    text = (f"{quoted(name)} " if name is not None else "") + f"<{uri}>" + (f";tag={tag}" if tag else "")
    read = NameAddr.parse(text)
    assert read == NameAddr.parse(f" {text} ")
    assert (read.display, read.uri.text, read.tag) == (name or "", uri, tag)
    other = Uri.parse(f"{uri};lr")
    assert (other.scheme, other.user, other.host, other.port) == ("sip", user, host, port)
    assert (read.uri.scheme, read.uri.user, read.uri.host, read.uri.port) == ("sip", user, host, port)


@pytest.mark.parametrize("text", [
    "SIP/2.0/UDP H.example:5070;branch=z9hG4bK1;rport", "SIP/2.0/TLS [2001:DB8::9];rport;branch=z9hG4bK1",
    "SIP/2.0/TCP 192.0.2.1;branch=1", "SIP/2.0/UDP h;rport;branch=1", "SIP/2.0/UDP h:00080;branch=.-!%*_+`'~",
])  # fmt: skip
def test_a_via_in_its_plainest_form_is_read_like_any_other(text: str) -> None:
    read, other = Via.parse(text), Via.parse(text.replace("/", " / ").replace(";", " ; "))
    assert read == other
    assert str(read) == str(other)


@pytest.mark.parametrize("text", ["SIP/2.0/UDP h;rport;branch=1;rport", "SIP/2.0/UDP h:70000;branch=1"])
def test_a_plain_via_is_refused_like_any_other(text: str) -> None:
    with pytest.raises(BadSyntax):
        Via.parse(text)


FIRST = (
    "Via: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:a@h>;tag=1\r\nTo: <sip:b@h>\r\nCall-ID: c\r\nCSeq: 1 OPTIONS\r\n"
)
VALUES = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\r"), max_size=30)


@given(st.lists(st.tuples(st.sampled_from(["Via", "v", "x-a", "X-A", "Subject", "s "]), VALUES), max_size=6))
def test_a_head_without_irregularity_is_read_like_any_other(more: list[tuple[str, str]]) -> None:
    head = f"OPTIONS sip:a@h SIP/2.0\r\n{FIRST}" + "".join(f"{name}:{value}\r\n" for name, value in more)
    plain = parse_message(f"{head}\r\n".encode())
    folded = parse_message(f"{head}X-Folded: 1\r\n 2\r\n\r\n".encode())
    assert folded.headers.pop("X-Folded") == ["1 2"]
    assert plain.headers == folded.headers
    assert list(plain.headers) == list(folded.headers)


def test_a_stray_carriage_return_belongs_to_its_value() -> None:
    text = f"OPTIONS sip:a@h SIP/2.0\r\n{FIRST}Subject: a\rb\r\nX-A: 1\r\n\r\n"
    assert parse_message(text.encode()).headers["Subject"] == ["a\rb"]


@pytest.mark.parametrize("to", ["<sip:b@h>", "<sip:b@h>;tag=theirs"])
@pytest.mark.parametrize("status", [100, 180, 486])
def test_a_response_is_written_as_its_message_would_be(to: str, status: int) -> None:
    lines = FIRST.replace("<sip:b@h>", to).replace("Via:", "Via: SIP/2.0/UDP p;branch=z9hG4bK0\r\nVia:")
    request = parse_message(f"OPTIONS sip:a@h SIP/2.0\r\n{lines}\r\n".encode())
    message = respond(request, status, "ours", "Why").add("X-A", "1").set_body("text/plain", "é")
    more = "X-A: 1\r\nContent-Type: text/plain\r\n"
    assert write_response(request, status, "ours", reason="Why", more=more, body="é") == message.encode()
    assert write_response(request, status, "ours") == respond(request, status, "ours").encode()


def test_message_comes_back_from_its_bytes() -> None:
    message = SipMessage("OPTIONS", "sip:a@h.example").add("Via", "SIP/2.0/UDP h.example;branch=z9hG4bK1")
    message.add("From", "<sip:a@h.example>;tag=1").add("To", "<sip:b@h.example>").add("Call-ID", "c")
    message.add("CSeq", "1 OPTIONS").add("Allow", "INVITE").add("Allow", "ACK, BYE").set_body("text/plain", "é")
    read = parse_message(message.encode() + b"beyond the length")
    assert read.headers.items() >= message.headers.items()
    assert read.body == "é".encode()
    assert read.tokens("Allow") == {"invite", "ack", "bye"}


def test_sdp_inside_a_multipart() -> None:
    body = (
        b"--b\r\nContent-Type: application/ISUP;version=itu\r\n\r\n\x01\x00\r\n"
        b"--b\r\nContent-Type: application/sdp\r\n\r\nv=0\r\ns=-\r\n--b--\r\n"
    )
    found = sdp_of('multipart/mixed;boundary="b"', body)
    assert found is not None
    assert found.rstrip("\r\n") == "v=0\r\ns=-"


@pytest.mark.parametrize("kind", ["multipart/mixed", "multipart/mixed;boundary", "text/plain", 'multipart/x;;"'])
def test_no_sdp(kind: str) -> None:
    assert sdp_of(kind, b"--b\r\n\r\nv=0") is None


def test_audio_is_offered_only_with_a_live_port() -> None:
    assert offers_audio("v=0\r\nm=audio 4000 RTP/AVP 8\r\n")
    assert not offers_audio("v=0\r\nm=audio 0 RTP/AVP 8\r\nm=image 9 udptl t38\r\n")
