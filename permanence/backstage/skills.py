# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who knows what, in the back office: secretaries by clients, with training and the calls taken; and one client's page.

Two pages beside the tables of Django's admin, for the owner like these.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import formats
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from permanence.backstage.site import OwnPage
from permanence.calls import queries as calls
from permanence.clients import queries as clients
from permanence.clients import reading, training
from permanence.clients.models import Client
from permanence.clients.rules import ClientState
from permanence.foundation import dates
from permanence.foundation.folded import Folded, folded
from permanence.foundation.who import who
from permanence.kernel.refusals import Refusal
from permanence.kernel.system import SystemClock
from permanence.staff import queries as staff

CLOCK = SystemClock()
PAGE = 40
SEARCH_LIMIT = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Skill:
    """One secretary and one client. `trained`: the day in words, "" when she is not; `day` for the field of a form."""

    secretary: str
    name: str
    languages: str
    trained: str
    day: str
    by_name: str
    taken: int
    last: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSkills:
    """A client and every secretary, in the order of the columns. For `trained_only_s` seconds of the wait his calls are
    for the trained alone, for `read_first_s` for those who have read what must be read."""

    client: clients.ClientView
    trained_only_s: int
    read_first_s: int
    skills: tuple[Skill, ...]


@never_cache
@require_safe
def matrix(request: HttpRequest) -> HttpResponse:
    """Clients by name, a page at a time, and every secretary. Seven queries whatever the size of the house."""
    by, asked = who(request), request.GET.get("q", "")[:SEARCH_LIMIT].strip()
    rows = Client.objects.for_house(by.house_key).exclude(state=ClientState.ENDED).order_by("name", "pk")
    if asked:
        fitting = rows.alias(small=Folded("name")).filter(small__contains=folded(asked))
        rows = rows.filter(pk__in=fitting.values("pk"))
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    people = staff.secretaries(house=by.house)
    context = {
        "title": _("Who knows which client"),
        "people": [(each, _trades(each)) for each in people],
        "rows": _skills(by.house, list(page.object_list), people),
        "page": page,
        "asked": asked,
    }
    return render(request, "backstage/skills.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def of_client(request: HttpRequest, client: str) -> HttpResponse:
    """One client: who is trained since when, and whether only trained secretaries are offered his calls."""
    by = who(request)
    try:
        found = clients.client(house=by.house, client=client)
    except clients.ClientUnknown as refusal:
        raise Http404(refusal.why) from refusal
    people = staff.secretaries(house=by.house)
    failed = ""
    if request.method == "POST":
        failed = _save(request, found.id, people)
        if not failed:
            messages.success(request, _("The training of %(client)s is kept.") % {"client": found.name})
            return redirect("admin:skills")
    (row,) = _skills(by.house, [Client.objects.get(pk=int(found.id))], people)
    context = {
        "title": _("Who is trained for %(client)s") % {"client": found.name},
        "row": row,
        "failed": failed,
        "longest": training.LONGEST_S,
        "today": _typed(_today(by.house)),
    }
    return render(request, "backstage/skills_client.html", context, status=422 if failed else 200)


def _trades(person: staff.SecretaryView) -> str:
    names = dict(Client.SECTORS)
    return ", ".join(str(names[each]) for each in person.sectors if each in names)


def _save(request: HttpRequest, client: str, people: Iterable[staff.SecretaryView]) -> str:
    """Everything of the page or nothing; gives what is wrong, in words."""
    by, at = who(request), CLOCK.now()
    days = forms.DateField(required=False)
    try:
        with transaction.atomic():
            training.set_trained_only(client=client, seconds=_number(request, "trained_only_s"), by=by, at=at)
            if "read_first_s" in request.POST:
                reading.set_read_first(client=client, seconds=_number(request, "read_first_s"), by=by, at=at)
            for each in people:
                if f"trained_{each.id}" not in request.POST:
                    training.untrain(client=client, secretary=each.id, by=by, at=at)
                    continue
                day = days.clean(request.POST.get(f"day_{each.id}", "")) or at.date()
                training.train(client=client, secretary=each.id, trained_date=day, by=by, at=at)
    except training.WaitUnfit:
        return _("Write 0 to %(longest)d seconds.") % {"longest": training.LONGEST_S}
    except training.TrainingInTheFuture:
        return _("A day of training cannot lie in the future.")
    except ValidationError:
        return _("Write the day as %(day)s.") % {"day": _typed(_today(by.house))}
    except Refusal:
        return _("Somebody changed this meanwhile: open the page again and look at what stands there now.")
    return ""


def _number(request: HttpRequest, name: str) -> int:
    text = request.POST.get(name, "").strip() or "0"
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else -1


def _today(house: str) -> date:
    return CLOCK.now().astimezone(calls.zone_of(house=house)).date()


def _typed(day: date) -> str:
    """A day as one types it in this language."""
    return str(formats.localize_input(day))


def _skills(house: str, rows: list[Client], people: Iterable[staff.SecretaryView]) -> list[ClientSkills]:
    keys = tuple(str(row.pk) for row in rows)
    zone = calls.zone_of(house=house)
    trained = {(each.client, each.secretary): each for each in training.trainings(house=house, clients=keys)}
    taken = calls.familiarity(house=house, clients=keys)
    return [
        ClientSkills(
            client=clients.client_view(row),
            trained_only_s=row.trained_only_s,
            read_first_s=row.read_first_s,
            skills=tuple(
                _skill(each, trained.get((str(row.pk), each.id)), taken.get((str(row.pk), each.id)), zone)
                for each in people
            ),
        )
        for row in rows
    ]


def _skill(
    person: staff.SecretaryView,
    held: training.TrainingView | None,
    known: calls.FamiliarityView | None,
    zone: ZoneInfo,
) -> Skill:
    return Skill(
        secretary=person.id,
        name=person.name,
        languages=" ".join(person.languages),
        trained="" if held is None else dates.say(held.trained_date, dates.Form.SHORT),
        day="" if held is None else _typed(held.trained_date),
        by_name="" if held is None else held.by_name,
        taken=0 if known is None else known.taken,
        last="" if known is None else _last(known.last_at, zone),
    )


def _last(at: datetime, zone: ZoneInfo) -> str:
    return dates.say(at.astimezone(zone), dates.Form.SHORT)


PAGES = (
    OwnPage("skills/", matrix, "skills"),
    OwnPage("skills/<str:client>/", of_client, "skills_client"),
)
