# SPDX-License-Identifier: AGPL-3.0-or-later
"""Receipts: what is asked for at sending, what real mail servers answer, what hostile mail may not do."""

from email.message import EmailMessage
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from hypothesis import given
from hypothesis import strategies as st

from permanence.dispatch.channels.email.receipts import GROUPS_LIMIT, Receipt, ReceiptAction, read_receipts
from permanence.dispatch.channels.email.relay import Envelope, Relay, RelaySettings
from permanence.dispatch.rules import Outcome
from permanence.project.mail_sink import ReceiptSMTP
from tests.effort import thread_s
from tests.processes import free_port

VECTORS = Path(__file__).parent / "receipts"
KEY = "01kb1vq8e0k7m2q9x4r8w3z5t"
"""The keys of the mails in VECTORS, but for the last character."""
THREAD_SECONDS = 5.0
"""What a hostile mail may cost: some hundred times what it does."""


def vector(name):
    return (VECTORS / name).read_bytes()


# -- asked for ---------------------------------------------------------------------------------------------------------


class Asked(ReceiptSMTP):
    """A relay that offers DSN (RFC 3461) and keeps the two commands as they came."""

    commands: list[str]

    async def smtp_MAIL(self, arg):  # noqa: N802 - aiosmtpd's name
        self.commands.append(arg)
        await super().smtp_MAIL(arg)

    async def smtp_RCPT(self, arg):  # noqa: N802 - aiosmtpd's name
        self.commands.append(arg)
        await super().smtp_RCPT(arg)


class Takes:
    def __init__(self, *, offers):
        self.offers = offers

    async def handle_EHLO(self, server, session, envelope, hostname, responses):  # noqa: N802 - aiosmtpd's name
        session.host_name = hostname
        return [*responses[:-1], "250-DSN", responses[-1]] if self.offers else responses

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - aiosmtpd's name
        return "250 taken"


def sent_by(offers, *, recipient):
    kept = []

    class Listening(Controller):
        def factory(self):
            server = Asked(self.handler, hostname="relay.example")
            server.commands = kept
            return server

    port = free_port()
    controller = Listening(Takes(offers=offers), hostname="127.0.0.1", port=port)
    controller.start()
    mail = EmailMessage()
    mail["Subject"] = "A message is waiting for you"
    try:
        with Relay(RelaySettings(host="127.0.0.1", port=port)) as relay:
            envelope = Envelope(sender="permanence@centre.example", recipient=recipient, key="k+1")
            assert relay.send(mail, envelope).outcome is Outcome.SENT
    finally:
        controller.stop()
    return kept


def test_a_receipt_of_success_and_of_failure_is_asked_for_under_the_deliverys_key():
    mail, rcpt = sent_by(True, recipient="anne+portal@weber.example")
    assert {"RET=HDRS", "ENVID=k+2B1"} <= set(mail.split())
    assert {"NOTIFY=SUCCESS,FAILURE,DELAY", "ORCPT=rfc822;anne+2Bportal@weber.example"} <= set(rcpt.split())


def test_a_relay_that_offers_no_receipts_is_asked_for_none():
    commands = " ".join(sent_by(False, recipient="weber@weber.example"))
    assert [word for word in ("RET=", "ENVID=", "NOTIFY=", "ORCPT=") if word in commands] == []


# -- as mail servers write them ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "last", "action", "why"),
    [
        (
            "postfix-3.10-delivered.eml",
            "0",
            ReceiptAction.DELIVERED,
            "2.0.0 delivery via virtual: delivered to maildir",
        ),
        (
            "postfix-3.10-failed.eml",
            "3",
            ReceiptAction.FAILED,
            "5.1.1 550 5.1.1 <gone@elsewhere.example>: Recipient address rejected: User unknown",
        ),
        ("postfix-3.10-relayed.eml", "2", ReceiptAction.RELAYED, "2.0.0 250 2.0.0 Ok: queued"),
    ],
)
def test_the_receipts_of_postfix(name, last, action, why):
    assert read_receipts(vector(name)) == (Receipt(key=KEY + last, action=action, why=why),)


def test_a_relay_without_dsn_is_understood_by_the_mail_it_gives_back():
    (receipt,) = read_receipts(vector("exim-4.98-failed.eml"))
    assert (receipt.key, receipt.action) == (KEY + "3", ReceiptAction.FAILED)
    assert receipt.why == "5.0.0 550 5.1.1 <gone@elsewhere.example>: Recipient address rejected: User unknown"


def test_the_simple_receipt_of_the_standard_is_ours_when_our_mail_stands_in_it():
    # RFC 3464, appendix E.1 ("simple DSN"), which leaves the original message out
    text = vector("rfc3464-e1.eml").replace(b"[original message goes here]", original().encode())
    (receipt,) = read_receipts(text)
    assert (receipt.key, receipt.action) == (KEY + "0", ReceiptAction.FAILED)
    assert receipt.why == "4.0.0 426 connection timed out"
    assert read_receipts(vector("rfc3464-e1.eml")) == ()


