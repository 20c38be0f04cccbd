# SPDX-License-Identifier: AGPL-3.0-or-later
"""A patient's file as its page shows it, the same for the secretary and for the owner: everything in words."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from permanence.agenda.queries.views import AppointmentView
from permanence.agenda.rules.states import STANDING
from permanence.agenda.state_words import STATES
from permanence.callers.queries import ConsentView, LinkView, MergeView, PatientFile, PatientView
from permanence.callers.request_operations import RequestView
from permanence.callers.rules.birth import age_at
from permanence.callers.rules.identity import ContactWay, IdentityDocument, IdentityStatus, Sex
from permanence.callers.rules.likeness import AGAINST
from permanence.callers.rules.merging import may_be_undone
from permanence.callers.rules.requests import due_on
from permanence.callers.search import Duplicate
from permanence.callers.words import born_words, no_show_count, no_show_words
from permanence.clients.queries import ClientView
from permanence.countries.numbers import spell_number
from permanence.foundation import dates, moments
from permanence.kernel.phone import PhoneNumber
from permanence.messaging.queries import MessageRow
from permanence.privacy.file_words import (
    DOCUMENTS,
    FIELDS,
    LIKENESS,
    REQUESTS,
    SEXES,
    STATUS,
    TIES,
    WAYS,
    Words,
)
from permanence.privacy.holdings import Holdings

VISITS_SHOWN = 40
"""Appointments that have been; older ones are in the export."""
MESSAGES_SHOWN = 20
type Told = Callable[[datetime], str]
"""A moment in words, on the client's clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnVisit:
    """One appointment. `counts`: it counts as not kept. `day`: for the agenda's address."""

    id: str
    when: str
    day: str
    agenda: str
    reason: str
    state: str
    counts: bool
    is_over: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnWay:
    """One way of writing to him. `given`: what he said last, None: never asked. `trace`: each time it was asked."""

    way: str
    label: Words
    given: bool | None
    said: str
    trace: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnTie:
    """Somebody who belongs to him; `patient`: his id, "" where he is none of the client's."""

    id: str
    kind: Words
    name: str
    patient: str
    number: str
    may_speak: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnTwin:
    """Somebody who may be the same person, with what speaks for it and against it."""

    id: str
    name: str
    about: str
    likeness: int
    reasons: tuple[Words, ...]
    against: tuple[Words, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnMerge:
    """A merge into him; `may_part`: it can still be undone."""

    id: str
    when: str
    by: str
    taken: str
    undone: str
    may_part: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnRequest:
    """What he asked for by law. `due`: the last day to answer; `answer` is "" while it waits, `is_late` after it."""

    id: str
    words: Words
    noted: str
    due: str
    is_late: bool
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnMessage:
    """A message that names him."""

    id: str
    when: str
    recipient: str
    caller: str
    reason: str
    taken_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnFile:
    """Everything of the page. `facts`: what is known of him, term and words. `warning`: as the client's rule wants.

    `seen`: the state that is shown, as a form posts it.
    """

    account: ClientView
    patient: PatientView
    name: str
    about: str
    status: Words
    is_validated: bool
    proof: str
    facts: tuple[tuple[Words, str], ...]
    numbers: tuple[str, ...]
    notes: str
    no_shows: str
    warning: str
    ways: tuple[DrawnWay, ...]
    ties: tuple[DrawnTie, ...]
    to_come: tuple[DrawnVisit, ...]
    past: tuple[DrawnVisit, ...]
    more_past: int
    messages: tuple[DrawnMessage, ...]
    more_messages: int
    twins: tuple[DrawnTwin, ...]
    merges: tuple[DrawnMerge, ...]
    requests: tuple[DrawnRequest, ...]
    added: str
    seen: str

    @property
    def visits(self) -> int:
        """How many appointments stand on the file."""
        return len(self.to_come) + len(self.past) + self.more_past


def drawn(held: Holdings, *, at: datetime) -> DrawnFile:
    """The file in words, on the client's clock."""
    account, file, person = held.account, held.file, held.file.view
    zone = ZoneInfo(account.time_zone)
    today = at.astimezone(zone).date()

    def told(moment: datetime) -> str:
        return moments.day_and_hour(moment, zone, now=at)

    coming = [each for each in reversed(held.visits) if each.state in STANDING and each.ends_at > at]
    past = [each for each in held.visits if each not in coming]
    numbers = tuple(spelt(each, account) for each in person.numbers)
    return DrawnFile(
        account=account,
        patient=person,
        name=person.name,
        about=born_words(person.birth, None if person.birth is None else age_at(person.birth, today)),
        status=STATUS[person.status],
        is_validated=person.status is IdentityStatus.VALIDATED,
        proof=_proof(file, told),
        facts=_facts(person, numbers),
        numbers=numbers,
        notes=file.notes,
        no_shows=no_show_count(person.no_shows) if person.no_shows else "",
        warning=no_show_words(held.rule, person.no_shows),
        ways=tuple(_way(way, label, file.consents, told) for way, label in WAYS.items()),
        ties=tuple(_tie(each, account) for each in file.links),
        to_come=tuple(_visit(each, held, zone, told, at=at) for each in coming),
        past=tuple(_visit(each, held, zone, told, at=at) for each in past[:VISITS_SHOWN]),
        more_past=max(0, len(past) - VISITS_SHOWN),
        messages=tuple(_message(each, told) for each in held.messages[:MESSAGES_SHOWN]),
        more_messages=max(0, len(held.messages) - MESSAGES_SHOWN),
        twins=tuple(_twin(each, held, at=at) for each in held.twins),
        merges=tuple(_merge(each, told, at=at) for each in file.merges),
        requests=tuple(_request(each, zone, told, at=at) for each in held.requests),
        added=told(file.added_at),
        seen=file.changed_at.isoformat(),
    )


def spelt(number: str, account: ClientView) -> str:
    """A number as people of the client's country write it."""
    return spell_number(PhoneNumber(number), country=account.country)


def _proof(file: PatientFile, told: Told) -> str:
    """What validated the identity, when, and who saw it; or that it was only said."""
    if file.view.status is not IdentityStatus.VALIDATED or file.identity_seen_at is None:
        return _("said on the telephone, compared with no document")
    return _("%(document)s, %(when)s, seen by %(name)s") % {
        "document": DOCUMENTS[IdentityDocument(file.identity_document)],
        "when": told(file.identity_seen_at),
        "name": file.identity_seen_by,
    }


def _facts(person: PatientView, numbers: Sequence[str]) -> tuple[tuple[Words, str], ...]:
    known = _("yes") if person.known else _("no")
    found: list[tuple[str, str]] = [
        ("birth_name", person.birth_name),
        ("used_name", person.used_name),
        ("first_name", person.first_name),
        ("birth_date", dates.iso_figures(person.birth_date)),
        ("sex", str(SEXES[Sex(person.sex)]) if person.sex else ""),
        ("numbers", ", ".join(number.replace(" ", "\u00a0") for number in numbers)),
        ("mail", person.mail),
        ("address", person.address),
        ("language", person.language),
        ("known", known),
    ]
    return tuple((FIELDS[name], value) for name, value in found if value)


def _way(way: ContactWay, label: Words, consents: Sequence[ConsentView], told: Told) -> DrawnWay:
    asked = [each for each in consents if each.way is way]
    trace = tuple(
        _("%(when)s: %(answer)s, noted by %(name)s")
        % {"when": told(each.at), "answer": _("agrees") if each.given else _("does not agree"), "name": each.by_name}
        for each in asked
    )
    given = asked[0].given if asked else None
    said = _("never asked") if given is None else _("agrees") if given else _("does not agree")
    return DrawnWay(way=way.value, label=label, given=given, said=said, trace=trace)


def _tie(each: LinkView, account: ClientView) -> DrawnTie:
    return DrawnTie(
        id=each.id,
        kind=TIES[each.kind],
        name=each.name,
        patient=each.other,
        number=spelt(each.number, account) if each.number else "",
        may_speak=each.may_speak,
    )


def _visit(each: AppointmentView, held: Holdings, zone: ZoneInfo, told: Told, *, at: datetime) -> DrawnVisit:
    return DrawnVisit(
        id=each.appointment,
        when=told(each.starts_at),
        day=each.starts_at.astimezone(zone).date().isoformat(),
        agenda=held.agendas.get(each.agenda, ""),
        reason=each.reason_name,
        state=str(STATES[each.state]),
        counts=each.appointment in held.counted,
        is_over=each.ends_at <= at,
    )


def _request(each: RequestView, zone: ZoneInfo, told: Told, *, at: datetime) -> DrawnRequest:
    due = due_on(each.asked_at.astimezone(zone).date())
    answer = ""
    if each.answered_at is not None:
        answer = _("%(when)s, %(name)s: %(words)s") % {
            "when": told(each.answered_at),
            "name": each.answered_by_name,
            "words": each.answer,
        }
    return DrawnRequest(
        id=each.id,
        words=REQUESTS[each.kind],
        noted=_("%(when)s, noted by %(name)s") % {"when": told(each.asked_at), "name": each.noted_by_name},
        due=dates.say(due, dates.Form.WHOLE),
        is_late=not answer and at.astimezone(zone).date() > due,
        answer=answer,
    )


def _message(each: MessageRow, told: Told) -> DrawnMessage:
    return DrawnMessage(
        id=each.message,
        when=told(each.taken_at),
        recipient=each.recipient_name,
        caller=each.caller_name or each.caller_shown,
        reason=each.reason,
        taken_by=each.taken_by_name,
    )


def _twin(each: Duplicate, held: Holdings, *, at: datetime) -> DrawnTwin:
    person = each.patient
    today = at.astimezone(ZoneInfo(held.account.time_zone)).date()
    return DrawnTwin(
        id=person.id,
        name=person.name,
        about=born_words(person.birth, None if person.birth is None else age_at(person.birth, today)),
        likeness=each.likeness.score,
        reasons=tuple(LIKENESS[reason] for reason in each.likeness.reasons if reason not in AGAINST),
        against=tuple(LIKENESS[reason] for reason in each.likeness.reasons if reason in AGAINST),
    )


def _merge(each: MergeView, told: Told, *, at: datetime) -> DrawnMerge:
    return DrawnMerge(
        id=each.id,
        when=told(each.at),
        by=each.by_name,
        taken=", ".join(str(FIELDS.get(name, name)) for name in each.taken),
        undone="" if each.undone_at is None else told(each.undone_at),
        may_part=each.undone_at is None and may_be_undone(merged_at=each.at, at=at),
    )
