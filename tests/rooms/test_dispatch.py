# SPDX-License-Identifier: AGPL-3.0-or-later
"""Deliveries against a real SMTP server on loopback: refused, down, slow, killed half-way, receipted."""

import email
import email.policy
import re
import socket
import socketserver
import ssl
import threading
from contextlib import contextmanager
from datetime import UTC, timedelta
from email.message import EmailMessage

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from django.conf import settings as django_settings
from django.test import Client as Browser
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from permanence.clients import operations as clients
from permanence.clients.models import PortalUser, Recipient
from permanence.clients.rules import RecipientKind
from permanence.dispatch import approval_mails, handlers, operations, tasks
from permanence.dispatch.channels.email import relay as channel
from permanence.dispatch.channels.email.receipts import Receipt, ReceiptAction, read_receipts
from permanence.dispatch.channels.email.relay import Envelope, Relay, RelaySettings
from permanence.dispatch.models import Delivery
from permanence.dispatch.queries import mail_trouble
from permanence.dispatch.rules import LEASE, MAX_ATTEMPTS, Attempt, Channel, DeliveryState, Outcome
from permanence.foundation.models import AuditEntry, OutboxEvent
from permanence.foundation.operations import house_system
from permanence.foundation.outbox import Wiring, deliver_due
from permanence.kernel.system import SystemEntropy
from permanence.messaging import operations as messaging
from permanence.messaging import queries as messages
from permanence.messaging import words
from permanence.messaging.events import MESSAGING_EVENTS
from permanence.messaging.rules import Box
from permanence.project.config import UNSET_SENDER
from permanence.project.mail_sink import start_mail_sink
from tests.processes import free_port
from tests.rooms.messaging_cast import NOON, form, make_cast

pytestmark = pytest.mark.django_db
WIRING = Wiring(
    catalogue=MESSAGING_EVENTS, hearers={"MessageTaken": (("dispatch.message_taken", handlers.on_message_taken),)}
)


class Server:
    """A relay that answers as told. `recipients` maps an address to its reply, `reply` is that to the mail."""

    def __init__(self):
        self.recipients = {}
        self.reply = "250 taken"
        self.envelopes = []
        self.connections = 0

    async def handle_EHLO(self, server, session, envelope, hostname, responses):  # noqa: N802 - aiosmtpd's name
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802 - aiosmtpd's name
        reply = self.recipients.get(address, "250 ok")
        if reply.startswith("250"):
            envelope.rcpt_tos.append(address)
        return reply

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - aiosmtpd's name
        if self.reply.startswith("250"):
            self.envelopes.append(envelope)
        return self.reply

    @property
    def mails(self):
        return [email.message_from_bytes(each.content, policy=email.policy.default) for each in self.envelopes]


@contextmanager
def listening(server, port, **options):
    controller = Controller(server, hostname="127.0.0.1", port=port, **options)
    controller.start()
    server.connections = 0
    try:
        yield server
    finally:
        controller.stop()


@pytest.fixture
def port():
    return free_port()


@pytest.fixture
def relay(port):
    return RelaySettings(host="127.0.0.1", port=port)


@pytest.fixture
def server(port):
    with listening(Server(), port) as running:
        yield running


@pytest.fixture
def cast(settings, tmp_path):
    settings.PERMANENCE = django_settings.PERMANENCE.changed(
        data=tmp_path, mail_from="permanence@centre.example", public_host="centre.example"
    )
    return make_cast()


def take(cast, *, account=None, recipient=None, key="m" * 20, urgency="today", at=NOON):
    account = account or cast.weber
    messaging.take_message(
        house=cast.house,
        client_id=account.id,
        call="",
        by=cast.claire,
        at=at,
        form=form(recipient or account.doctor, key=key, urgency=urgency),
    )
    deliver_due(at=at, wiring=WIRING)


def state(cast, *, at=NOON, key="m" * 20):
    return messages.message(cast.house, key, at).state


def mail_delivery():
    return Delivery.objects.get(channel=Channel.EMAIL)


