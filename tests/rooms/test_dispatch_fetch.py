# SPDX-License-Identifier: AGPL-3.0-or-later
"""Receipts fetched from a real IMAP server (Dovecot): once, nothing foreign touched, nobody held up, no word told."""

import contextlib
import itertools
import json
import logging
import re
import socket
import socketserver
import threading
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from django.db import OperationalError

from permanence.dispatch import fetching, handlers, operations, tasks
from permanence.dispatch.channels.email import imap
from permanence.dispatch.channels.email.imap import MARK, SIZE_LIMIT, modified_utf7
from permanence.dispatch.channels.email.mailbox_url import read_mailbox_url
from permanence.dispatch.fetching import Fetcher, read_standing
from permanence.dispatch.models import Delivery
from permanence.dispatch.rules import FETCH_LATEST, Attempt, Channel, DeliveryState, Outcome, fetch_again_in
from permanence.foundation.outbox import Wiring, deliver_due
from permanence.kernel.system import SystemClock
from permanence.messaging import operations as messaging
from permanence.messaging import queries as messages
from permanence.messaging.events import MESSAGING_EVENTS
from permanence.messaging.rules import Box
from permanence.project import config, doctor, worker
from tests.rooms.imap_server import PASSWORD, USER, Dovecot
from tests.rooms.messaging_cast import NOON, form, make_cast

pytestmark = pytest.mark.django_db
VECTORS = Path(__file__).parent / "receipts"
KEY = "01kb1vq8e0k7m2q9x4r8w3z5t"
DELIVERED, FAILED, RELAYED = (f"postfix-3.10-{name}.eml" for name in ("delivered", "failed", "relayed"))
KEYS = {DELIVERED: KEY + "0", FAILED: KEY + "3", RELAYED: KEY + "2", "exim-4.98-failed.eml": KEY + "3"}
WIRING = Wiring(
    catalogue=MESSAGING_EVENTS, hearers={"MessageTaken": (("dispatch.message_taken", handlers.on_message_taken),)}
)
FOLDERS = itertools.count()


@pytest.fixture(scope="module")
def server():
    running = Dovecot()
    running.make()
    running.start()
    yield running
    running.close()


@pytest.fixture
def trusted(server, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(server.certificate))  # what OpenSSL itself looks at


class Office:
    """A house with one message, its mailbox's folder at the server, and what its owner sees there.

    Each has a folder of its own, with a name that IMAP has to write in its own way.
    """

    def __init__(self, server, settings):
        self.server = server
        self.cast = make_cast()
        self.name = f'Reçus & "retours" {next(FOLDERS)}'
        self.settings = settings
        with server.owner() as mailbox:
            mailbox.create(self.written)

    @property
    def written(self):
        return '"' + modified_utf7(self.name).replace('"', '\\"') + '"'

    @property
    def mail(self):
        return self.settings.PERMANENCE.mailbox

    @property
    def password_file(self):
        return self.settings.PERMANENCE.data / "keys" / "receipts.password"

    def sent(self, vector):
        """A message to Dr Weber, whose mail the relay took under the key of a vector."""
        weber = self.cast.weber
        messaging.take_message(
            house=self.cast.house,
            client_id=weber.id,
            call="",
            by=self.cast.claire,
            at=NOON,
            form=form(weber.doctor, key="m" * 20),
        )
        deliver_due(at=NOON, wiring=WIRING)
        Delivery.objects.filter(channel=Channel.EMAIL).update(key=KEYS[vector])
        while (taken := operations.take_due(at=NOON)) is not None:
            operations.finish(taken, Attempt(outcome=Outcome.SENT), at=NOON)

    def state(self, at=NOON):
        return messages.message(self.cast.house, "m" * 20, at).state

    def fetcher(self, *, name=None, scheme="imaps", stop=None, **changed):
        port = self.server.tls_port if scheme == "imaps" else self.server.port
        self.settings.PERMANENCE = self.settings.PERMANENCE.changed(
            mail_receipts_url=f"{scheme}://{USER}@127.0.0.1:{port}/{quote(name or self.name)}",
            mail_receipts_password_file="receipts.password",
        )
        self.settings.PERMANENCE = self.settings.PERMANENCE.changed(**changed)
        return tasks.receipt_fetcher(clock=SystemClock(), stop=stop or threading.Event())

    def standing(self):
        return read_standing(self.mail / fetching.STANDING_FILE)

    def files(self):
        return sorted((self.mail / "receipts").glob("*"))

    def owner(self):
        return self.server.owner(self.written)

    def put(self, *mails):
        with self.owner() as mailbox:
            for mail in mails:
                data = mail if isinstance(mail, bytes) else (VECTORS / mail).read_bytes()
                assert mailbox.append(self.written, None, None, data.replace(b"\n", b"\r\n"))[0] == "OK"

    def flags(self):
        """The flags of each mail."""
        with self.owner() as mailbox:
            lines = mailbox.uid("FETCH", "1:*", "(FLAGS)")[1]
        found = [re.search(rb"FLAGS \(([^)]*)\)", line)[1].decode().split() for line in lines if line]
        return [sorted(set(each) - {"\\Recent"}) for each in found]


