# SPDX-License-Identifier: AGPL-3.0-or-later
"""The whole house in a story: the world of the telephone, and behind it the site's rooms on a database.

What the conductor journals goes through the real hearers (`ENGINE_HEARERS`), the outbox through the real wiring, the
mails by SMTP to a relay on loopback. One clock moves all of it.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import translation

from permanence.calls import queries as calls
from permanence.clients import queries as clients
from permanence.clients.models import Recipient
from permanence.console import rows
from permanence.dispatch import operations as dispatch
from permanence.dispatch import tasks
from permanence.dispatch.models import Delivery
from permanence.dispatch.rules import DeliveryState
from permanence.engine.exchange.dialling import CannotDial
from permanence.foundation import outbox
from permanence.foundation.exchange import Exchange, ExchangeRefused
from permanence.foundation.models import Person
from permanence.foundation.who import Who, who_is
from permanence.kernel.refusals import Refusal
from permanence.messaging import operations as messaging
from permanence.messaging import queries as messages
from permanence.messaging import tasks as messaging_tasks
from permanence.messaging import words
from permanence.messaging.queries import MessageRow
from permanence.messaging.rules import MessageForm
from permanence.project import demo_cast
from permanence.project.demo_house import load_demo_house
from permanence.project.wiring import ENGINE_HEARERS, WIRING
from permanence.reception.events import ENGINE_EVENTS
from permanence.staff import queries as staff
from permanence.switchboard import queries as switchboard
from permanence.switchboard import tasks as switchboard_tasks
from permanence.telephony import commands
from tests.stories import cast
from tests.stories.edges import SeededEntropy
from tests.stories.mailbox import Relay
from tests.stories.world import Secretary, World

ENGINE = "story"


def person(email: str) -> Who:
    """A person of the house, by his login."""
    return who_is(Person.objects.select_related("house").get(email=email))


class Office(World):
    """The demonstration house at work. The database is loaded at `at`; its slices are what the exchange routes by."""

    def __init__(self, at: datetime, relay: Relay) -> None:
        load_demo_house(at=at, entropy=SeededEntropy("house"))
        found = clients.clients(house=cast.HOUSE)
        slices = [switchboard.client_slice(house=cast.HOUSE, client=each.id, version=1, at=at) for each in found]
        house = switchboard.house_slice(house=cast.HOUSE, version=1)
        super().__init__(at, slices, replace(house, trunks=cast.house().trunks))
        self.relay = relay
        self.exchange = OfficeExchange(self)
        self._applied = 0
        self.claire = Clerk(self, demo_cast.CLAIRE)
        self.dr_weber = Practitioner(self, demo_cast.WEBER)
        self.dr_dupont = Practitioner(self, demo_cast.DUPONT)
        self.dr_lemaire = Practitioner(self, demo_cast.LEMAIRE)

    def forward(self, seconds: float = 0.0, *, minutes: float = 0.0) -> None:
        """Lets time go by; the worker wakes whenever a delivery is due."""
        end = self.clock.now() + timedelta(seconds=seconds, minutes=minutes)
        self.works()
        while (now := self.clock.now()) < end:
            waiting = Delivery.objects.filter(state=DeliveryState.PENDING).order_by("next_attempt_at")
            due = waiting.values_list("next_attempt_at", flat=True).first()
            until = end if due is None else min(max(due, now + timedelta(seconds=1)), end)
            super().forward((until - now).total_seconds())
            self.works()

    def works(self) -> None:
        """The worker's round: the engine's events, the outbox, what is due."""
        for sequence, body in list(enumerate(self.journal.events, start=1))[self._applied :]:
            for _name, hear in ENGINE_HEARERS:
                hear(ENGINE, sequence, ENGINE_EVENTS.read(body))
            self._applied = sequence
        at = self.clock.now()
        messaging_tasks.pass_on_alerts(at=at)
        while outbox.deliver_due(at=at, wiring=WIRING):
            pass
        tasks.run_due(at=at, relay=self.relay.settings)
        switchboard_tasks.run_forwarding_tests(at=at, exchange=self.exchange, entropy=SeededEntropy(f"worker {at}"))
        self.settle()

    def hears_all_again(self) -> None:
        """The worker was killed before it could say how far it had come: every event comes once more."""
        self._applied = 0
        self.works()

    def nothing_more_arrives(self) -> None:
        """Nobody finds a mail that the story did not expect."""
        for one in (self.dr_weber, self.dr_dupont, self.dr_lemaire):
            one.mailbox.nothing_more_arrives()


class OfficeExchange(Exchange):
    """The worker's client of the exchange, without the socket between them."""

    __slots__ = ("office",)

    def __init__(self, office: Office) -> None:
        object.__setattr__(self, "path", Path("no-socket"))
        object.__setattr__(self, "office", office)

    def command(self, name: str, **fields: Any) -> Any:
        """What the exchange answers."""
        office: Office = self.office
        asked = commands.read_house_command({"command": name, **fields})
        assert isinstance(asked, commands.Dial)
        trunk = office.conductor.parts.trunks.named(f"{asked.house}/{asked.trunk}")
        try:
            if trunk is None:
                raise CannotDial("the house has no such trunk")
            return {"dial": office.conductor.dial(asked, trunk, (office.exchange_flow,), "", office.clock.moment)}
        except Refusal as refusal:
            raise ExchangeRefused(refusal.code, refusal.why) from refusal


