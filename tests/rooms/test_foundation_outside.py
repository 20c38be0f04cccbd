# SPDX-License-Identifier: AGPL-3.0-or-later
"""What may be asked of an address that somebody typed, against a real HTTP server and names that lie."""

import ipaddress
import socket
import ssl
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from permanence.foundation import outside
from permanence.foundation.outside import Guard, OutsideRefused, ask, read_address, read_networks
from tests.rooms.http_server import at, serving

LOOPBACK = read_networks("127.0.0.0/8")
OWN = Guard(own=LOOPBACK)


def test_what_is_there_is_given_with_its_marks():
    with serving(lambda self: self.reply(200, b"BEGIN", ETag='"1"')) as server:
        answer = ask(at(server, "/a?b=c"), guard=OWN, headers={"If-None-Match": '"0"'}, login=("anne", "pâss"))
    assert (answer.status, answer.body, answer.headers["etag"]) == (200, b"BEGIN", '"1"')
    path, headers = server.seen[0]
    assert (path, headers["If-None-Match"]) == ("/a?b=c", '"0"')
    assert headers["Authorization"] == "Basic YW5uZTpww6Jzcw=="


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "127.1",
        "2130706433",
        "0x7f.0.0.1",
        "0177.0.0.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "0.0.0.0",
    ],
)
def test_this_machine_is_not_reached_by_any_spelling(host):
    with serving(lambda self: self.reply(200, b"secret")) as server, pytest.raises(OutsideRefused) as refused:
        ask(f"https://{host}:{server.server_port}/", guard=Guard())
    assert refused.value.code in {"address_private", "name_unknown"}
    assert server.seen == []


@pytest.mark.parametrize(
    "address",
    [
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "100.100.100.200",
        "169.254.169.254",
        "fd00:ec2::254",
        "fe80::1",
        "fc00::1",
        "::",
        "::1",
        "::ffff:10.0.0.1",
        "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::",
        "224.0.0.1",
        "255.255.255.255",
        "240.0.0.1",
        "192.0.2.1",
        "2001:db8::1",
        "ff02::1",
    ],
)
def test_no_address_of_a_network_is_asked_whatever_its_name(address):
    guard = Guard(resolve=lambda _host, _port: ["93.184.216.34", address])
    with pytest.raises(OutsideRefused, match="address_private"):
        ask("https://calendar.example/", guard=guard)


@pytest.mark.parametrize("address", ["169.254.169.254", "fe80::1", "::ffff:169.254.169.254", "224.0.0.1", "0.0.0.0"])
def test_what_is_link_local_is_never_ones_own(address):
    guard = Guard(own=read_networks("0.0.0.0/0,::/0"), resolve=lambda _host, _port: [address])
    with pytest.raises(OutsideRefused, match="address_private"):
        ask("https://calendar.example/", guard=guard)


@given(st.ip_addresses())
def test_who_is_allowed_is_public_and_nothing_else(address):
    if Guard().allows(address):
        assert address.is_global
        assert not (address.is_private)
        assert not (address.is_loopback)
        assert not (address.is_link_local)
        assert not (address.is_multicast)


def test_a_name_that_answers_otherwise_later_changes_nothing():
    """What is connected to is the address that was looked at: the name is asked once."""
    asked = []

    def rebinding(_host, _port):
        asked.append(_host)
        return ["203.0.113.7"] if len(asked) == 1 else ["127.0.0.1"]

    with serving(lambda self: self.reply(200, b"secret")) as server:
        guard = Guard(own=read_networks("203.0.113.0/24"), resolve=rebinding)
        with pytest.raises(OutsideRefused, match=r"unreachable|too_slow"):
            _unrouted(f"http://calendar.example:{server.server_port}/", guard)
    assert asked == ["calendar.example"]
    assert server.seen == []


def _unrouted(url, guard):
    """The test network leads nowhere: a connection to it fails at once here, as it would on a quiet network."""
    real = socket.create_connection

    def refused(address, timeout=None):
        if address[0] == "203.0.113.7":
            raise OSError("no route")
        return real(address, timeout)

    socket.create_connection = refused
    try:
        return ask(url, guard=guard)
    finally:
        socket.create_connection = real


def test_a_redirection_is_looked_at_anew():
    with serving(lambda self: self.reply(200, b"secret")) as inside:
        onward = at(inside, host="127.0.0.2")
        with serving(lambda self: self.reply(302, Location=onward)) as server:
            guard = Guard(own=read_networks("127.0.0.1/32"))
            with pytest.raises(OutsideRefused, match="address_private"):
                ask(at(server), guard=guard)
    assert inside.seen == []