@pytest.fixture
def office(server, settings, tmp_path):
    settings.PERMANENCE = settings.PERMANENCE.changed(data=tmp_path, demonstration=False)
    (tmp_path / "keys").mkdir()
    made = Office(server, settings)
    made.password_file.write_text(f"{PASSWORD}\n", encoding="utf-8")
    return made


TAKEN = sorted(["\\Seen", MARK])


# -- taken -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["imaps", "imap"])
def test_a_receipt_in_the_mailbox_makes_it_delivered(office, trusted, scheme):
    office.sent(DELIVERED)
    office.put(DELIVERED)
    turning = office.fetcher(scheme=scheme)
    assert turning.turn(NOON) == timedelta(seconds=60)
    later = NOON + timedelta(minutes=1)
    assert tasks.take_receipts(at=later) == 1
    assert (office.state(later).reached, office.state(later).since) == (Box.DELIVERED, later)
    assert office.flags() == [TAKEN]
    assert (office.standing().fetched_at, office.standing().why, office.standing().taken) == (NOON.isoformat(), "", 1)
    turning.turn(later)
    assert (office.files(), office.standing().taken) == ([], 1)


@pytest.mark.parametrize("vector", [FAILED, "exim-4.98-failed.eml"])
def test_a_mail_that_came_back_is_said_with_the_servers_reason(office, trusted, vector):
    office.sent(vector)
    office.put(vector)
    office.fetcher().turn(NOON)
    tasks.take_receipts(at=NOON)
    assert office.state().failed is Box.DELIVERED
    assert office.state().failure.endswith("<gone@elsewhere.example>: Recipient address rejected: User unknown")


def test_relayed_is_taken_and_leaves_the_delivery_unknown(office, trusted):
    office.sent(RELAYED)
    office.put(RELAYED)
    office.fetcher().turn(NOON)
    assert tasks.take_receipts(at=NOON) == 0
    assert (office.state().delivery_unknown, office.flags()) == (True, [TAKEN])


def test_a_receipt_that_a_person_has_read_first_is_taken_all_the_same(office, trusted):
    office.sent(DELIVERED)
    office.put(DELIVERED)
    with office.owner() as mailbox:
        mailbox.uid("STORE", "1", "+FLAGS", "(\\Seen \\Answered)")
    office.fetcher().turn(NOON)
    assert tasks.take_receipts(at=NOON) == 1
    assert office.flags() == [sorted([*TAKEN, "\\Answered"])]


def test_a_server_that_keeps_no_keywords_has_the_seen_flag(office, trusted):
    """As Exchange does: Dovecot, told to let us set \\Seen and nothing else."""
    office.sent(DELIVERED)
    office.put(DELIVERED, b"Subject: a question\n\nfrom a person")
    office.server.allow(modified_utf7(office.name), "lrsi")
    turning = office.fetcher()
    turning.turn(NOON)
    assert tasks.take_receipts(at=NOON) == 1
    assert office.flags() == [["\\Seen"], []]
    (office.mail / fetching.STANDING_FILE).unlink()
    turning.turn(NOON)
    assert office.files() == []


