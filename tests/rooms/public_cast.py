# SPDX-License-Identifier: AGPL-3.0-or-later
"""Patients who book by themselves: the pages' clock, the practice whose page is on, and Jeanne with her browser."""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from html import unescape

import pytest
from django.test import Client as Browser

from permanence.agenda.models import PublicForm
from permanence.agenda.operations import public_mails
from permanence.agenda.operations.public_pages import set_page
from permanence.agenda.queries.public import code_for
from permanence.booking import parts
from permanence.dispatch.public_mails import compose
from permanence.dispatch.rules import LEASE
from tests.rooms.agenda_cast import after, make_agenda_cast
from tests.rooms.messaging_cast import NOON

SLUG = "dr-dupont"
SAID = {
    "last_name": "Hoffmann",
    "first_name": "Jeanne",
    "birth_date": "14.03.1961",
    "number": "06 12 34 56 78",
    "mail": "jeanne@example.org",
}


@dataclass
class Hands:
    """The movable clock of the pages."""

    at: datetime = NOON
    seconds: float = field(default=0.0)

    def now(self):
        return self.at

    def monotonic(self):
        return self.seconds

    def forward(self, **span):
        self.at += timedelta(**span)


@pytest.fixture
def clock(monkeypatch):
    hands = Hands()
    monkeypatch.setattr(parts, "CLOCK", hands)
    return hands


@pytest.fixture
def cast(db):
    made = make_agenda_cast()
    switch_on(made)
    return made


def switch_on(cast, *, agenda=None, slug=SLUG, **more):
    fields = {"active": True, "reasons": (cast.consultation,), "phone": "01 40 00 00 01"} | more
    agenda = cast.dupont if agenda is None else agenda
    return set_page(client=cast.cabinet.id, agenda=agenda, slug=slug, by=cast.marc, at=NOON, **fields)


class Visitor:
    """Somebody with a browser, from an address of his own."""

    def __init__(self, cast, clock, *, address="203.0.113.7", language="fr"):
        self.cast, self.clock = cast, clock
        self.browser = Browser(REMOTE_ADDR=address, headers={"accept-language": language}, enforce_csrf_checks=False)
        self.answer = None

    def get(self, path):
        self.answer = self.browser.get(path)
        return self.answer

    def post(self, path, **body):
        self.answer = self.browser.post(path, body)
        return self.answer

    def text(self):
        return unescape(self.answer.content.decode())

    def times(self, *, new="0", what=None, **query):
        asked = {
            "for": what or f"{self.cast.dupont}-{self.cast.consultation}",
            "new": new,
            "day": "2026-11-30",
            **query,
        }
        return self.get(f"/rdv/{SLUG}/times?" + "&".join(f"{name}={value}" for name, value in asked.items()))

    def fields(self):
        """The hidden fields of the form that takes a time."""
        found = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', self.text()))
        return {name: found[name] for name in ("key", "for", "new", "instead") if name in found}

    def shown(self):
        """The hidden fields of the form that moves or cancels an appointment."""
        found = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', self.text()))
        return {name: found[name] for name in ("key", "revision")}

    def take(self, minutes=0, **more):
        self.times()
        return self.post(f"/rdv/{SLUG}/times", **self.fields() | {"starts": after(minutes).isoformat()} | more)

    def follow(self):
        return self.get(self.answer["Location"])

    def tell(self, **changes):
        self.path = self.answer["Location"]
        self.clock.forward(seconds=20)
        return self.post(self.path, **SAID | changes)

    def code(self, typed=None, **body):
        form = PublicForm.objects.get(key=self.path.rsplit("/", 1)[-1])
        typed = code_for(form.key, form.code_number) if typed is None else typed
        return self.post(f"{self.path}/code", code=typed, **body)

    def book(self, minutes=0):
        self.take(minutes)
        self.tell()
        self.code()
        return self.answer["Location"]


@pytest.fixture
def jeanne(cast, clock):
    return Visitor(cast, clock)


def mails(at):
    """The mails that are due, composed."""
    found = []
    while (taken := public_mails.take_due(at=at, lease=LEASE)) is not None:
        found.append((taken, compose(taken, at=at)))
        public_mails.finish(taken, at=at, sent=True)
    return found


def body(mail):
    return mail.get_body(("plain",)).get_content() + mail.get_body(("html",)).get_content() + mail["Subject"]
