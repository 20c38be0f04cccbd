# SPDX-License-Identifier: AGPL-3.0-or-later
"""The page of a patient's file and the page that compares two, for whoever may see the client: screens draw them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpResponse

from permanence.callers import merge_operations, search
from permanence.callers import queries as callers
from permanence.callers.entries import client_of
from permanence.callers.queries import PatientUnknown, PatientView
from permanence.clients.queries import ClientUnknown, ClientView
from permanence.foundation import access, dates
from permanence.foundation.models import Language
from permanence.foundation.who import Who
from permanence.kernel.refusals import Refusal
from permanence.privacy.file_acts import TEXTS, Asked, Done, act
from permanence.privacy.file_view import DrawnFile, drawn
from permanence.privacy.file_words import DOCUMENTS, FIELDS, REQUESTS, SEXES, TIES, Words, refusal_words
from permanence.privacy.holdings import Holdings, holdings


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePage:
    """What the page shows. `form`: the fields as they are, or as they were typed when `refused` says why not.

    `failed`: the act that was refused, "" for none. `relatives`: patients who may belong to him, id and name.
    """

    file: DrawnFile
    form: Mapping[str, str]
    failed: str
    refused: str
    relatives: Sequence[tuple[str, str]]
    sexes: Mapping[str, Words]
    documents: Mapping[str, Words]
    kinds: Mapping[str, Words]
    languages: Sequence[tuple[str, Words]]
    asks: Mapping[str, Words]

    @property
    def account(self) -> ClientView:
        """Whose patient he is."""
        return self.file.account

    @property
    def status(self) -> int:
        """Of the answer."""
        return 422 if self.refused else 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """What it would bring to keep one of two files: what it takes over, and what of the other is left behind."""

    keep: str
    name: str
    taken: tuple[Words, ...]
    left: tuple[tuple[Words, str], ...]

    @property
    def words(self) -> str:
        """What it takes over, in words."""
        return ", ".join(map(str, self.taken))


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparePage:
    """Two files side by side, and both ways of merging them; `refused`: why they are not merged."""

    one: DrawnFile
    other: DrawnFile
    ways: tuple[Way, ...]
    refused: str

    @property
    def account(self) -> ClientView:
        """Whose patients they are."""
        return self.one.account

    @property
    def both(self) -> tuple[DrawnFile, DrawnFile]:
        """In the order of the page."""
        return self.one, self.other


def file_of(*, patient: str, by: Who) -> PatientView | None:
    """Who stands for that patient, of a client of hers. None for none of the house; raises access.NotHers."""
    client = client_of(house=by.house, patient=patient)
    if client is None:
        return None
    access.demand(by, client=client, subject=f"callers.patient:{patient[:20]}")
    try:
        return callers.standing(house=by.house, client=client, patient=patient)
    except (PatientUnknown, ClientUnknown):
        return None


def file_page(
    *, person: PatientView, by: Who, at: datetime, post: Mapping[str, str] | None = None, refusal: Refusal | None = None
) -> FilePage:
    """His file; with `post` and `refusal` as it was typed, and why it was refused."""
    held = holdings(client=person.client, patient=person.id, by=by, at=at)
    failed = "" if post is None else str(post.get("act", ""))
    typed = post if post is not None and failed == "change" else None
    return FilePage(
        file=drawn(held, at=at),
        form=_as_it_is(held) if typed is None else _as_typed(typed, held),
        failed=failed,
        refused="" if refusal is None else refusal_words(refusal, act=failed),
        relatives=_relatives(held, by, at),
        sexes={each.value: words for each, words in SEXES.items()},
        documents={each.value: words for each, words in DOCUMENTS.items()},
        kinds={each.value: words for each, words in TIES.items()},
        languages=[(code, name) for code, name in Language.choices],
        asks={each.value: words for each, words in REQUESTS.items()},
    )


def done_on(post: Mapping[str, str], *, person: PatientView, by: Who, at: datetime) -> Done:
    """Do what a form of the page asks. Raises Refusal: then nothing was changed."""
    return act(Asked(post=post, client=person.client, patient=person.id, by=by, at=at))


def download(content: bytes, person: PatientView) -> HttpResponse:
    """The export as an answer: a file that the browser keeps."""
    answer = HttpResponse(content, content_type="application/json")
    answer["Content-Disposition"] = f'attachment; filename="patient-{person.id}.json"'
    return answer


def compare_page(*, person: PatientView, other: str, by: Who, at: datetime) -> ComparePage:
    """Two files of one client. Raises PatientUnknown where the other is none of his, or was merged already."""
    twin = callers.patient(house=by.house, client=person.client, patient=other)
    if twin.merged_into or twin.id == person.id:
        raise PatientUnknown(other)
    one, two = (drawn(holdings(client=each.client, patient=each.id, by=by, at=at), at=at)
                for each in (person, twin))  # fmt: skip
    ways: tuple[Way, ...] = ()
    refused = ""
    try:
        ways = (_way(person, twin, by), _way(twin, person, by))
    except Refusal as refusal:
        refused = refusal_words(refusal)
    return ComparePage(one=one, other=two, ways=ways, refused=refused)


def _way(stays: PatientView, goes: PatientView, by: Who) -> Way:
    plan = merge_operations.plan(client=stays.client, kept=stays.id, merged=goes.id, by=by)
    numbers = (FIELDS["numbers"],) if set(goes.numbers) - set(stays.numbers) else ()
    shown = [name for name in plan.taken if name in FIELDS]
    return Way(
        keep=stays.id,
        name=stays.name,
        taken=(*(FIELDS[name] for name in shown), *numbers),
        left=tuple((FIELDS[name], value) for name, value in plan.left.items() if name in FIELDS),
    )


def _as_it_is(held: Holdings) -> dict[str, str]:
    person = held.file.view
    return {
        **{name: getattr(person, name) for name in TEXTS if name not in {"birth_date", "notes"}},
        "birth_date": dates.iso_figures(person.birth_date),
        "notes": held.file.notes,
        "numbers": "\n".join(person.numbers),
        "known": "on" if person.known else "",
        "seen": held.file.changed_at.isoformat(),
    }


def _as_typed(post: Mapping[str, str], held: Holdings) -> dict[str, str]:
    """With the state that is now before her eyes: who looks at what changed meanwhile may save after it."""
    return {
        **{name: str(post.get(name, "")) for name in (*TEXTS, "numbers", "known")},
        "seen": held.file.changed_at.isoformat(),
    }


def _relatives(held: Holdings, by: Who, at: datetime) -> list[tuple[str, str]]:
    """Patients of the client who have his number or his name: whom a tie most often leads to."""
    person, client = held.file.view, held.account.id
    found = {
        each.patient.id: each.patient
        for words, number in (("", next(iter(person.numbers), "")), (person.family_name, ""))
        for each in search.find(house=by.house, client=client, words=words, number=number, at=at).found
    }
    tied = {each.other for each in held.file.links}
    return [(each.id, each.name) for each in found.values() if each.id != person.id and each.id not in tied]
