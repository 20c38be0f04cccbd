# SPDX-License-Identifier: AGPL-3.0-or-later
"""The end of a contract, and the numbers that rest after one: with the calls that still come on them."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.db.models import Count, IntegerField, Max, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.formats import date_format
from django.utils.text import slugify
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from permanence.backstage.account_views import client_or_404, doors
from permanence.backstage.cells import spelt_moment
from permanence.backstage.client_export import export_client
from permanence.calls.models import Call
from permanence.clients import operations
from permanence.clients.ending_operations import (
    ContractEnded,
    NoEndPlanned,
    QuarantineOver,
    end_contract,
    planned_end,
    withdraw_end,
)
from permanence.clients.models import Client, Quarantine
from permanence.clients.quarantine import usual_end
from permanence.clients.resting_operations import ReasonMissing, RestUnknown, lift_rest
from permanence.clients.rules import ClientState
from permanence.countries.numbers import spell_international
from permanence.foundation import audit
from permanence.foundation.models import House
from permanence.foundation.who import owner_only, supervisor_only, who
from permanence.kernel.phone import PhoneNumber
from permanence.kernel.system import SystemClock

CLOCK = SystemClock()


class EndForm(forms.Form):
    """When the contract ends, how long the numbers rest and why; the client's name says that it is meant."""

    last = forms.DateField(label=_("contract until"), required=False)
    until = forms.DateField(label=_("the numbers are given to nobody else before"))
    reason = forms.CharField(label=_("reason"), max_length=200)
    meant = forms.CharField(label=_("the client's name, to be sure"), max_length=120)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@owner_only
def end(request: HttpRequest, client: str) -> HttpResponse:
    """Ask, then end the contract."""
    by, at = who(request), CLOCK.now()
    row = client_or_404(by, client)
    planned = planned_end(row)
    days = {"last": row.contract_until or at.date(), "until": usual_end(at)}
    if planned is not None:
        days = {"last": planned.ends_on, "until": planned.until}
    elif days["last"] > at.date():
        days["until"] = days["last"] + (usual_end(at) - at.date())
    first = {name: date_format(day, "SHORT_DATE_FORMAT") for name, day in days.items()}
    first["reason"] = planned.reason if planned is not None else gettext("end of the contract")
    form = EndForm(request.POST) if request.method == "POST" else EndForm(initial=first)
    if form.is_valid():
        given = form.cleaned_data
        if given["meant"].strip().casefold() != row.name.casefold():
            form.add_error("meant", gettext("This is not the client's name."))
        elif _ended(form, row, given["last"], given["until"], request):
            return redirect("accounts:card", row.pk)
    context = {"client": row, "form": form, **doors(by)}
    return render(request, "backstage/accounts/end.html", context, status=422 if form.errors else 200)


def _ended(form: EndForm, row: Client, last: date | None, until: date, request: HttpRequest) -> bool:
    reason = str(form.cleaned_data["reason"])
    try:
        end_contract(client=str(row.pk), last=last, until=until, reason=reason, by=who(request), at=CLOCK.now())
    except QuarantineOver:
        form.add_error("until", gettext("Write a day to come, after the end of the contract."))
        return False
    except ContractEnded:
        form.add_error(None, gettext("This contract has ended already."))
        return False
    if (planned := planned_end(row)) is not None:
        told = gettext(
            "The contract of %(name)s ends on %(day)s: calls are answered until midnight before, and the end can be "
            "taken back until then."
        )
        shown = {"name": row.name, "day": date_format(planned.ends_on, "SHORT_DATE_FORMAT")}
        messages.success(request, told % shown)
        return True
    told = gettext("The contract of %(name)s has ended. Callers hear the closing words; the numbers rest.")
    messages.success(request, told % {"name": row.name})
    return True