def test_a_message_goes_out_and_is_sent_delivery_unknown(cast, server, relay):
    take(cast)
    assert tasks.run_due(at=NOON, relay=relay) == 2  # the e-mail and the portal
    (envelope,) = server.envelopes
    assert (envelope.mail_from, envelope.rcpt_tos) == ("permanence@centre.example", ["weber@weber.example"])
    found = state(cast)
    assert (found.reached, found.delivery_unknown) == (Box.SENT, True)


def test_a_double_run_never_doubles_a_mail(cast, server, relay):
    take(cast)
    deliver_due(at=NOON, wiring=WIRING)
    handlers.on_message_taken("again", MESSAGING_EVENTS.read(_taken_event()))
    for minutes in (0, 0, 600):
        tasks.run_due(at=NOON + timedelta(minutes=minutes), relay=relay)
    assert len(server.envelopes) == 1


@pytest.fixture
def no_mail_server(settings, cast):
    written = settings.PERMANENCE
    settings.PERMANENCE = written.changed(demonstration=False, mail_from=UNSET_SENDER)

    def written_down(port):
        settings.PERMANENCE = written.changed(demonstration=False, mail_host="127.0.0.1", mail_port=port)

    return written_down


def sentence(cast, *, at=NOON):
    with translation.override("en"):
        return words.state_sentence(state(cast, at=at), UTC)


def test_a_house_without_a_mail_server_tries_no_mail_until_it_has_one(cast, server, port, no_mail_server, caplog):
    take(cast)
    assert sentence(cast) == "In the portal, without e-mail"
    assert tasks.run_due(at=NOON) == 1  # the portal's
    for days in range(3):
        assert tasks.run_due(at=NOON + timedelta(days=days)) == 0
    row = mail_delivery()
    assert (row.state, row.attempts, row.why) == (DeliveryState.PENDING, 0, "")
    assert (state(cast).failed, mail_trouble(), caplog.text) == (None, (), "")
    assert sentence(cast) == "In the portal, without e-mail"
    no_mail_server(port)
    assert sentence(cast) == "Being sent"
    assert tasks.run_due(at=NOON + timedelta(days=3)) == 1
    assert len(server.envelopes) == 1
    assert state(cast).reached is Box.SENT


def test_without_a_mail_server_a_message_for_somebody_without_the_portal_is_a_failure_until_it_leaves(
    cast, server, port, no_mail_server
):
    PortalUser.objects.filter(client=int(cast.weber.id)).update(active=False)
    take(cast)
    assert sentence(cast).startswith("Not sent: this house has no mail server")
    assert mail_delivery().state == DeliveryState.PENDING
    with pytest.raises(operations.NoMailServer):
        operations.retry(house=cast.house, message="m" * 20, by=cast.claire, at=NOON, entropy=SystemEntropy())
    no_mail_server(port)
    tasks.run_due(at=NOON + timedelta(hours=1))
    assert len(server.envelopes) == 1
    assert (state(cast).failed, state(cast).reached) == (None, Box.SENT)


@pytest.mark.parametrize("run", [tasks.run_invitations, approval_mails.run_approvals], ids=lambda run: run.__name__)
def test_without_a_mail_server_no_run_opens_a_connection(cast, no_mail_server, run):
    assert run(at=NOON) == 0
    with Relay(tasks.relay_settings()) as connection:
        assert not connection.is_known
        refused = connection.send(EmailMessage(), Envelope(sender="a@b.example", recipient="c@d.example", key="k"))
    assert refused == Attempt(outcome=Outcome.RETRY, why="")


def _taken_event():
    return OutboxEvent.objects.get(name="MessageTaken").body


def test_no_word_of_the_message_is_in_the_mail(cast, server, relay):
    take(cast, urgency="urgent")
    tasks.run_due(at=NOON, relay=relay)
    raw = server.envelopes[0].content.decode()
    (mail,) = server.mails
    # Boundaries and ids are drawn by lot: any digits may stand in them.
    raw = re.sub(r"={2,}\d+==|<[^<>@\s]+@[^<>\s]+>", "", raw)
    whole = raw + "".join(part.get_content() for part in mail.walk() if part.get_content_maintype() == "text")
    for secret in ("Hoffmann", "621", "Renouvellement", "anticoagulant", "traitement", "Claire", "Dr Weber"):
        assert secret not in whole
    assert f"https://centre.example/portal/messages/{'m' * 20}" in mail.get_body(("plain",)).get_content()