class Clerk(Secretary):
    """A secretary with her console: her line at the exchange, her messages at the site."""

    def __init__(self, office: Office, email: str) -> None:
        self.office = office
        self.who = person(email)
        entry = staff.secretary_of(house=cast.HOUSE, person=self.who.person)
        super().__init__(office, entry.id, entry.name)
        self._taken = 0

    def takes_message(self, *, for_: str, text: str, urgency: str = "today") -> str:
        """Writes down what the caller wants, from the card of her call; the message's id."""
        call, card = self.call["call"], self.call["card"]
        recipients = {each["name"]: each["id"] for each in card["form"]["recipients"]}
        self._taken += 1
        form = MessageForm(
            message=f"message-{self._taken:012}",
            recipient=recipients[for_],
            caller_number=card["caller"].get("number", ""),
            text=text,
            urgency=urgency,
        )
        kept = messaging.take_message(
            house=cast.HOUSE, client_id=card["client"], call=call, by=self.who, at=self.office.clock.now(), form=form
        )
        self.office.works()
        return kept.message

    def sends_again(self, message: str) -> None:
        """Presses the button on the line of a message that did not get out."""
        at = self.office.clock.now()
        due = dispatch.retry(
            house=cast.HOUSE, message=message, by=self.who, at=at, entropy=SeededEntropy(f"again {at}")
        )
        assert due
        self.office.works()

    def sees(self, state: str, words_: str = "") -> None:
        """The newest of today's messages is in this state (of `words.track_state`), and its line says `words_`."""
        found = self._today()[0]
        with translation.override("en"):
            (drawn,) = rows.message_rows([found], {}, self.zone)
        assert words.track_state(found.state) == state, drawn.sentence
        said = [drawn.sentence, *drawn.others]
        assert any(words_ in each for each in said), said

    @property
    def zone(self) -> ZoneInfo:
        """The clock on her wall."""
        return calls.zone_of(house=cast.HOUSE)

    def _today(self) -> list[MessageRow]:
        return messages.todays_messages(cast.HOUSE, self.office.clock.now())


class Practitioner:
    """A doctor: his mailbox, and the portal."""

    def __init__(self, office: Office, email: str) -> None:
        self._office = office
        self.who = person(email)
        self.mailbox = office.relay.mailbox(email)

    def opens(self, message: str = "") -> str:
        """Reads a message on the portal (by default the one his last mail leads to); its text."""
        at = self._office.clock.now()
        return messaging.mark_read(house=cast.HOUSE, message=message or self.mailbox.link, by=self.who, at=at).text

    def moves_to(self, address: str) -> None:
        """The owner corrects the doctor's address in the back office."""
        Recipient.objects.filter(email=self.mailbox.address).update(email=address)
        self.mailbox = self._office.relay.mailbox(address)

    def acknowledges(self, message: str = "") -> None:
        """Presses the button under it."""
        at = self._office.clock.now()
        messaging.acknowledge(house=cast.HOUSE, message=message or self.mailbox.link, by=self.who, at=at)
        self._office.works()

    def portal(self) -> list[str]:
        """The messages his portal shows."""
        found = messages.messages_for_person(cast.HOUSE, self.who.person, self._office.clock.now())
        return [each.message for each in found]