def test_without_keywords_too_a_person_may_read_a_receipt_first(office, trusted):
    office.sent(DELIVERED)
    office.server.allow(modified_utf7(office.name), "lrsi")
    turning = office.fetcher()
    turning.turn(NOON)
    office.put(DELIVERED)
    with office.owner() as mailbox:
        mailbox.uid("STORE", "1", "+FLAGS", "(\\Seen)")
    turning.turn(NOON)
    assert tasks.take_receipts(at=NOON) == 1
    turning.turn(NOON)
    assert office.files() == []


def test_more_mails_than_one_question_holds_are_all_looked_at(office, trusted, monkeypatch):
    monkeypatch.setattr(fetching, "WINDOW", 3)
    office.sent(DELIVERED)
    office.put(*[b"Subject: foreign\n\nmail"] * 7, DELIVERED)
    office.fetcher().turn(NOON)
    assert (tasks.take_receipts(at=NOON), office.standing().uid) == (1, 8)


def test_a_mailbox_made_anew_is_read_from_its_beginning(office, trusted):
    office.sent(DELIVERED)
    office.put(*[b"Subject: foreign\n\nmail"] * 3)
    turning = office.fetcher()
    turning.turn(NOON)
    assert office.standing().uid == 3
    with office.server.owner() as mailbox:
        assert mailbox.delete(office.written)[0] == "OK"
        assert mailbox.create(office.written)[0] == "OK"
    office.put(DELIVERED)
    turning.turn(NOON)
    assert (tasks.take_receipts(at=NOON), office.standing().uid) == (1, 1)


# -- a crash in the middle ---------------------------------------------------------------------------------------------


def killed_before_the_mark(office, monkeypatch):
    def dies(self, number):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(imap.Mailbox, "mark", dies)
        with pytest.raises(KeyboardInterrupt):
            office.fetcher().turn(NOON)


def test_killed_before_the_mark_nothing_is_lost_and_nothing_happens_twice(office, trusted, monkeypatch):
    office.sent(FAILED)
    office.put(b"Subject: foreign\n\nmail", FAILED)
    killed_before_the_mark(office, monkeypatch)
    assert (len(office.files()), office.flags()) == (1, [[], []])
    assert tasks.take_receipts(at=NOON) == 1
    before = office.state()
    office.fetcher().turn(NOON + timedelta(minutes=1))
    assert tasks.take_receipts(at=NOON + timedelta(minutes=1)) == 0
    assert (office.state(), office.flags()) == (before, [[], TAKEN])


def test_killed_between_file_and_mark_the_same_file_is_written_again(office, trusted, monkeypatch):
    office.sent(FAILED)
    office.put(FAILED)
    killed_before_the_mark(office, monkeypatch)
    first = office.files()
    office.fetcher().turn(NOON)
    assert (office.files(), len(first), tasks.take_receipts(at=NOON)) == (first, 1, 1)


def test_what_is_remembered_may_be_lost_or_spoilt(office, trusted):
    office.sent(DELIVERED)
    office.put(DELIVERED)
    turning = office.fetcher()
    turning.turn(NOON)
    tasks.take_receipts(at=NOON)
    path = office.mail / fetching.STANDING_FILE
    for spoilt in (b"", b"\xff{", b"[]", b'{"uid": 1, "colour": "red"}', b'{"uid": "1"}'):
        path.write_bytes(spoilt)
        turning.turn(NOON)
        assert (office.files(), office.standing().uid, office.flags()) == ([], 1, [TAKEN])


# -- what is not ours --------------------------------------------------------------------------------------------------


