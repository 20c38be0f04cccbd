# SPDX-License-Identifier: AGPL-3.0-or-later
"""The clients beside Django's admin: the list with search, and each account to read. Supervisors read, owners write."""

from zoneinfo import ZoneInfo

from django.db.models import Max
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from permanence.backstage.cells import Cell, spelt_moment
from permanence.backstage.client_health import coverages, forwardings
from permanence.backstage.client_list import (
    client_page,
    consent,
    heads,
    missing,
    one_client,
    read_asked,
    state_choices,
)
from permanence.backstage.second_person import waiting_rows
from permanence.calls.models import Call
from permanence.clients.file_parts import agendas_from, contacts_from, sites_from
from permanence.clients.file_rows import accounts_of
from permanence.clients.models import Client, Line
from permanence.countries.numbers import spell_number
from permanence.foundation import access
from permanence.foundation.rules import Role
from permanence.foundation.who import Who, supervisor_only, who
from permanence.kernel.phone import PhoneNumber
from permanence.kernel.system import SystemClock

CLOCK = SystemClock()


def doors(by: Who) -> dict[str, bool]:
    """What the head of each page asks."""
    return {"is_secretary": Role.SECRETARY in by.roles, "is_owner": Role.OWNER in by.roles}


@never_cache
@require_safe
@supervisor_only
def client_list(request: HttpRequest) -> HttpResponse:
    """The list."""
    by, asked = who(request), read_asked(request.GET)
    page = client_page(by, asked)
    context = {
        "asked": asked,
        "page": page,
        "heads": heads(asked),
        "states": state_choices(),
        "earlier": asked.address(page=page.page - 1) if page.page > 1 else None,
        "later": asked.address(page=page.page + 1) if page.page < page.pages else None,
    }
    return render(request, "backstage/accounts/list.html", {**context, **doors(by)})


@never_cache
@require_safe
@supervisor_only
def client_card(request: HttpRequest, client: str) -> HttpResponse:
    """One account: contract, lines, sites, directory."""
    by = who(request)
    row = client_or_404(by, client)
    zone = ZoneInfo(row.time_zone)
    last = Call.objects.for_house(by.house_key).for_client(row).aggregate(last=Max("arrived_at"))["last"]
    numbers = Line.objects.for_house(by.house_key).for_client(row).order_by("number").values_list("number", "label")
    tested = forwardings(by, [row]).get(row.pk, Cell())
    at = CLOCK.now()
    ((_account, rows),) = accounts_of(clients=Client.objects.filter(pk=row.pk), at=at, client=row.pk)
    names = {str(key): name for _position, key, name in rows["recipients"]}
    context = {
        "client": row,
        "numbers": [
            (spell_number(PhoneNumber(number), country=row.country), label, proved)
            for (number, label), proved in zip(numbers, tested.lines, strict=False)
        ],
        "forwarding_mark": tested.mark,
        "coverage": coverages(by, [row]).get(row.pk),
        "last": None if last is None else spelt_moment(last, zone),
        "voice": consent(row),
        "waiting": waiting_rows(by, str(row.pk), at=at),
        "missing": missing(row),
        "sites": sites_from(rows["sites"]),
        "contacts": contacts_from(rows["contacts"], country=row.country),
        "agendas": [(each, names.get(each.recipient, "")) for each in agendas_from(rows["agendas"])],
    }
    return render(request, "backstage/accounts/card.html", {**context, **doors(by)})


def client_or_404(by: Who, client: str) -> Client:
    """The client of `by`'s house. Raises Http404 for any other, NotHers for one she does not answer for."""
    access.demand(by, client=client, subject=f"clients.client:{client}")
    row = one_client(by, client)
    if row is None:
        raise Http404("no such client")
    return row