def test_a_robot_that_follows_every_link_of_the_mail_changes_nothing(cast, server, relay):
    take(cast)
    tasks.run_due(at=NOON, relay=relay)
    (mail,) = server.mails
    texts = [part.get_content() for part in mail.walk() if part.get_content_maintype() == "text"]
    links = set(re.findall(r"https://centre\.example(/[^\s\"<]*)", "".join(texts)))
    assert links == {f"/portal/messages/{'m' * 20}"}
    before = (OutboxEvent.objects.count(), AuditEntry.objects.count(), state(cast))
    robot = Browser()
    for link in links:
        assert robot.head(link).status_code == 302
        seen = robot.get(link, follow=True)
        assert (seen.status_code, seen.redirect_chain[-1][0].partition("?")[0]) == (200, "/login")
        assert b"Hoffmann" not in seen.content
    assert (OutboxEvent.objects.count(), AuditEntry.objects.count(), state(cast)) == before


def test_the_mail_is_well_formed_and_says_who_and_how_urgent(cast, server, relay):
    take(cast, urgency="urgent")
    tasks.run_due(at=NOON, relay=relay)
    (mail,) = server.mails
    assert mail["Message-ID"] == f"<{mail_delivery().key}@centre.example>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["List-Id"] == "<messages.centre.centre.example>"
    assert mail["Importance"] == "high"
    assert "Permanence du Centre" in mail["From"]
    assert mail["Date"].datetime == NOON
    assert mail.get_content_type() == "multipart/alternative"
    html = mail.get_body(("html",)).get_content()
    assert f'href="https://centre.example/portal/messages/{"m" * 20}"' in html
    assert html.count("http") == 1  # nothing is fetched: no picture, no style, no font


def test_the_mail_is_in_the_language_of_the_person_who_reads_it(cast, server, relay):
    take(cast)
    take(cast, account=cast.cabinet, key="n" * 20)
    tasks.run_due(at=NOON, relay=relay)
    languages = {mail["To"]: mail["Content-Language"] for mail in server.mails}
    assert languages == {"weber@weber.example": "de", "dupont@dupont.example": "fr"}


def test_a_refused_recipient_is_final_and_its_reason_is_shown(cast, server, relay):
    server.recipients["weber@weber.example"] = "550 5.1.1 no such mailbox"
    take(cast)
    tasks.run_due(at=NOON, relay=relay)
    found = state(cast)
    assert (found.failed, found.failure) == (Box.SENT, "550 5.1.1 no such mailbox")
    (row,) = Delivery.objects.filter(channel=Channel.EMAIL)
    assert (row.state, row.why) == (DeliveryState.FAILED, "550 5.1.1 no such mailbox")
    assert tasks.run_due(at=NOON + timedelta(days=2), relay=relay) == 0


def test_a_mail_refused_for_good_does_not_stop_the_next_on_the_same_connection(cast, server, relay):
    server.recipients["weber@weber.example"] = "550 no"
    take(cast)
    take(cast, account=cast.cabinet, key="n" * 20, at=NOON + timedelta(seconds=1))
    tasks.run_due(at=NOON + timedelta(seconds=2), relay=relay)
    assert [each.rcpt_tos for each in server.envelopes] == [["dupont@dupont.example"]]
    assert server.connections == 1


def test_relay_down_then_up_by_the_back_off(cast, port, relay):
    take(cast)
    at = NOON
    for minutes in (1, 5, 15, 60, 60):
        tasks.run_due(at=at, relay=relay)
        row = mail_delivery()
        assert row.next_attempt_at - at == timedelta(minutes=minutes)
        assert row.why
        assert state(cast, at=at).reached is None
        assert state(cast, at=at).failed is None
        assert tasks.run_due(at=row.next_attempt_at - timedelta(seconds=1), relay=relay) == 0
        at = row.next_attempt_at
    with listening(Server(), port) as server:
        tasks.run_due(at=at, relay=relay)
    assert len(server.envelopes) == 1
    assert (state(cast, at=at).reached, mail_delivery().why) == (Box.SENT, "")