def hostile():
    real = (VECTORS / DELIVERED).read_bytes()
    deep = b"Content-Type: multipart/report; boundary=b0\n\n"
    deep += b"".join(
        b"--b%d\nContent-Type: multipart/report; boundary=b%d\n\n" % (level, level + 1) for level in range(3_000)
    )
    wrapped = (
        b"Content-Type: multipart/report; boundary=o\n\n--o\nContent-Type: message/rfc822\n\n" + real + b"\n--o--\n"
    )
    return {
        "a question": b"Subject: a question\n\nfrom a person",
        "out of office": b"Auto-Submitted: auto-replied\nSubject: away\n\n" + KEY.encode() + b"0",
        "the receipt of another house": real.replace(KEY.encode(), b"01kb1vq8e0zzzzzzzzzzzzzzz"),
        "forged, by the address alone": real.replace(KEY.encode() + b"0", b""),
        "forged, by a guess": real.replace(KEY.encode() + b"0", KEY.encode()),
        "huge": real + b"x\n" * (SIZE_LIMIT // 2),
        "nested": deep,
        "wrapped": wrapped,
        "malformed": real.replace(b"boundary=", b"boundary*=\xff'"),
        "a head without end": b"Content-Type: multipart/report; boundary=" + b'";' * 100_000 + b"\n\n",
        "no head": b"\n\n\n",
        "NULs for a key": real.replace(KEY.encode() + b"0", b"+00" * 20),
    }


@pytest.mark.parametrize("name", list(hostile()))
def test_what_is_not_ours_changes_nothing_and_is_not_touched(office, trusted, name):
    office.sent(DELIVERED)
    office.put(hostile()[name])
    turning = office.fetcher()
    turning.turn(NOON)
    assert (office.files(), tasks.take_receipts(at=NOON), office.state().delivery_unknown) == ([], 0, True)
    assert office.flags() == [[]]
    assert (office.standing().why, office.standing().uid, office.standing().taken) == ("", 1, 0)


def test_a_receipt_is_found_among_all_that(office, trusted, caplog):
    caplog.set_level(logging.DEBUG)
    office.sent(DELIVERED)
    strange = list(hostile().values())
    office.put(*strange, DELIVERED, *strange)
    with office.owner() as mailbox:
        mailbox.uid("STORE", "1", "+FLAGS", "(\\Deleted)")  # a person is about to
    office.fetcher().turn(NOON)
    assert tasks.take_receipts(at=NOON) == 1
    assert office.flags() == [["\\Deleted"], *[[]] * (len(strange) - 1), TAKEN, *[[]] * len(strange)]
    assert [word for word in (PASSWORD, KEY, "weber@", "question") if word in caplog.text] == []


def test_a_key_of_the_portals_row_is_no_mails(office):
    office.sent(DELIVERED)
    portal = Delivery.objects.get(channel=Channel.PORTAL)
    assert (operations.is_ours(KEY + "0"), operations.is_ours(portal.key)) == (True, False)


# -- a mailbox that cannot be read -------------------------------------------------------------------------------------


def test_a_server_that_is_away_is_said_once_and_asked_later_and_later(office, trusted, caplog):
    caplog.set_level(logging.INFO)
    office.sent(DELIVERED)
    office.put(DELIVERED)
    turning = office.fetcher()
    office.server.stop()
    try:
        waits = [turning.turn(NOON + timedelta(minutes=minute)) for minute in range(6)]
    finally:
        office.server.start()
    assert waits == [timedelta(minutes=minutes) for minutes in (2, 4, 8, 15, 15, 15)]
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "cannot be reached: [Errno 111] Connection refused" in caplog.text
    assert (office.standing().failing_since, office.standing().fetched_at) == (NOON.isoformat(), "")
    assert turning.turn(NOON) == timedelta(seconds=60)
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    assert (office.standing().failing_since, office.standing().why, tasks.take_receipts(at=NOON)) == ("", "", 1)


def test_back_off():
    minute = timedelta(minutes=1)
    assert [fetch_again_in(minute, failures) for failures in (0, 1, 3, 4, 9999)] == [
        minute,
        2 * minute,
        8 * minute,
        FETCH_LATEST,
        FETCH_LATEST,
    ]
    assert fetch_again_in(timedelta(hours=1), 3) == timedelta(hours=1)


def fails(office, turning, words, caplog):
    caplog.set_level(logging.DEBUG)
    assert turning.turn(NOON) > timedelta(seconds=60)
    assert words in office.standing().why
    assert words in caplog.text
    told = caplog.text + json.dumps(office.standing().why)
    assert [secret for secret in (PASSWORD, "another word", USER) if secret in told] == []
    assert office.files() == []


def test_a_wrong_password_is_said_and_not_shown(office, trusted, caplog):
    turning = office.fetcher()
    path = office.password_file
    path.write_text("another word\n", encoding="utf-8")
    fails(office, turning, "the server refuses our user or password", caplog)
    path.write_text(f"{PASSWORD}\n", encoding="utf-8")
    assert turning.turn(NOON) == timedelta(seconds=60)  # the file is read at every turn
    path.unlink()
    fails(office, turning, "the file of the password cannot be read (FileNotFoundError)", caplog)


@pytest.mark.parametrize("scheme", ["imaps", "imap"])
def test_no_password_goes_to_a_server_that_cannot_prove_its_name(office, caplog, scheme):
    office.server.stop()  # its log is whole now
    heard = len(office.server.log)
    office.server.start()
    fails(office, office.fetcher(scheme=scheme), "certificate verify failed", caplog)
    office.server.stop()
    said = [line for line in office.server.log[heard:] if "imap-login" in line]
    office.server.start()
    assert [("unknown ca" in line, "method=" in line) for line in said] == [(True, False)]


def test_a_folder_that_is_not_there_is_said(office, trusted, caplog):
    fails(office, office.fetcher(name="Nowhere"), "the folder is not there", caplog)


def test_a_folder_in_which_nothing_can_be_marked_is_said(office, trusted, caplog):
    office.server.allow(modified_utf7(office.name), "lr")
    fails(office, office.fetcher(), "the folder is not there, or may not be written", caplog)


class _Answers(socketserver.StreamRequestHandler):
    """A server that says what its class holds, and then nothing until the other side goes."""

    words = b""

    def handle(self):
        self.wfile.write(self.words)
        while self.rfile.read(1):
            pass


@contextlib.contextmanager
def answering(words):
    class Handler(_Answers):
        pass

    Handler.words = words
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield running.server_address[1]
        finally:
            running.shutdown()
            thread.join()


def plain(port, tmp_path, **changed):
    options = {
        "password": lambda: PASSWORD,
        "every": timedelta(minutes=1),
        "mail": tmp_path / "mail",
        "is_ours": lambda key: False,
        "clock": SystemClock(),
        "stop": threading.Event(),
    }
    return Fetcher(read_mailbox_url(f"imap://us:pw@127.0.0.1:{port}/x"), **{**options, **changed})


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (b"220 mail.example ESMTP\r\n", "the server cannot be reached"),
        (b"* OK [CAPABILITY IMAP4rev1] ready\r\n", "timed out"),
        (b"* BYE the password is PASSWORD\r\n", "the server cannot be reached"),
        (b"* OK " + b"x" * 2_000_000, "the server cannot be reached"),
        (b"", "timed out"),
    ],
    ids=["another trade", "falls silent", "turns us away", "talks without end", "says nothing"],
)
def test_whatever_answers_the_turn_ends(tmp_path, monkeypatch, caplog, words, why):
    monkeypatch.setattr(imap, "TIMEOUT_S", 0.2)
    with answering(words) as port:
        turning = plain(port, tmp_path)
        assert turning.turn(NOON) == timedelta(minutes=2)
    assert why in read_standing(tmp_path / "mail" / fetching.STANDING_FILE).why
    assert "PASSWORD" not in caplog.text


