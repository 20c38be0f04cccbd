# SPDX-License-Identifier: AGPL-3.0-or-later
"""Finding the person a message is about, from the form: one field, a list under it, a new person from the same words.

The list is a fragment; each row says name, birth date and age, for the secretary reads them back to the caller.
"""

from dataclasses import dataclass
from datetime import date

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import pgettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from permanence.callers import operations as callers
from permanence.callers import search
from permanence.callers.queries import PatientView, no_show_rule, today_of
from permanence.callers.rules.asked import LONGEST, NewPerson, newcomer, read_asked
from permanence.callers.rules.birth import BirthDateUnfit, age_at
from permanence.callers.rules.form import PatientForm
from permanence.callers.rules.no_show import NO_RULE, Rule
from permanence.callers.search import Found, Why
from permanence.callers.words import born_words, no_show_words
from permanence.clients import queries as clients
from permanence.console.own_page import own_page_only
from permanence.console.views import answers_in_json, json_body, text_of
from permanence.foundation import access
from permanence.foundation.who import who
from permanence.kernel.system import SystemClock
from permanence.privacy.file_words import refusal_words

WHY = {
    Why.BIRTH_DATE: pgettext_lazy("why found", "birth date"),
    Why.PART_OF_BIRTH_DATE: pgettext_lazy("why found", "birth date not complete"),
    Why.NAME: pgettext_lazy("why found", "name"),
    Why.SOUND: pgettext_lazy("why found", "sounds alike"),
    Why.NUMBER: pgettext_lazy("why found", "number"),
    Why.CALLERS_NUMBER: pgettext_lazy("why found", "calls from this number"),
}
FIELDS = {"book-patient": "book-patient"}
"""With what the ids of the agenda's own list begin; every other list stands in the message's form."""
_CLOCK = SystemClock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One person of the list. `about`: birth date and age in words; `birth_name`: where it is another; `number`: E.164.

    `warning`: what the client's rule makes of appointments that were not kept, "" for nothing.
    """

    patient: str
    name: str
    first_name: str
    birth_name: str
    about: str
    why: str
    is_deceased: bool
    warning: str
    number: str


@never_cache
@require_safe
@own_page_only
def patients_fragment(request: HttpRequest) -> HttpResponse:
    """Those of a client whom the words may mean; without words those who call from the number. Empty for no client."""
    by, at = who(request), _CLOCK.now()
    client, words = request.GET.get("client", ""), request.GET.get("words", "")[:LONGEST]
    access.demand(by, client=client, subject=f"clients.client:{client[:20]}")
    try:
        account = clients.client(house=by.house, client=client)
        found = search.find(
            house=by.house, client=client, words=words, at=at, number=request.GET.get("number", "")[:20]
        )
    except clients.ClientUnknown as refusal:
        raise Http404 from refusal
    today = today_of(account, at)
    rule = no_show_rule(house=by.house, client=account.id)
    made, fault = None, ""
    try:
        made = newcomer(words, country=account.country, on=today)
    except BirthDateUnfit as refusal:
        fault = refusal_words(refusal)
    context = {
        "at": FIELDS.get(request.GET.get("at", ""), "patient"),
        "rows": [row_of(each, rule) for each in found.found],
        "more": found.more,
        "asked": bool(words.strip()),
        "fault": fault,
        "dated": bool(read_asked(words, country=account.country, on=today).births),
        "new": made,
        "new_about": born_words(made.birth, None if made.birth is None else age_at(made.birth, today)) if made else "",
    }
    return render(request, "console/patients.html", context)


@require_POST
@own_page_only
@answers_in_json
def add_patient(request: HttpRequest) -> HttpResponse:
    """Keeps a new person from the words of the field; `patient` is the id the page made: a retry adds nobody."""
    by, at, data = who(request), _CLOCK.now(), json_body(request)
    client = text_of(data, "client")
    access.demand(by, client=client, subject="callers.patient")
    account = clients.client(house=by.house, client=client)
    today = today_of(account, at)
    words = text_of(data, "words")
    made = newcomer(words, country=account.country, on=today) or NewPerson()
    number = text_of(data, "number")
    kept = callers.add_patient(
        client=client,
        patient=text_of(data, "patient"),
        form=PatientForm(
            used_name=made.family_name,
            first_name=made.first_name,
            birth_date="" if made.birth is None else made.birth.iso,
            numbers=(number,) if number else (),
        ),
        by=by,
        at=at,
    )
    return JsonResponse(told(kept, today), status=201)


def told(kept: PatientView, on: date) -> dict[str, str]:
    """What the form shows of whoever was chosen."""
    age = None if kept.birth is None else age_at(kept.birth, on)
    return {"patient": kept.id, "name": kept.name, "about": born_words(kept.birth, age)}


def row_of(each: Found, rule: Rule = NO_RULE) -> Row:
    """A person of the list; with the client's rule on appointments not kept also what is to be said of them."""
    kept = each.patient
    other = kept.birth_name if kept.used_name and kept.birth_name != kept.used_name else ""
    return Row(
        patient=kept.id,
        name=kept.name,
        first_name=kept.first_name,
        birth_name=other,
        about=born_words(kept.birth, each.age),
        why=", ".join(str(WHY[why]) for why in each.why),
        is_deceased=kept.is_deceased,
        warning=no_show_words(rule, kept.no_shows),
        number=next(iter(kept.numbers), ""),
    )
