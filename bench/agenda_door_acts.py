# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a racer does at each door of the house: takes a time, reads the answer, gives the time back.

He knows what somebody outside knows: addresses, bodies, the words and codes of answers; and the code that he is mailed.
One more door is a class in `DOORS`.
"""

import base64
import json
import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

from bench.agenda_race_work import Ground  # sets Django up

# isort: split
from django.http import HttpResponse
from django.test import Client as Browser

from permanence.agenda.interop.devices import make_device
from permanence.agenda.operations import setting
from permanence.agenda.operations.interface import make_token
from permanence.agenda.operations.public_pages import set_page
from permanence.agenda.queries.public import code_for
from permanence.api.fhir import gate
from permanence.booking import parts
from permanence.clients import operations as clients
from permanence.foundation import operations as foundation
from permanence.foundation.models import Person
from permanence.foundation.rules import Role
from permanence.foundation.who import Who, who_is
from permanence.kernel.system import SystemClock, SystemEntropy

CLOCK = SystemClock()
MINUTES = 20
"""How long the visits of the race last."""
UNLIMITED = 10**9
WRITING = timedelta(seconds=3)
"""How long a patient writes at his form: a public page refuses who is faster."""
SENTENCES = {
    "Somebody has just taken this time. Here are the next ones.": "slot_already_taken",
    "Many are booking at this moment. Nothing was changed: please try again.": "agenda_busy",
    "The time for this form is over. Nothing was booked: please begin again.": "form_unknown",
}
"""What the public pages say when others were faster -> our name for it. Any other sentence is its own name."""
STATUSES = {403: "read_only", 409: "slot_already_taken", 412: "changed_meanwhile", 503: "agenda_busy"}
"""What CalDAV says by its status, with the cause in words."""


class Unnamed(Exception):
    """An answer that is neither what was asked for nor a refusal with its name."""


@dataclass(slots=True)
class LateClock:
    """The clock of the public pages in a racer's process; `behind` it while a form is begun."""

    behind: timedelta = field(default=timedelta())

    def now(self) -> datetime:
        """The moment."""
        return CLOCK.now() - self.behind

    def monotonic(self) -> float:
        """Seconds."""
        return CLOCK.monotonic()


PAGES_CLOCK = LateClock()


class Doors(Ground):
    """The house of the race with its doors open: every agenda has a public page, and no holiday closes it."""

    def __init__(self) -> None:
        super().__init__()
        self.pages = {agenda: f"race-{agenda}" for agenda in self.agendas}
        change = {"step": 5, "closed_on_holidays": False, "overbookings_per_day": 0, "active": True}
        for number, agenda in enumerate(self.agendas):
            setting.change_agenda(agenda=agenda, name=f"Dr {number}", by=self.by, at=CLOCK.now(), **change)
            set_page(
                client=self.client,
                agenda=agenda,
                slug=self.pages[agenda],
                active=True,
                reasons=self.reasons[:1],
                by=self.by,
                at=CLOCK.now(),
            )


class Door(ABC):
    """One racer at one door. `name` is also that of the rows it leaves: values of `rules.states.Door`."""

    name: str

    def __init__(self, ground: Doors, number: int) -> None:
        self.ground, self.number = ground, number
        self.browser = Browser(
            raise_request_exception=False, SERVER_NAME="localhost", headers={"accept-language": "en"}
        )
        self.acts = 0

    @abstractmethod
    def take(self, agenda: str, starts: datetime) -> str:
        """Try to take that time; the name of the refusal, "" where it was taken. Raises Unnamed."""

    @abstractmethod
    def give_back(self) -> str:
        """Give back what was taken last; as `take`."""

    def key(self) -> str:
        """An id as a page makes it."""
        self.acts += 1
        return f"{self.name}-{self.number:03d}-{self.acts:010d}"

    def person(self, role: Role) -> Who:
        """Somebody of the house who does nothing else."""
        key = foundation.add_person(
            email=f"{self.name}-{self.number}@race.example",
            name=f"Racer {self.number}",
            language="en",
            roles=frozenset({role}),
            by=self.ground.by,
            at=CLOCK.now(),
        )
        return who_is(Person.objects.select_related("house").get(pk=key))