def test_a_conversation_without_end_is_cut_off(tmp_path, monkeypatch):
    monkeypatch.setattr(imap, "SESSION_S", 0.2)
    with answering(b"* OK [CAPABILITY IMAP4rev1] ready\r\n") as port:
        assert plain(port, tmp_path).turn(NOON) == timedelta(minutes=2)
    assert read_standing(tmp_path / "mail" / fetching.STANDING_FILE).why == "the server cannot be reached"


def test_a_database_that_is_away_fails_the_turn_and_loses_nothing(office, trusted, caplog, monkeypatch):
    office.sent(DELIVERED)
    office.put(DELIVERED)
    turning = office.fetcher()

    def away(key):
        raise OperationalError(f"no rows about {key}")

    closed = []
    with monkeypatch.context() as patch:
        patch.setattr(operations, "is_ours", away)
        patch.setattr(
            tasks, "close_old_connections", lambda: closed.append(True)
        )  # it would end the test's transaction
        fails(office, turning, "the database does not answer", caplog)
    assert closed == [True]
    assert (KEY in caplog.text, office.flags()) == (False, [[]])
    turning.turn(NOON)
    assert tasks.take_receipts(at=NOON) == 1


def test_a_fault_of_ours_is_told_with_its_trace_and_without_its_words(office, trusted, caplog, monkeypatch):
    office.put(DELIVERED)

    def faulty(data):
        raise KeyError(data)

    monkeypatch.setattr(fetching, "read_receipts", faulty)
    fails(office, office.fetcher(), "KeyError while receipts were fetched", caplog)
    assert [record.exc_info[0] for record in caplog.records if record.exc_info] == [KeyError]
    assert ("in faulty" in caplog.text, "Mail Delivery System" in caplog.text) == (True, False)