class _HangsUp(socketserver.BaseRequestHandler):
    """A relay that takes the connection and says nothing useful."""

    asked = 0

    def handle(self):
        type(self).asked += 1


def test_a_relay_that_opens_no_conversation_is_asked_once_a_run(cast):
    for number in range(4):
        take(cast, key=f"{number:020}")
    _HangsUp.asked = 0
    with socketserver.TCPServer(("127.0.0.1", 0), _HangsUp) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        tasks.run_due(at=NOON, relay=RelaySettings(host="127.0.0.1", port=server.server_address[1]))
        server.shutdown()
        thread.join()
    assert _HangsUp.asked == 1
    rows = Delivery.objects.filter(channel=Channel.EMAIL).values_list("state", "attempts", "next_attempt_at")
    assert list(rows) == [("pending", 1, NOON + timedelta(minutes=1))] * 4


def test_a_relay_that_falls_silent_is_left_alone_for_the_run(cast, monkeypatch):
    for number in range(3):
        take(cast, key=f"{number:020}")
    monkeypatch.setattr(channel, "TIMEOUT_S", 0.05)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        tasks.run_due(at=NOON, relay=RelaySettings(host="127.0.0.1", port=silent.getsockname()[1]))
        silent.settimeout(0)
        silent.accept()[0].close()
        with pytest.raises(BlockingIOError):
            silent.accept()
    assert all("timed out" in row.why for row in Delivery.objects.filter(channel=Channel.EMAIL))


def test_an_address_that_cannot_stand_in_a_mail_is_refused_and_stops_nothing(cast, server, relay):
    take(cast)
    take(cast, account=cast.cabinet, key="n" * 20)
    Delivery.objects.filter(address="weber@weber.example").update(address="a\n@b")
    tasks.run_due(at=NOON, relay=relay)
    assert Delivery.objects.get(message="m" * 20, channel=Channel.EMAIL).state == DeliveryState.FAILED
    assert [each.rcpt_tos for each in server.envelopes] == [["dupont@dupont.example"]]


def test_a_relay_that_says_later_is_asked_later(cast, server, relay):
    server.reply = "451 4.3.0 try later"
    take(cast)
    tasks.run_due(at=NOON, relay=relay)
    assert (mail_delivery().state, mail_delivery().why) == (DeliveryState.PENDING, "451 4.3.0 try later")
    server.reply = "250 now"
    tasks.run_due(at=NOON + timedelta(minutes=1), relay=relay)
    assert state(cast).reached is Box.SENT


def test_after_a_day_of_tries_it_is_given_up_and_said(cast, relay):
    take(cast)
    at = NOON
    for _ in range(MAX_ATTEMPTS):
        tasks.run_due(at=at, relay=relay)
        at = mail_delivery().next_attempt_at
    assert mail_delivery().state == DeliveryState.FAILED
    assert state(cast, at=at).failed is Box.SENT


def test_killed_between_the_relays_answer_and_the_commit_at_most_one_duplicate(cast, server, relay):
    take(cast)
    taken = None
    while taken is None or taken.channel is not Channel.EMAIL:
        taken = operations.take_due(at=NOON)
    _send_and_die(taken, relay)
    tasks.run_due(at=NOON + LEASE - timedelta(seconds=1), relay=relay)
    assert len(server.envelopes) == 1
    tasks.run_due(at=NOON + LEASE, relay=relay)
    tasks.run_due(at=NOON + LEASE * 9, relay=relay)
    assert len(server.envelopes) == 2
    assert len({mail["Message-ID"] for mail in server.mails}) == 1  # whoever receives both sees that it is one


def _send_and_die(taken, relay):
    with tasks.Relay(relay) as connection:
        assert tasks._mail(taken, connection, at=NOON).outcome is Outcome.SENT


def test_of_two_workers_one_takes_a_row(cast):
    take(cast)
    found = [operations.take_due(at=NOON) for _ in range(3)]
    assert [each is None for each in found] == [False, False, True]
    assert len({each.delivery for each in found if each}) == 2