def unnamed(answer: HttpResponse) -> Unnamed:
    """The answer, cut short."""
    return Unnamed(f"{answer.status_code}: {answer.content[:120]!r}")


class Console(Door):
    """A secretary, signed in, with the requests of the agenda's page."""

    name = "console"

    def __init__(self, ground: Doors, number: int) -> None:
        super().__init__(ground, number)
        self.browser.force_login(Person.objects.get(pk=self.person(Role.SECRETARY).person_key))
        self.last = ""

    def take(self, agenda: str, starts: datetime) -> str:
        """Book directly."""
        asked = {"agenda": agenda, "reason": self.ground.reasons[0], "patient": self.ground.patient}
        answer = self._act("book", **asked, starts_at=starts.isoformat())
        if answer.status_code != 201:
            return self._refused(answer)
        self.last = json.loads(answer.content)["appointment"]
        return ""

    def give_back(self) -> str:
        """Cancel."""
        answer = self._act("cancel", appointment=self.last, cause="patient")
        return "" if answer.status_code == 200 else self._refused(answer)

    def _act(self, what: str, **body: str) -> Any:
        said = json.dumps({"key": self.key(), **body})
        return self.browser.post(f"/console/agenda/{what}", said, content_type="application/json")

    def _refused(self, answer: HttpResponse) -> str:
        code = json.loads(answer.content)["code"] if answer.status_code == 422 else ""
        if not code:
            raise unnamed(answer)
        return str(code)


class Public(Door):
    """A patient with a browser: the time, who he is, the code of the mail. Each comes from an address of his own."""

    name = "public"

    def __init__(self, ground: Doors, number: int) -> None:
        super().__init__(ground, number)
        parts.CLOCK = PAGES_CLOCK
        self.link = self.unfinished = ""

    def take(self, agenda: str, starts: datetime) -> str:
        """From the time to the code."""
        slug, key = self.ground.pages[agenda], self.key()
        asked = {"key": key, "for": f"{agenda}-{self.ground.reasons[0]}", "new": "0", "instead": self.unfinished}
        PAGES_CLOCK.behind = WRITING
        answer = self._post(f"/rdv/{slug}/times", **asked, starts=starts.isoformat())
        PAGES_CLOCK.behind = timedelta()
        self.unfinished = key
        if answer.status_code == 303:
            answer = self._post(answer["Location"], **self._identity())
        if answer.status_code == 303:
            answer = self._post(answer["Location"], code=code_for(key, 1))
        if answer.status_code != 303:
            return self._refused(answer)
        self.link, self.unfinished = answer["Location"], ""
        return ""

    def give_back(self) -> str:
        """Cancel by the secret link."""
        answer = self._post(f"{self.link}/cancel", key=self.key(), revision="0")  # nobody moved it since he booked it
        return "" if answer.status_code == 303 else self._refused(answer)

    def _post(self, path: str, **body: str) -> Any:
        address = f"10.{self.number}.{self.acts >> 8 & 255}.{self.acts & 255}"
        return self.browser.post(path, body, REMOTE_ADDR=address)

    def _identity(self) -> dict[str, str]:
        """Somebody new: neither his mail nor his number was written to before."""
        number = self.number * 1_000_000 + self.acts
        letters = "".join(chr(ord("a") + int(figure)) for figure in str(number))
        return {
            "last_name": f"Racer{letters}",
            "first_name": "Jeanne",
            "birth_date": "14.03.1961",
            "number": f"06{number:08d}",
            "mail": f"racer{number}@race.example",
        }

    def _refused(self, answer: HttpResponse) -> str:
        text = unescape(answer.content.decode())
        found = re.search(r'role="alert"[^>]*>(.*?)</p>', text, re.DOTALL)
        words = " ".join(re.sub(r"<[^>]*>", " ", found[1]).split()) if found else ""
        if not words or answer.status_code not in {409, 410, 422, 429, 503}:
            raise unnamed(answer)
        return SENTENCES.get(words, re.sub(r"\d+", "0", words)[:60])