def test_a_full_disk_fails_the_turn_and_not_the_thread(office, trusted, caplog):
    office.mail.write_text("a file where the folder should be")
    assert office.fetcher().turn(NOON) == timedelta(minutes=2)
    assert "what was fetched cannot be kept: " in caplog.text


# -- beside the other work ---------------------------------------------------------------------------------------------


def test_a_mailbox_that_keeps_silent_holds_up_no_mail(office, tmp_path):
    """The thread of the fetching waits for its server; deliveries and receipts go their way meanwhile."""
    stop = threading.Event()
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        turning = plain(silent.getsockname()[1], tmp_path, stop=stop)
        turning.start()
        connection = silent.accept()[0]  # it is there now, and waits for a greeting
        office.sent(DELIVERED)
        place = office.mail / "receipts"
        place.mkdir(parents=True, exist_ok=True)
        (place / "one.eml").write_bytes((VECTORS / DELIVERED).read_bytes())
        assert tasks.take_receipts(at=NOON) == 1
        assert office.state().reached is Box.DELIVERED
        assert turning._thread.is_alive()
        stop.set()
        connection.close()
        turning.join(20)
    assert not turning._thread.is_alive()


def test_the_thread_fetches_and_stops_when_told(office, trusted):
    office.put(DELIVERED)
    stop, asked = threading.Event(), []
    turning = office.fetcher(stop=stop)

    def known(key):
        asked.append(key)
        stop.set()
        return True

    turning._is_ours = known
    turning.start()
    turning.join(30)
    assert (turning._thread.is_alive(), asked, len(office.files())) == (False, [KEY + "0"], 1)


def test_the_worker_starts_the_fetching_and_ends_it(office, monkeypatch):
    told = []

    class Told(Fetcher):
        def start(self):
            super().start()
            told.append("started")

        def join(self, seconds):
            super().join(seconds)
            told.append("ended")

    monkeypatch.setattr(tasks, "Fetcher", Told)
    office.fetcher()
    stop = threading.Event()
    stop.set()
    worker.work(office.settings.PERMANENCE, clock=SystemClock(), stop=stop)
    assert told == ["started", "ended"]


def test_without_a_mailbox_nothing_is_fetched(office):
    assert tasks.receipt_fetcher(clock=SystemClock(), stop=threading.Event()) is None


# -- settings ----------------------------------------------------------------------------------------------------------


def read(**environment):
    return config.configuration(Path("/srv/house"), file={}, environment=environment)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("imaps://u:p%2Fw@mail.example", ("imaps", "mail.example", 993, "u", "p/w", "INBOX")),
        ("imap://u@c.example:pw@mail.example/", ("imap", "mail.example", 143, "u@c.example", "pw", "INBOX")),
        ("imaps://u@[2001:db8::1]:1993/A%20b/c", ("imaps", "2001:db8::1", 1993, "u", "", "A b/c")),
    ],
)
def test_the_address_of_a_mailbox(text, found):
    address = read_mailbox_url(text)
    parts = (address.scheme, address.host, address.port, address.user, address.password, address.folder)
    assert parts == found
    assert address.password == "" or (address.password not in str(address) and address.password not in repr(address))