@pytest.mark.parametrize(
    ("onward", "code"),
    [
        ("file:///etc/passwd", "address_not_https"),
        ("ftp://127.0.0.1/", "address_not_https"),
        ("https://anne:secret@127.0.0.1/", "address_login"),
        ("https://[::1/", "address_malformed"),
    ],
)
def test_a_redirection_out_of_the_web_is_refused(onward, code):
    with serving(lambda self: self.reply(301, Location=onward)) as server, pytest.raises(OutsideRefused, match=code):
        ask(at(server), guard=OWN)


def test_redirections_are_few_and_a_login_stays_at_home():
    with serving(lambda self: self.reply(200, b"there")) as other:
        onward = at(other, "/onward")
        with serving(lambda self: self.reply(307, Location="/b" if self.path == "/a" else onward)) as server:
            assert ask(at(server, "/a"), guard=OWN, login=("anne", "secret")).url == onward
    assert ["Authorization" in headers for _path, headers in (*server.seen, *other.seen)] == [True, True, False]
    with (
        serving(lambda self: self.reply(302, Location="/again")) as server,
        pytest.raises(OutsideRefused, match="redirected"),
    ):
        ask(at(server), guard=OWN)
    assert len(server.seen) == 4


def test_what_writes_is_not_sent_elsewhere():
    with serving(lambda self: self.reply(307, Location="/other")) as server:
        assert ask(at(server), guard=OWN, method="PUT", body=b"").status == 307
    assert len(server.seen) == 1


def test_too_much_is_not_read():
    with serving(lambda self: self.reply(200, b"x" * 1001)) as server:
        assert len(ask(at(server), guard=OWN, limit=1001).body) == 1001
        with pytest.raises(OutsideRefused, match="too_large"):
            ask(at(server), guard=OWN, limit=1000)


def test_a_packed_answer_is_not_unpacked():
    with (
        serving(lambda self: self.reply(200, b"\x1f\x8b", Content_Encoding="gzip")) as server,
        pytest.raises(OutsideRefused, match="answer_malformed"),
    ):
        ask(at(server), guard=OWN)