class Fhir(Door):
    """A system with a token of its own: `$book` of a slot that nobody proposed first."""

    name = "api"

    def __init__(self, ground: Doors, number: int) -> None:
        super().__init__(ground, number)
        made = make_token(
            client=ground.client,
            system=f"racer {number}",
            scopes=("read", "book"),
            days=1,
            by=ground.by,
            at=CLOCK.now(),
            entropy=SystemEntropy(),
        )
        gate.REQUESTS.most = UNLIMITED
        self.headers = {"Authorization": f"Bearer {made.token}"}
        self.last: dict[str, Any] = {}
        self.mine: set[str] = set()

    def take(self, agenda: str, starts: datetime) -> str:
        """Book for a patient who is known."""
        slot = f"Appointment/p.{agenda}.{self.ground.reasons[0]}.{starts:%Y%m%dT%H%M%SZ}"
        patient = {"resourceType": "Patient", "id": self.ground.patient}
        said = self._book(
            {"name": "appointment-reference", "valueReference": {"reference": slot}},
            {"name": "patient-resource", "resource": patient},
        )
        if said:
            return said
        # The same system asks for the same patient and slot again: it reads what stands, and took nothing.
        stood = self.last["id"] in self.mine
        self.mine.add(self.last["id"])
        return "slot_already_taken" if stood else ""

    def give_back(self) -> str:
        """`$book` of the same appointment, cancelled."""
        return self._book({"name": "appointment-resource", "resource": {**self.last, "status": "cancelled"}})

    def _book(self, *given: dict[str, Any]) -> str:
        body = json.dumps({"resourceType": "Parameters", "parameter": given})
        answer = self.browser.post("/fhir/Appointment/$book", body, "application/fhir+json", headers=self.headers)
        said = json.loads(answer.content) if answer.status_code < 500 else {}
        if answer.status_code == 200:
            self.last = said["entry"][0]["resource"]
            return ""
        if not said or said.get("resourceType") != "OperationOutcome":
            raise unnamed(answer)
        return str(said["issue"][0]["details"]["coding"][0]["code"])


class Caldav(Door):
    """An assistant's calendar program that writes an event over the time, or over a part of it."""

    name = "caldav"

    def __init__(self, ground: Doors, number: int) -> None:
        super().__init__(ground, number)
        who = self.person(Role.PORTAL_USER)
        given: dict[str, Any] = {"client": ground.client, "at": CLOCK.now()}
        clients.add_portal_user(person=who.person, recipient=None, by=ground.by, **given)
        _view, secret = make_device(label="Race", names=False, by=who, entropy=SystemEntropy(), **given)
        login = base64.b64encode(f"caldav-{number}@race.example:{secret}".encode()).decode()
        self.headers = {"Authorization": f"Basic {login}"}
        self.home, self.last = f"/dav/{who.person}", ""

    def take(self, agenda: str, starts: datetime) -> str:
        """PUT a new event that begins then, or a little later."""
        key = self.key()
        begins = starts + timedelta(minutes=5 * (self.acts % 3))
        event = EVENT.format(uid=key, starts=_stamp(begins), ends=_stamp(begins + timedelta(minutes=MINUTES)))
        self.last = f"{self.home}/{agenda}/{key}.ics"
        more = {"content_type": "text/calendar", "headers": {**self.headers, "If-None-Match": "*"}}
        answer = self.browser.put(self.last, event.replace("\n", "\r\n"), **more)
        return "" if answer.status_code == 201 else self._refused(answer)

    def give_back(self) -> str:
        """DELETE it."""
        answer = self.browser.delete(self.last, headers=self.headers)
        return "" if answer.status_code in {200, 204} else self._refused(answer)

    def _refused(self, answer: HttpResponse) -> str:
        if answer.status_code not in STATUSES or not answer.content.strip():
            raise unnamed(answer)
        return STATUSES[answer.status_code]


EVENT = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//race//race//EN
BEGIN:VEVENT
UID:{uid}
DTSTAMP:20261124T110000Z
DTSTART:{starts}
DTEND:{ends}
SUMMARY:Race
END:VEVENT
END:VCALENDAR
"""


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


DOORS: dict[str, Callable[[Doors, int], Door]] = {each.name: each for each in (Console, Public, Fhir, Caldav)}
"""Name -> the racer at that door."""