@pytest.mark.parametrize(
    "text",
    [
        "imap.example",
        "https://u:hush@mail.example",
        "imaps://mail.example/INBOX",
        "imaps://u:hush/hush@mail.example",
        "imaps://u:hush#hush@mail.example",
        "imaps://u:hush@mail.example:hush",
        "imaps://u:hush@[mail.example/",
        "imaps://u:hush%0D%0A@mail.example/x",
        "imaps://u:hush@mail.example/x%0Ahush",
    ],
)
def test_a_wrong_address_is_refused_without_its_password(text):
    with pytest.raises(config.ConfigurationRefused, match=r"RECEIPTS_URL: expected imaps://user:password@host") as told:
        read(PERMANENCE_MAIL_RECEIPTS_URL=text)
    assert "hush" not in told.value.why
    assert "hush" not in "".join(map(str, told.value.__cause__.args))


def test_the_settings_of_the_fetching():
    found = read(PERMANENCE_MAIL_RECEIPTS_URL="imaps://u:hush@mail.example", PERMANENCE_MAIL_RECEIPTS_PASSWORD="hushed")
    assert (found.mail_receipts_every, "hush" in repr(found)) == (60, False)
    assert config.configuration(Path("/srv/house"), file={}, environment=found.environment()) == found
    for wrong in ("5", "x", "-60", "1e3", "100000"):
        with pytest.raises(config.ConfigurationRefused, match="expected seconds, between 10 and 86400"):
            read(PERMANENCE_MAIL_RECEIPTS_EVERY=wrong)


def test_the_password_is_that_of_the_file_then_of_the_setting_then_of_the_address(office):
    assert office.fetcher()._password() == PASSWORD
    address = {"mail_receipts_url": "imaps://u:one@mail.example", "mail_receipts_password_file": ""}
    assert office.fetcher(**address)._password() == "one"
    assert office.fetcher(**address, mail_receipts_password="two")._password() == "two"


@pytest.mark.parametrize(
    ("name", "known"),
    [("INBOX", "INBOX"), ("A & B", "A &- B"), ("~peter/mail/日本語/台北", "~peter/mail/&ZeVnLIqe-/&U,BTFw-")],
)
def test_the_name_of_a_folder_as_imap_writes_it(name, known):
    # the last is the example of RFC 3501, section 5.1.3
    assert modified_utf7(name) == known


def test_a_delivery_that_came_back_stays_so_whatever_comes_later(office, trusted):
    office.sent(FAILED)
    late = (VECTORS / DELIVERED).read_bytes().replace(KEY.encode() + b"0", KEY.encode() + b"3")
    office.put(FAILED, late)
    office.fetcher().turn(NOON)
    assert tasks.take_receipts(at=NOON) == 1
    assert Delivery.objects.get(channel=Channel.EMAIL).state == DeliveryState.BOUNCED


# -- the doctor --------------------------------------------------------------------------------------------------------


def finding(office, minutes):
    found = doctor.receipts(office.settings.PERMANENCE, at=NOON + timedelta(minutes=minutes))
    assert found.subject == "receipts"
    return found.level, found.sentence


def test_the_doctor_says_whether_receipts_are_fetched_and_when_last(office, trusted):
    level, sentence = finding(office, 0)
    assert (level, "mail.receipts_url" in sentence) == ("look", True)
    fetching_ = office.fetcher()
    assert finding(office, 0) == ("wrong", "Not fetched yet: the worker does it when the house runs.")
    fetching_.turn(NOON)
    assert finding(office, 1) == ("well", "Fetched on 2026-11-24 11:00 UTC, 0 so far.")
    level, sentence = finding(office, 11)
    assert (level, sentence.partition(":")[0]) == ("wrong", "Last fetched on 2026-11-24 11")
    office.password_file.unlink()
    fetching_.turn(NOON + timedelta(minutes=11))
    why = "the file of the password cannot be read (FileNotFoundError)"
    told = f"Not fetched since 2026-11-24 11:11 UTC, the last time on 2026-11-24 11:00 UTC: {why}."
    assert finding(office, 12) == ("wrong", told)


def test_the_doctor_of_a_demonstration_wants_no_mailbox(office):
    office.settings.PERMANENCE = office.settings.PERMANENCE.changed(demonstration=True)
    assert finding(office, 0)[0] == "well"