def test_a_worker_that_lost_its_lease_changes_nothing(cast):
    take(cast)
    first = operations.take_due(at=NOON)
    second = operations.take_due(at=NOON)
    mine = first if first.channel is Channel.EMAIL else second
    again = operations.take_due(at=NOON + LEASE)
    while again.delivery != mine.delivery:
        again = operations.take_due(at=NOON + LEASE)
    operations.finish(mine, Attempt(outcome=Outcome.REFUSED, why="550 late"), at=NOON + LEASE)
    assert mail_delivery().state == DeliveryState.PENDING
    operations.finish(again, Attempt(outcome=Outcome.SENT), at=NOON + LEASE)
    assert mail_delivery().state == DeliveryState.SENT


def test_an_address_this_relay_cannot_carry_is_refused(cast, port, relay):
    take(cast)
    Delivery.objects.filter(channel=Channel.EMAIL).update(address="müller@weber.example")
    with listening(Server(), port, enable_SMTPUTF8=False) as server:
        tasks.run_due(at=NOON, relay=relay)
    assert (mail_delivery().state, server.envelopes) == (DeliveryState.FAILED, [])
    assert "SMTPUTF8" in mail_delivery().why


@pytest.mark.filterwarnings("ignore:Requiring AUTH")
@pytest.mark.parametrize(("password", "reached"), [("right", Box.SENT), ("wrong", None)])
def test_our_login_at_the_relay(cast, port, password, reached):
    take(cast)

    def known(server, session, envelope, mechanism, data):
        return AuthResult(success=(data.login, data.password) == (b"us", b"right"), handled=False)

    options = {"auth_require_tls": False, "auth_required": True, "authenticator": known}
    with listening(Server(), port, **options):
        settings = RelaySettings(host="127.0.0.1", port=port, user="us", password=password)
        tasks.run_due(at=NOON, relay=settings)
    assert state(cast).reached is reached
    assert state(cast).failed is None  # a wrong password is ours to mend: it is tried again
    assert mail_delivery().why.startswith("535" if password == "wrong" else "")


def _self_signed(folder):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOON - timedelta(days=9999))
        .not_valid_after(NOON + timedelta(days=9999))
        .sign(key, hashes.SHA256())
    )
    path = folder / "relay.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(private + certificate.public_bytes(Encoding.PEM))
    return path


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_no_mail_goes_to_a_relay_that_cannot_prove_its_name(cast, port, tmp_path, security):
    take(cast)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_self_signed(tmp_path))
    options = {"ssl_context": context} if security == "tls" else {"tls_context": context}
    with listening(Server(), port, **options) as server:
        tasks.run_due(at=NOON, relay=RelaySettings(host="127.0.0.1", port=port, security=security))
    assert server.envelopes == []
    assert "certificate" in mail_delivery().why.lower()
    assert mail_delivery().state == DeliveryState.PENDING


def test_where_it_goes_is_frozen_when_the_message_is_taken(cast, server, relay):
    take(cast)
    Recipient.objects.filter(pk=int(cast.weber.doctor)).update(email="new@weber.example")
    tasks.run_due(at=NOON, relay=relay)
    assert server.envelopes[0].rcpt_tos == ["weber@weber.example"]


def test_dupont_only_the_recipients_own_person_is_written_to(cast, server, relay):
    take(cast, account=cast.cabinet)
    take(cast, account=cast.cabinet, recipient=cast.cabinet.practice, key="n" * 20)
    tasks.run_due(at=NOON, relay=relay)
    reached = sorted((each.content.count(b"n" * 20) > 0, each.rcpt_tos[0]) for each in server.envelopes)
    assert reached == [
        (False, "dupont@dupont.example"),
        (True, "accueil@dupont.example"),
        (True, "dupont@dupont.example"),
        (True, "lemaire@dupont.example"),
    ]


def test_a_recipient_nobody_can_reach_is_a_failure_at_once(cast):
    take(cast, account=cast.weber, recipient=_add_unreachable(cast))
    found = state(cast)
    assert (found.failed, found.failure) == (Box.SENT, "no_address")


def _add_unreachable(cast):
    return clients.add_recipient(
        client=cast.weber.id,
        kind=RecipientKind.PRACTITIONER,
        name="Dr Klein",
        email="",
        by=house_system(house=cast.house),
        at=NOON,
    )