def original(key=KEY + "0"):
    return (
        f"From: permanence@centre.example\nMessage-ID: <{key}@centre.example>\nSubject: A message is waiting\n\nGo to"
    )


def test_the_envelopes_id_goes_before_the_message_id():
    text = vector("postfix-3.10-failed.eml").replace(
        b"Message-ID: <" + KEY.encode() + b"3", b"Message-ID: <" + b"0" * 26
    )
    assert [each.key for each in read_receipts(text)] == [KEY + "3"]


def test_a_receipt_in_the_internet_of_all_letters_is_read():
    # RFC 6533: message/global-delivery-status and message/global-headers
    text = vector("postfix-3.10-failed.eml").replace(b"message/delivery-status", b"message/global-delivery-status")
    assert [each.key for each in read_receipts(text)] == [KEY + "3"]


# -- hostile -----------------------------------------------------------------------------------------------------------


def report(status, *, boundary="x", more=""):
    return (
        f"Content-Type: multipart/report; report-type=delivery-status; boundary={boundary}\r\n\r\n"
        f"--{boundary}\r\nContent-Type: text/plain\r\n\r\nwords\r\n"
        f"--{boundary}\r\nContent-Type: message/delivery-status\r\n\r\n{status}\r\n{more}--{boundary}--\r\n"
    ).encode()


STATUS = (
    f"Original-Envelope-Id: {KEY}0\r\n\r\nFinal-Recipient: rfc822; a@b.example\r\nAction: failed\r\nStatus: 5.0.0\r\n"
)


def test_a_mail_nested_without_end_is_no_receipt_and_costs_little():
    deep = b"Content-Type: multipart/report; boundary=b0\n\n" + b"".join(
        b"--b%d\nContent-Type: multipart/mixed; boundary=b%d\n\n" % (level, level + 1) for level in range(9_000)
    )
    assert cost_of(deep + b"\n" * 100_000) < THREAD_SECONDS
    wrapped = b"".join(b"--x\nContent-Type: message/rfc822\n\n" for _ in range(9_000))
    assert cost_of(b"Content-Type: multipart/report; boundary=x\n\n" + wrapped) < THREAD_SECONDS


def cost_of(data):
    found = []
    seconds = thread_s(lambda: found.extend(read_receipts(data)))
    assert found == []
    return seconds


@pytest.mark.parametrize(
    "head",
    [
        b'Content-Type: multipart/report; boundary="' + b";" * 400_000,
        b"Content-Type: multipart/report; boundary=x" + b";a=b" * 100_000,
        b"Content-Type: multipart/report; boundary=x\n" + b"A: b\n" * 90_000,
    ],
    ids=["open quote", "many parameters", "many fields"],
)
def test_a_head_without_end_costs_little(head):
    assert cost_of(head + b"\n\n") < THREAD_SECONDS


def test_a_status_without_end_is_read_up_to_a_limit():
    group = "Final-Recipient: rfc822; a@b.example\r\nAction: failed\r\nStatus: 5.0.0\r\n\r\n"
    assert len(read_receipts(report(f"Original-Envelope-Id: {KEY}0\r\n\r\n" + group * 5_000))) == GROUPS_LIMIT


def test_a_receipt_inside_another_mail_is_none():
    inner = report(STATUS).decode()
    assert len(read_receipts(inner.encode())) == 1
    assert read_receipts(f"Content-Type: message/rfc822\r\n\r\n{inner}".encode()) == ()
    outer = (
        f"Content-Type: multipart/report; boundary=o\r\n\r\n--o\r\nContent-Type: message/rfc822\r\n\r\n{inner}\r\n--o--"
    )
    assert read_receipts(outer.encode()) == ()


@pytest.mark.parametrize("key", ["a+00b", "a+0Ab", "+C3+A9", "", "a b", "k" * 101])
def test_what_cannot_be_a_key_is_none(key):
    assert read_receipts(report(f"Original-Envelope-Id: {key}\r\n\r\nAction: failed\r\nStatus: 5.0.0\r\n")) == ()


def test_the_words_of_a_stranger_hold_nothing_that_cannot_be_shown_or_stored():
    words = "smtp; 550 no\0thing \x1b[31m here"
    (receipt,) = read_receipts(report(f"{STATUS}Diagnostic-Code: {words}\r\n"))
    assert receipt.why == "5.0.0 550 no thing [31m here"


@given(st.binary(max_size=200), st.binary(max_size=60))
def test_no_mail_breaks_the_reader(data, parameter):
    status = b"--x\r\nContent-Type: message/delivery-status\r\n\r\n"
    for mail in (
        data,
        b"Content-Type: multipart/report; boundary=x\r\n\r\n" + status + data,
        b"Content-Type: multipart/report; boundary*=" + parameter + b"\r\n\r\n" + status + data,
        report(STATUS).replace(b"5.0.0", data),
        report(STATUS).replace(KEY.encode(), data),
    ):
        for receipt in read_receipts(mail):
            assert receipt.key.isprintable()
            assert receipt.key.isascii()
            assert receipt.why.isprintable()
