# SPDX-License-Identifier: AGPL-3.0-or-later
"""The patients of a client: found, their files, and what is done about those who do not come.

Supervisors look, owners change.
"""

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from permanence.backstage.account_views import client_or_404, doors
from permanence.callers import search
from permanence.callers.queries import PatientUnknown, PatientView, patients
from permanence.callers.request_operations import open_requests
from permanence.callers.rules.asked import LONGEST
from permanence.callers.rules.requests import due_on
from permanence.callers.words import born_words
from permanence.clients.models import Client
from permanence.foundation.rules import Role
from permanence.foundation.who import Who, owner_only, supervisor_only, who
from permanence.kernel.refusals import Refusal
from permanence.kernel.system import SystemClock
from permanence.privacy import file_pages as pages
from permanence.privacy.export import export_patient
from permanence.privacy.file_words import REQUESTS
from permanence.privacy.rule_form import RuleForm, rule_form, saved

CLOCK = SystemClock()


@never_cache
@require_safe
@supervisor_only
def found(request: HttpRequest, client: str) -> HttpResponse:
    """The one field, and the client's rule on appointments that were not kept."""
    by = who(request)
    return _found(request, by, client_or_404(by, client))


@never_cache
@require_POST
@owner_only
def rule(request: HttpRequest, client: str) -> HttpResponse:
    """What the client wants done about appointments that were not kept."""
    by = who(request)
    row = client_or_404(by, client)
    wrong = saved(request.POST, client=str(row.pk), by=by, at=CLOCK.now())
    if wrong is not None:
        return _found(request, by, row, form=wrong)
    messages.success(request, gettext("The rule is saved."))
    return redirect("accounts:patients", row.pk)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@supervisor_only
def file(request: HttpRequest, client: str, patient: str) -> HttpResponse:
    """A patient's file; only an owner changes it."""
    by, at = who(request), CLOCK.now()
    row, person = _person(by, client, patient)
    if request.method != "POST":
        if person.id != patient:
            return redirect("accounts:patient", row.pk, person.id)
        return _shown(request, row, pages.file_page(person=person, by=by, at=at))
    if Role.OWNER not in by.roles:
        raise PermissionDenied("only an owner changes a patient's file here")
    post: Mapping[str, str] = request.POST.dict()
    try:
        done = pages.done_on(post, person=person, by=by, at=at)
    except Refusal as refusal:
        return _shown(request, row, pages.file_page(person=person, by=by, at=at, post=post, refusal=refusal))
    messages.success(request, str(done.words))
    return redirect("accounts:patient", row.pk, done.patient)


@never_cache
@require_safe
@supervisor_only
def compare(request: HttpRequest, client: str, patient: str, other: str) -> HttpResponse:
    """Two files side by side."""
    by = who(request)
    row, person = _person(by, client, patient)
    try:
        page = pages.compare_page(person=person, other=other, by=by, at=CLOCK.now())
    except PatientUnknown as refusal:
        raise Http404 from refusal
    context = {"client": row, "page": page, "base": _base(row), **doors(by)}
    return render(request, "backstage/accounts/patient_compare.html", context)


@never_cache
@require_POST
@owner_only
def export(request: HttpRequest, client: str, patient: str) -> HttpResponse:
    """All that is held on him, as a file; that it was taken out is noted."""
    by = who(request)
    _row, person = _person(by, client, patient)
    return pages.download(export_patient(client=person.client, patient=person.id, by=by, at=CLOCK.now()), person)


def _person(by: Who, client: str, patient: str) -> tuple[Client, PatientView]:
    """The client and his patient. Raises Http404, NotHers."""
    row = client_or_404(by, client)
    person = pages.file_of(patient=patient, by=by)
    if person is None or person.client != str(row.pk):
        raise Http404(patient[:20])
    return row, person


def _base(row: Client) -> str:
    return f"/backstage/accounts/{row.pk}/patients"


def _shown(request: HttpRequest, row: Client, page: pages.FilePage) -> HttpResponse:
    context = {"client": row, "page": page, "base": _base(row), **doors(who(request))}
    return render(request, "backstage/accounts/patient.html", context, status=page.status)


def _found(request: HttpRequest, by: Who, row: Client, *, form: RuleForm | None = None) -> HttpResponse:
    words, client = request.GET.get("words", "")[:LONGEST], str(row.pk)
    finding = search.find(house=by.house, client=client, words=words, at=CLOCK.now())
    waiting = open_requests(house=by.house, client=client)
    people = patients(house=by.house, client=client, ids=[each.patient for each in waiting])
    zone = ZoneInfo(row.time_zone)
    context = {
        "client": row,
        "words": words,
        "rows": [(each.patient, born_words(each.patient.birth, each.age)) for each in finding.found],
        "more": finding.more,
        "requests": [
            (people[each.patient], REQUESTS[each.kind], due_on(each.asked_at.astimezone(zone).date()))
            for each in waiting
        ],
        "form": form or rule_form(client=client, by=by),
        **doors(by),
    }
    return render(request, "backstage/accounts/patients.html", context, status=422 if form else 200)
