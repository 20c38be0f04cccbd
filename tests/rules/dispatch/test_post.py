# SPDX-License-Identifier: AGPL-3.0-or-later
"""What all due mails have in common: the log never says who is written to."""

import logging
from dataclasses import dataclass

import pytest

from permanence.dispatch import post
from permanence.dispatch.rules import Attempt, Outcome


@dataclass
class Mail:
    key: str
    attempt: int = 1


@pytest.mark.parametrize(
    "why",
    [
        "550 5.1.1 <anna.weber@example.org>: Recipient address rejected",
        "HTTP 400 invalid number +352 691 123 456",
        "HTTP 400 0691-12.34.56 is not reachable",
        "ValueError: Jean@sub.example.lu has no domain",
    ],
)
def test_the_log_has_the_reason_without_the_person(why, caplog):
    with caplog.at_level(logging.WARNING):
        post.note_failure("mail", Mail("k"), why)
    (line,) = caplog.messages
    assert "(left out)" in line
    assert not any(part in line.lower() for part in ("anna", "jean@", "691", "34.56"))


def test_a_reply_without_a_person_stays_as_it_is():
    assert post.impersonal("451 4.7.1 greylisted, try again in 300 s") == "451 4.7.1 greylisted, try again in 300 s"


def test_each_is_sent_and_written_down_until_it_is_enough():
    waiting, done = [Mail(str(number)) for number in range(5)], []
    sent = Attempt(outcome=Outcome.SENT)
    tried = post.send_each(
        "mail",
        take=lambda: waiting.pop(0) if waiting else None,
        send=lambda _taken: sent,
        finish=lambda taken, attempt: done.append((taken.key, attempt)),
        limit=3,
        stop=lambda: False,
    )
    assert (tried, done) == (3, [(str(number), sent) for number in range(3)])
    assert len(waiting) == 2
