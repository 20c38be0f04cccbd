# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the buttons of the page on which a client is set up do: one operation each, proved where need be."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.core.exceptions import PermissionDenied
from django.db import transaction

from permanence.backstage import onboarding_forms as forms
from permanence.clients import forwarding as lines
from permanence.clients import operations as clients
from permanence.clients.forwarding import LineView
from permanence.clients.proving import save_seen
from permanence.clients.queries import ClientFile, LineUnknown
from permanence.clients.rules.spoken import usual_phrases
from permanence.countries.forwarding import Access, ForwardingMode
from permanence.foundation.rules import Role
from permanence.foundation.who import Who
from permanence.switchboard import forwarding


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Who looks at which client and line, when."""

    by: Who
    at: datetime
    file: ClientFile
    lines: tuple[LineView, ...]
    line: LineView | None

    @property
    def client(self) -> str:
        """The client's id."""
        return self.file.view.id

    @property
    def number(self) -> str:
        """The line the page is about. Raises LineUnknown where the client has none."""
        if self.line is None:
            raise LineUnknown(self.client)
        return self.line.number


def _give_number(scene: Scene, form: Any) -> str:
    number: str = form.cleaned_data["number"]
    clients.give_line(client=scene.client, number=number, by=scene.by, at=scene.at)
    return number


def _set_phone(scene: Scene, form: Any) -> None:
    said = form.cleaned_data
    lines.set_forwarding(
        client=scene.client,
        number=scene.number,
        mode=ForwardingMode(said["mode"]),
        public_number=said["public_number"],
        access=Access(said["access"]),
        operator=said["operator"],
        seconds=said["seconds"],
        by=scene.by,
        at=scene.at,
    )


def _set_greeting(scene: Scene, form: Any) -> None:
    said = usual_phrases(scene.file.greetings)
    with transaction.atomic():
        for language, text in form.cleaned_data.items():
            if text and said.get(language) != text:
                clients.set_greeting(client=scene.client, language=language, text=text, by=scene.by, at=scene.at)


def _set_hours(scene: Scene, form: Any) -> None:
    week = [clients.Opening(weekday=day, opens=opens, until=until) for day, opens, until in form.week()]
    always, holidays = form.cleaned_data["always"], scene.file.hours.closed_on_holidays
    clients.set_hours(
        client=scene.client, week=week, always=always, closed_on_holidays=holidays, by=scene.by, at=scene.at
    )


def _ask(scene: Scene, _form: Any) -> None:
    forwarding.ask_proof(client=scene.client, number=scene.number, by=scene.by, at=scene.at)


def _watch(scene: Scene, form: Any) -> None:
    caller = form.cleaned_data["caller"]
    forwarding.watch_arrival(client=scene.client, number=scene.number, caller=caller, by=scene.by, at=scene.at)


def _stop(scene: Scene, form: Any) -> None:
    forwarding.stop_proof(client=scene.client, test=form.cleaned_data["test"], by=scene.by, at=scene.at)


def _daily(scene: Scene, form: Any) -> None:
    clock = form.cleaned_data["clock"]
    forwarding.repeat_daily(client=scene.client, number=scene.number, clock=clock, by=scene.by, at=scene.at)


def _answer(scene: Scene, form: Any) -> None:
    if Role.OWNER not in scene.by.roles:
        raise PermissionDenied("the owner decides whose calls are answered")
    clients.set_state(client=scene.client, state=form.cleaned_data["state"], by=scene.by, at=scene.at)


class Act(NamedTuple):
    """What a button does: its form, the step it leads to, the operation, which may give the line's number.

    `proved`: it changes what is said.
    """

    form: type[forms.StepForm]
    step: str
    do: Callable[[Scene, Any], str | None]
    proved: bool = False

    def save(self, scene: Scene, form: Any, *, seen: str) -> str | None:
        """Do it. `seen`: what the person was told it brings. Raises proving's NotSeen and SaidContradicts."""
        if not self.proved:
            return self.do(scene, form)
        given: list[str | None] = []
        save_seen(
            client=scene.client, change=lambda: given.append(self.do(scene, form)), seen=seen, by=scene.by, at=scene.at
        )
        return given[0]


ACTS: dict[str, Act] = {
    "number": Act(forms.NumberForm, "phone", _give_number, proved=True),
    "phone": Act(forms.PhoneForm, "codes", _set_phone),
    "greeting": Act(forms.GreetingForm, "hours", _set_greeting, proved=True),
    "hours": Act(forms.HoursForm, "codes", _set_hours, proved=True),
    "dial": Act(forms.StepForm, "test", _ask),
    "watch": Act(forms.WatchForm, "test", _watch),
    "stop": Act(forms.StopForm, "test", _stop),
    "answer": Act(forms.AnswerForm, "answer", _answer, proved=True),
    "daily": Act(forms.DailyForm, "daily", _daily),
}