def test_a_receipt_of_the_sink_makes_it_delivered(cast, tmp_path):
    sink = start_mail_sink(tmp_path, "127.0.0.1", 0)
    try:
        take(cast)
        tasks.run_due(at=NOON, relay=RelaySettings(host="127.0.0.1", port=sink.port))
    finally:
        sink.stop()
    assert state(cast).delivery_unknown
    later = NOON + timedelta(minutes=1)
    assert tasks.take_receipts(at=later, folder=tmp_path / "mail" / "receipts") == 1
    assert (state(cast, at=later).reached, state(cast, at=later).since) == (Box.DELIVERED, later)
    assert tasks.take_receipts(at=later, folder=tmp_path / "mail" / "receipts") == 0


def receipt(action):
    return Receipt(key=mail_delivery().key, action=action, why="5.1.1 unknown")


def test_a_bounce_strikes_the_second_box_and_a_person_may_send_again(cast, server, relay):
    take(cast)
    tasks.run_due(at=NOON, relay=relay)
    assert operations.take_receipt(receipt(ReceiptAction.FAILED), at=NOON)
    found = state(cast)
    assert (found.failed, found.failure) == (Box.DELIVERED, "5.1.1 unknown")
    assert not operations.take_receipt(receipt(ReceiptAction.FAILED), at=NOON)
    with pytest.raises(messaging.NoSuchMessage):
        again(cast, house=cast.other_house, by=cast.other_secretary)
    assert again(cast) == 1
    tasks.run_due(at=NOON, relay=relay)
    assert len(server.envelopes) == 2
    assert state(cast).failed is None


def test_sent_again_it_is_another_mail_for_whoever_drops_what_he_has_seen(cast, server, relay):
    """A mail server that suppresses repetitions goes by the Message-ID; ENVID tells the receipts apart."""
    take(cast)
    tasks.run_due(at=NOON, relay=relay)
    first = receipt(ReceiptAction.FAILED)
    assert operations.take_receipt(first, at=NOON)
    assert again(cast) == 1
    assert again(cast) == 0  # pressed twice: it is on its way
    tasks.run_due(at=NOON, relay=relay)
    assert len({mail["Message-ID"] for mail in server.mails}) == 2
    assert not operations.take_receipt(first, at=NOON)  # late, and of the mail before
    assert state(cast).failed is None
    assert operations.take_receipt(receipt(ReceiptAction.DELIVERED), at=NOON)
    assert state(cast).reached is Box.DELIVERED


def test_a_worker_of_the_time_before_says_nothing_of_what_was_sent_again(cast, server, relay):
    take(cast)
    taken = operations.take_due(at=NOON)
    while taken.channel is not Channel.EMAIL:
        taken = operations.take_due(at=NOON)
    operations.finish(taken, Attempt(outcome=Outcome.REFUSED, why="550 no"), at=NOON)
    assert again(cast) == 1
    assert operations.take_due(at=NOON).attempt == taken.attempt
    operations.finish(taken, Attempt(outcome=Outcome.SENT), at=NOON)
    assert mail_delivery().state == DeliveryState.PENDING


def again(cast, *, at=NOON, **changed):
    asked = {"house": cast.house, "message": "m" * 20, "by": cast.claire, "at": at, "entropy": SystemEntropy()}
    return operations.retry(**{**asked, **changed})


def refused(cast, server, relay):
    server.recipients["weber@weber.example"] = "550 5.1.1 no such mailbox"
    take(cast)
    tasks.run_due(at=NOON, relay=relay)
    assert state(cast).failed is Box.SENT


def test_sent_again_it_goes_to_the_address_that_was_corrected_meanwhile(cast, server, relay):
    refused(cast, server, relay)
    Recipient.objects.filter(pk=cast.weber.doctor).update(email="anne@weber.example")  # as the back office does
    later = NOON + timedelta(hours=1)
    assert again(cast, at=later) == 1
    assert (state(cast, at=later).failed, again(cast, at=later)) == (None, 0)
    tasks.run_due(at=later, relay=relay)
    assert [each.rcpt_tos for each in server.envelopes] == [["anne@weber.example"]]
    assert (state(cast, at=later).reached, state(cast, at=later).failed) == (Box.SENT, None)
    assert again(cast, at=later) == 0
    entry = AuditEntry.objects.get(action="message.sent_again")
    assert (entry.subject, entry.by_id) == (f"messaging.message:{'m' * 20}", cast.claire.person_key)