@contextmanager
def raw(speak):
    """A server of one connection that says what it wants."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        stop = threading.Event()

        def run():
            line, _from = listening.accept()
            with line:
                speak(line, stop)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
        finally:
            stop.set()
            thread.join(5)


def _drip(line, stop, spoken):
    line.recv(1000)
    line.sendall(b"HTTP/1.1 200 OK\r\n")
    spoken.set()
    while not stop.wait(0.01):
        try:
            line.sendall(b"X: y\r\n"[:1])
        except OSError:
            return


def _silence(line, stop, spoken):
    spoken.set()
    stop.wait(20)


def _half(line, stop, spoken):
    line.recv(1000)
    line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
    spoken.set()
    stop.wait(20)


@pytest.mark.parametrize(("speak", "silent"), [(_drip, ""), (_half, ""), (_silence, "127.0.0.1")])
def test_who_dawdles_is_left_alone_and_who_said_nothing_is_known(speak, silent, monkeypatch):
    spoken = threading.Event()

    class OnceItSpoke(threading.Timer):
        """The time runs from what the server says first on, however late this machine lets it speak."""

        def run(self):
            spoken.wait(20)
            super().run()

    def told(line, stop):
        speak(line, stop, spoken)

    monkeypatch.setattr(threading, "Timer", OnceItSpoke)
    with raw(told) as address, pytest.raises(OutsideRefused, match="too_slow") as refused:
        ask(address, guard=OWN, seconds=0.3)
    assert refused.value.silent == silent


@pytest.mark.parametrize(("speak", "silent", "seconds"), [(_half, "", 3), (_silence, "127.0.0.1", 0.3)])
def test_who_lets_one_wait_for_the_next_octet_is_left_alone(speak, silent, seconds, monkeypatch):
    monkeypatch.setattr(outside, "CONNECT_S", seconds)
    told = partial(speak, spoken=threading.Event())
    with raw(told) as address, pytest.raises(OutsideRefused, match="too_slow") as refused:
        ask(address, guard=OWN)
    assert refused.value.silent == silent


def test_a_host_to_which_no_connection_comes_about_is_silent(monkeypatch):
    def late(*_args, **_more):
        raise TimeoutError

    monkeypatch.setattr(socket, "create_connection", late)
    with pytest.raises(OutsideRefused, match="too_slow") as refused:
        ask("https://calendar.example/", guard=Guard(resolve=lambda _host, _port: ["93.184.216.34"]))
    assert refused.value.silent == "calendar.example"


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (b"SSH-2.0-OpenSSH\r\n\r\n", "answer_malformed"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort", "unreachable"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "answer_malformed"),
        (b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200 + b"\r\n", "answer_malformed"),
        (b"", "answer_malformed"),
    ],
)
def test_who_speaks_no_http_is_told_so(said, code):
    def speak(line, stop):
        line.recv(1000)
        line.sendall(said)

    with raw(speak) as address, pytest.raises(OutsideRefused, match=code):
        ask(address, guard=OWN)


def test_nobody_there_and_no_such_name():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    with pytest.raises(OutsideRefused, match="unreachable"):
        ask(f"http://127.0.0.1:{port}/", guard=OWN)

    def unknown(_host, _port):
        raise socket.gaierror("no such name")

    with pytest.raises(OutsideRefused, match="name_unknown"):
        ask("https://calendar.example/", guard=Guard(resolve=unknown))


@pytest.mark.parametrize("port", [22, 25, 110, 993])
def test_other_services_of_a_public_machine_are_not_spoken_to(port):
    with pytest.raises(OutsideRefused, match="address_port"):
        ask(f"https://calendar.example:{port}/", guard=Guard(resolve=lambda _host, _port: ["93.184.216.34"]))


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "address_malformed"),
        ("calendar.example/x.ics", "address_not_https"),
        ("http://calendar.example/x.ics", "address_not_https"),
        ("file:///etc/passwd", "address_not_https"),
        ("gopher://calendar.example/", "address_not_https"),
        ("https://", "address_malformed"),
        ("https://calendar.example:0/", "address_malformed"),
        ("https://calendar.example:99999/", "address_malformed"),
        ("https://[::1/", "address_malformed"),
        ("https://anne:secret@calendar.example/", "address_login"),
        ("https://calendar.example/a b", "address_malformed"),
        ("https://calendar.example/a\r\nHost: x", "address_malformed"),
        ("https://calendar.example\\@127.0.0.1/", "address_malformed"),
        ("https://calendar.example/" + "x" * 2000, "address_malformed"),
    ],
)
def test_what_is_no_address_is_refused_before_anybody_is_asked(typed, code):
    with pytest.raises(OutsideRefused) as refused:
        read_address(typed, guard=Guard())
    assert (refused.value.code, typed[:20] in refused.value.why and typed != "") == (code, False)


def test_the_scheme_of_subscriptions_is_https():
    assert read_address(" webcal://calendar.example/x.ics#top ", guard=Guard()).geturl() == (
        "https://calendar.example/x.ics"
    )


@given(st.text(max_size=60))
def test_no_text_breaks_the_reader_of_addresses(text):
    try:
        host, code = read_address(text, guard=OWN).hostname, ""
    except OutsideRefused as refused:
        host, code = "", refused.code
    assert bool(host) != code.startswith("address_")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for calendar.example, signed by itself."""
    folder = tmp_path_factory.mktemp("tls")
    key, name = (
        ec.generate_private_key(ec.SECP256R1()),
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "calendar.example")]),
    )
    now = datetime.now(UTC)
    built = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    built = built.serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=1))
    built = built.not_valid_after(now + timedelta(days=1)).add_extension(
        x509.SubjectAlternativeName([x509.DNSName("calendar.example")]), critical=False
    )
    made = built.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True).sign(
        key, hashes.SHA256()
    )
    path = folder / "both.pem"
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path


def test_the_certificate_is_that_of_the_name_and_of_somebody_trusted(certificate):
    own = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    own.load_cert_chain(certificate)
    trust = ssl.create_default_context(cafile=certificate)

    def here(_host, _port):
        return ["127.0.0.1"]

    with serving(lambda self: self.reply(200, b"there"), own) as server:
        url = f"https://calendar.example:{server.server_port}/"
        assert ask(url, guard=Guard(own=LOOPBACK, resolve=here, trust=trust)).body == b"there"
        assert server.seen[0][1]["Host"] == f"calendar.example:{server.server_port}"
        with pytest.raises(OutsideRefused, match="tls_failed"):
            ask(url, guard=Guard(own=LOOPBACK, resolve=here))
        with pytest.raises(OutsideRefused, match="tls_failed"):
            ask(url.replace("calendar", "other"), guard=Guard(own=LOOPBACK, resolve=here, trust=trust))


def test_networks_are_read_or_refused():
    assert read_networks(["10.0.0.0/8", " fd00::/8 "]) == (
        ipaddress.ip_network("10.0.0.0/8"),
        ipaddress.ip_network("fd00::/8"),
    )
    assert read_networks("") == ()
    for wrong in ("10.0.0.1/8", "house", "1"):
        with pytest.raises(ValueError, match="networks"):
            read_networks(wrong)
