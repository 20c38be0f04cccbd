# SPDX-License-Identifier: AGPL-3.0-or-later
"""The barrier of the tests themselves: sockets reach loopback and nothing else."""

import socket

import pytest


@pytest.mark.parametrize("address", [("192.0.2.1", 9), ("198.51.100.7", 5060)])
def test_a_datagram_to_another_machine_is_barred(address):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender, pytest.raises(RuntimeError, match=address[0]):
        sender.sendto(b"", address)


def test_a_connection_to_another_machine_is_barred():
    with socket.socket() as caller, pytest.raises(RuntimeError, match=r"socket\.connect"):
        caller.connect(("192.0.2.1", 80))


def test_loopback_is_open():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        assert receiver.sendto(b"x", receiver.getsockname()) == 1
