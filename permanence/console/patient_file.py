# SPDX-License-Identifier: AGPL-3.0-or-later
"""A patient's file in a window of its own, and the page that finds one: opened from the card, the agenda, the search.

They work without script, so that nothing of a call in the console hangs on them. Who asks for the patient of a client
she does not answer for finds nothing (404), and the trail keeps that she asked.
"""

from collections.abc import Mapping

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from permanence.agenda.queries import waiting
from permanence.agenda.waiting_words import wants_words
from permanence.callers import operations as callers
from permanence.callers import search
from permanence.callers.queries import PatientUnknown, PatientView, today_of
from permanence.callers.rules.asked import LONGEST, NewPerson, newcomer
from permanence.callers.rules.birth import BirthDateUnfit, age_at
from permanence.callers.rules.form import PatientForm
from permanence.callers.words import born_words
from permanence.clients import queries as clients
from permanence.console.agenda_asked import appointment_asked, client_asked
from permanence.console.patients import row_of
from permanence.foundation.who import Who, secretary_only, who
from permanence.kernel.ids import new_id
from permanence.kernel.refusals import Refusal
from permanence.kernel.system import SystemClock, SystemEntropy
from permanence.privacy import file_pages as pages
from permanence.privacy.export import export_patient
from permanence.privacy.file_words import refusal_words

_CLOCK, _ENTROPY = SystemClock(), SystemEntropy()


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@secretary_only
def file(request: HttpRequest, patient: str) -> HttpResponse:
    """The file; a POST does one act of it and shows it again. Who was merged is shown as the one who stands for him."""
    by, at = who(request), _CLOCK.now()
    person = _person(by, patient)
    if request.method != "POST":
        if person.id != patient:
            return redirect("console:patient-file", person.id)
        return _shown(request, by, pages.file_page(person=person, by=by, at=at))
    post: Mapping[str, str] = request.POST.dict()
    try:
        done = pages.done_on(post, person=person, by=by, at=at)
    except Refusal as refusal:
        return _shown(request, by, pages.file_page(person=person, by=by, at=at, post=post, refusal=refusal))
    messages.success(request, str(done.words))
    return redirect("console:patient-file", done.patient)


@never_cache
@require_safe
@secretary_only
def compare(request: HttpRequest, patient: str, other: str) -> HttpResponse:
    """Two files that may be one person's, side by side, and what a merge would bring."""
    by = who(request)
    person = _person(by, patient)
    try:
        page = pages.compare_page(person=person, other=other, by=by, at=_CLOCK.now())
    except PatientUnknown as refusal:
        raise Http404 from refusal
    return render(request, "console/patient_compare.html", {"page": page})


@never_cache
@require_POST
@secretary_only
def export(request: HttpRequest, patient: str) -> HttpResponse:
    """All that is held on him, as a file; that it was taken out is noted."""
    by, at = who(request), _CLOCK.now()
    person = _person(by, patient)
    return pages.download(export_patient(client=person.client, patient=person.id, by=by, at=at), person)


@never_cache
@require_safe
@secretary_only
def of_appointment(request: HttpRequest, appointment: str) -> HttpResponse:
    """The file of whoever is booked."""
    return redirect("console:patient-file", appointment_asked(who(request), appointment).patient)


@never_cache
@require_safe
@secretary_only
def find(request: HttpRequest) -> HttpResponse:
    """The one field, of one client; whoever is new can be added from the same words."""
    return _found(request, who(request), request.GET)


@never_cache
@require_POST
@secretary_only
def add(request: HttpRequest) -> HttpResponse:
    """Keeps a new patient from the words of the field, and opens his file."""
    by, at, words = who(request), _CLOCK.now(), request.POST.get("words", "")
    account = client_asked(by, request.POST.get("client", ""))
    today = today_of(account, at)
    try:
        made = newcomer(words, country=account.country, on=today) or NewPerson()
        form = PatientForm(
            used_name=made.family_name,
            first_name=made.first_name,
            birth_date="" if made.birth is None else made.birth.iso,
        )
        kept = callers.add_patient(client=account.id, patient=request.POST.get("key", ""), form=form, by=by, at=at)
    except Refusal as refusal:
        return _found(request, by, request.POST, refused=refusal_words(refusal))
    messages.success(request, _("The patient is added."))
    return redirect("console:patient-file", kept.id)


def _person(by: Who, patient: str) -> PatientView:
    person = pages.file_of(patient=patient, by=by)
    if person is None:
        raise Http404(patient[:20])
    return person


def _shown(request: HttpRequest, by: Who, page: pages.FilePage) -> HttpResponse:
    person = page.file.patient
    listed = waiting.waiting_list(by=by, at=_CLOCK.now(), client=person.client)
    waits = [f"{each.reason_name}, {wants_words(each)}" for each in listed if each.person.id == person.id]
    return render(request, "console/patient_file.html", {"page": page, "waits": waits}, status=page.status)


def _found(request: HttpRequest, by: Who, asked: Mapping[str, str], *, refused: str = "") -> HttpResponse:
    at, words = _CLOCK.now(), str(asked.get("words", ""))[:LONGEST]
    every = [each for each in clients.clients(house=by.house) if by.may_see(each.id)]
    account = client_asked(by, str(asked["client"])) if asked.get("client") else None
    context: dict[str, object] = {"clients": every, "account": account, "words": words, "refused": refused}
    if account is not None:
        today = today_of(account, at)
        found = search.find(house=by.house, client=account.id, words=words, at=at)
        made, fault = None, ""
        try:
            made = newcomer(words, country=account.country, on=today)
        except BirthDateUnfit as refusal:
            fault = refusal_words(refusal)
        context |= {
            "rows": [row_of(each) for each in found.found],
            "more": found.more,
            "fault": "" if refused else fault,
            "made": made,
            "made_about": born_words(made.birth, None if made.birth is None else age_at(made.birth, today))
            if made
            else "",
            "key": new_id(at, _ENTROPY),
        }
    return render(request, "console/patient_find.html", context, status=422 if refused else 200)
