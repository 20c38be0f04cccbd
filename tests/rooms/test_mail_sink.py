# SPDX-License-Identifier: AGPL-3.0-or-later
"""The demonstration's mail server, spoken to by the standard library's client."""

import smtplib
import socket
from contextlib import contextmanager

import pytest

from permanence.dispatch.channels.email.receipts import ReceiptAction, read_receipts
from permanence.project.mail_sink import start_mail_sink

MAIL = b"Subject: hello\r\n\r\ntext\r\n.with a dot\r\n"


@pytest.fixture
def sink(tmp_path):
    running = start_mail_sink(tmp_path, "127.0.0.1", 0)
    yield running
    running.stop()


@contextmanager
def client(sink):
    with smtplib.SMTP("127.0.0.1", sink.port, timeout=5) as connection:
        yield connection


def test_a_mail_becomes_one_file_and_no_receipt_is_written_unasked(sink, tmp_path):
    with client(sink) as connection:
        connection.sendmail("a@a.example", ["b@b.example"], MAIL)
    (path,) = (tmp_path / "mail").glob("*")
    assert path.suffix == ".eml"
    assert path.read_bytes() == MAIL


def test_a_receipt_repeats_the_envelopes_id(sink, tmp_path):
    with client(sink) as connection:
        connection.ehlo()
        assert connection.has_extn("dsn")
        options = (["RET=HDRS", "ENVID=Mixed-Case+2B1"], ["NOTIFY=SUCCESS,FAILURE", "ORCPT=rfc822;b@b.example"])
        connection.sendmail("a@a.example", ["b@b.example"], MAIL, *options)
    (path,) = (tmp_path / "mail" / "receipts").glob("*.eml")
    (receipt,) = read_receipts(path.read_bytes())
    assert (receipt.key, receipt.action) == ("Mixed-Case+1", ReceiptAction.DELIVERED)


def test_the_second_mail_of_a_connection_inherits_no_receipt(sink, tmp_path):
    with client(sink) as connection:
        connection.sendmail("a@a.example", ["b@b.example"], MAIL, ["ENVID=one"], ["NOTIFY=SUCCESS"])
        connection.sendmail("a@a.example", ["b@b.example"], MAIL)
    assert len(list((tmp_path / "mail").glob("*.eml"))) == 2
    assert len(list((tmp_path / "mail" / "receipts").glob("*.eml"))) == 1


def test_unknown_parameters_are_refused(sink):
    with client(sink) as connection:
        connection.ehlo()
        assert connection.docmd("MAIL", "FROM:<a@a.example> ODD=1")[0] == 555


def test_a_port_in_use_is_an_error_for_the_caller(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(OSError, match="address already in use"):
            start_mail_sink(tmp_path, "127.0.0.1", taken.getsockname()[1])


def test_it_stops_while_somebody_is_connected(tmp_path):
    sink = start_mail_sink(tmp_path, "127.0.0.1", 0)
    connection = smtplib.SMTP("127.0.0.1", sink.port, timeout=5)
    connection.ehlo()
    sink.stop()
    with pytest.raises(smtplib.SMTPServerDisconnected):
        connection.docmd("NOOP")
    connection.close()