def test_sent_again_a_relay_that_is_away_is_asked_by_the_whole_back_off(cast, server, relay):
    refused(cast, server, relay)
    Delivery.objects.update(attempts=MAX_ATTEMPTS)
    assert again(cast) == 1
    server.recipients["weber@weber.example"] = "451 later"
    tasks.run_due(at=NOON, relay=relay)
    assert (mail_delivery().state, mail_delivery().attempts) == (DeliveryState.PENDING, 1)


def test_a_recipient_nobody_can_reach_gets_it_once_he_has_an_address(cast, server, relay):
    take(cast, recipient=_add_unreachable(cast))
    assert state(cast).failure == "no_address"
    with pytest.raises(operations.NoAddress):
        again(cast)
    assert state(cast).failure == "no_address"
    Recipient.objects.filter(name="Dr Klein").update(email="klein@weber.example")
    assert (again(cast), state(cast).failed) == (1, None)
    tasks.run_due(at=NOON, relay=relay)
    assert [each.rcpt_tos for each in server.envelopes] == [["klein@weber.example"]]


def test_what_did_not_fail_is_not_sent_again(cast, server, relay):
    take(cast)
    assert again(cast) == 0
    tasks.run_due(at=NOON, relay=relay)
    assert (again(cast), tasks.run_due(at=NOON, relay=relay)) == (0, 0)
    assert not AuditEntry.objects.filter(action="message.sent_again").exists()


@pytest.mark.parametrize("action", [ReceiptAction.RELAYED, ReceiptAction.EXPANDED, ReceiptAction.DELAYED])
def test_relayed_is_not_delivered(cast, server, relay, action):
    take(cast)
    tasks.run_due(at=NOON, relay=relay)
    assert not operations.take_receipt(receipt(action), at=NOON)
    assert state(cast).delivery_unknown


def test_a_receipt_with_a_strangers_id_says_nothing(cast, server, relay, tmp_path):
    take(cast)
    tasks.run_due(at=NOON, relay=relay)
    (tmp_path / "one.eml").write_bytes(b"Subject: out of office\r\n\r\nI am away")
    (tmp_path / "two.eml").write_bytes(bytes(range(256)))
    strange = Receipt(key="0" * 26, action=ReceiptAction.DELIVERED, why="")
    assert not operations.take_receipt(strange, at=NOON)
    assert tasks.take_receipts(at=NOON, folder=tmp_path) == 0
    assert state(cast).delivery_unknown
    assert not list(tmp_path.glob("*.eml"))


def test_receipts_are_read_as_rfc_3464_writes_them():
    # the fields of RFC 3464, appendix E.1 and E.3, with the envelope's id of section 2.2.1
    text = (
        "MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=x\r\n\r\n"
        "--x\r\n\r\nwords\r\n--x\r\ncontent-type: message/delivery-status\r\n\r\n"
        "Reporting-MTA: dns; cs.utk.edu\r\nOriginal-Envelope-Id: k+2B1\r\n\r\n"
        "Original-Recipient: rfc822;a@b.example\r\nFinal-Recipient: rfc822;a@b.example\r\nAction: failed\r\n"
        "Status: 5.0.0 (permanent failure)\r\nDiagnostic-Code: smtp; 550 'a@b.example' is not a\r\n registered user\r\n"
        "\r\nFinal-Recipient: rfc822;c@b.example\r\nAction: delayed\r\nStatus: 4.0.0\r\n--x--\r\n"
    )
    one, two = read_receipts(text.encode())
    assert (one.key, one.action) == ("k+1", ReceiptAction.FAILED)
    assert one.why == "5.0.0 550 'a@b.example' is not a registered user"
    assert two.action is ReceiptAction.DELAYED


@given(st.binary(max_size=400))
def test_no_mail_breaks_the_reader_of_receipts(data):
    start = b"Content-Type: multipart/report; boundary=x\r\n\r\n--x\r\nContent-Type: message/delivery-status\r\n\r\n"
    for mail in (data, start + data, b"Content-Type: " + data):
        assert isinstance(read_receipts(mail), tuple)