@never_cache
@require_POST
@owner_only
def withdraw(request: HttpRequest, client: str) -> HttpResponse:
    """A planned end is taken back: the contract goes on."""
    by = who(request)
    row = client_or_404(by, client)
    try:
        withdraw_end(client=str(row.pk), by=by, at=CLOCK.now())
    except NoEndPlanned:
        messages.warning(request, gettext("No end of this contract is planned any more."))
    else:
        messages.success(request, gettext("The contract goes on: its end is taken back."))
    return redirect("accounts:card", row.pk)


@never_cache
@require_POST
@owner_only
def take_away(request: HttpRequest, client: str) -> HttpResponse:
    """Everything of the client as one ZIP; that it left the house is noted."""
    by, at = who(request), CLOCK.now()
    row = client_or_404(by, client)
    subject = f"clients.client:{row.pk}"
    audit.note(by=by, at=at, action="client.exported", subject=subject, client=row.pk, detail={"name": row.name})
    name = f"{slugify(row.name) or 'client'}-{at:%Y-%m-%d}.zip"
    disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(export_client(row, by=by, at=at), content_type="application/zip", headers=disposition)


@never_cache
@require_POST
@owner_only
def take_up(request: HttpRequest, client: str) -> HttpResponse:
    """The client is a prospect again, his numbers are his lines again."""
    by = who(request)
    row = client_or_404(by, client)
    if row.state == ClientState.ENDED:
        operations.set_state(client=str(row.pk), state=ClientState.PROSPECT, by=by, at=CLOCK.now())
    return redirect("accounts:card", row.pk)


@dataclass(frozen=True, slots=True, kw_only=True)
class RestingRow:
    """One number that rests, and the calls that still came on it. `free`: its day has come."""

    number: str
    label: str
    client: str
    client_key: int
    since: str
    until: date
    reason: str
    calls: int
    last: str
    free: bool
    e164: str


@never_cache
@require_safe
@supervisor_only
def resting_numbers(request: HttpRequest) -> HttpResponse:
    """The numbers that rest, by the day they are free."""
    return _resting_page(request)


@never_cache
@require_POST
@owner_only
def lift(request: HttpRequest) -> HttpResponse:
    """One number is given free before its day, for the reason that is written."""
    number = request.POST.get("number", "")
    try:
        lift_rest(number=number, reason=request.POST.get("reason", ""), by=who(request), at=CLOCK.now())
    except ReasonMissing:
        return _resting_page(request, wrong=gettext("Write why this number may be given to somebody else already."))
    except RestUnknown:
        return _resting_page(request, wrong=gettext("This number does not rest any more."))
    shown = {"number": spell_international(PhoneNumber(number))}
    messages.success(request, gettext("%(number)s may be given to another client from now on.") % shown)
    return redirect("accounts:quarantine")


def _resting_page(request: HttpRequest, wrong: str = "") -> HttpResponse:
    by, at = who(request), CLOCK.now()
    zone = ZoneInfo(House.objects.get(pk=by.house_key).time_zone)
    came = Call.objects.filter(
        house=by.house_key, called_line=OuterRef("number"), arrived_at__gte=OuterRef("since")
    ).order_by()
    grouped = came.values("called_line")
    rows: QuerySet[Any] = Quarantine.objects.for_house(by.house_key).select_related("client")
    rows = rows.annotate(
        calls=Subquery(grouped.annotate(n=Count("pk")).values("n"), output_field=IntegerField()),
        last=Subquery(grouped.annotate(last=Max("arrived_at")).values("last")),
    )
    shown = [
        RestingRow(
            number=spell_international(PhoneNumber(row.number)),
            label=row.label,
            client=row.client.name,
            client_key=row.client_id,
            since=spelt_moment(row.since, zone),
            until=row.until,
            reason=row.reason or (gettext("line taken off") if row.removed else ""),
            calls=row.calls or 0,
            last=spelt_moment(row.last, zone) if row.last else "",
            free=row.until <= at.date(),
            e164=row.number,
        )
        for row in rows.order_by("until", "number")
        if by.may_see(str(row.client_id))
    ]
    context = {"rows": shown, "wrong": wrong, **doors(by)}
    return render(request, "backstage/accounts/quarantine.html", context, status=422 if wrong else 200)
