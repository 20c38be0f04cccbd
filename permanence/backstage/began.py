# SPDX-License-Identifier: AGPL-3.0-or-later
"""A part of a client's page is saved over what its writer saw, or not at all: two people at one page lose nothing.

The page carries a mark of what stood on the part. When something else stands there at the save, nothing is saved: the
page comes again as it was typed, with who changed what meanwhile and each field in which the two differ. It then
carries the mark of what stands now, so that saving again writes over what its writer has seen.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext as now

from permanence.backstage import parts
from permanence.backstage.account_forms import DAYS, ClientForm
from permanence.backstage.trail import named
from permanence.backstage.unsaved import CLOCK, ProvedAdmin, Unsaved
from permanence.clients.models import Absence, Client, Instruction
from permanence.clients.rules.findings import Proof
from permanence.foundation import moments
from permanence.foundation.models import AuditEntry, House
from permanence.foundation.who import who

FIELD = "began"
"""The hidden field with the mark."""
GUARDED = (Absence, Instruction)
"""Rows of the page that are never changed there: what is written anew is judged by its own operation."""


class Meanwhile(Unsaved):
    """Something else stands there than what its writer saw."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Differs:
    """A field of the page: what stands now, and what was typed."""

    what: str
    now: str
    mine: str


def mark_of(client: Client | None, week: Mapping[str, Any], tables: Iterable[Iterable[Model]]) -> str:
    """What stood on a part of the page: the client's own fields and his week, or rows of tables; the same has the same
    mark."""
    held = [sorted(map(_values, rows)) for rows in tables]
    text = repr((None if client is None else _values(client), sorted(week.items()), held))
    return hashlib.sha256(text.encode()).hexdigest()


def _values(row: Model) -> tuple[str, ...]:
    return tuple(str(getattr(row, field.attname)) for field in row._meta.concrete_fields)


def differences(form: Any, formsets: Iterable[Any]) -> tuple[Differs, ...]:
    """Where what was typed is not what stands now; in a table with the row's name."""
    found = list(_differs(form, ""))
    for lines in formsets:
        for each in lines.initial_forms:
            found += _differs(each, str(each.instance))
    return tuple(found)


def _differs(form: Any, row: str) -> Iterator[Differs]:
    for name in form.changed_data:
        if name == "DELETE" or form.fields[name].widget.is_hidden:
            continue
        field = form[name]
        what = f"{row}, {field.label}" if row else str(field.label)
        yield Differs(
            what=what, now=_shown(field, form.get_initial_for_field(field.field, name)), mine=_shown(field, field.data)
        )


def _shown(field: Any, value: Any) -> str:
    """A value of a field as a person reads it."""
    if isinstance(value, bool):
        return now("yes") if value else now("no")
    held = field.field.prepare_value(value)
    choices = {str(key): str(label) for key, label in getattr(field.field, "choices", ())}
    many = held if isinstance(held, list | tuple) else [held]
    return ", ".join(choices.get(str(each), str(each)) for each in many if each not in {None, ""}) or "–"


class MarkedAdmin(ProvedAdmin):
    """The page of a client, saved only over what its writer saw."""

    def _before(self, request: HttpRequest, object_id: str) -> tuple[datetime, Proof] | None:
        """As before; the client is locked by then. Raises Meanwhile."""
        found = super()._before(request, object_id)
        if found is not None and request.POST.get(FIELD) != self._mark(request, object_id):
            raise Meanwhile(refused=_told(request, object_id))
        return found

    def _mark(self, request: HttpRequest, object_id: str) -> str:
        """The mark of what stands on the part of the page now."""
        client = Client.objects.for_house(who(request).house_key).get(pk=object_id)
        own = not parts.part_of(request)
        week = _week(ClientForm(instance=client)) if own else {}
        rows = (
            inline.get_queryset(request).filter(client=client)
            for inline in self.get_inline_instances(request, client)
            if inline.model not in GUARDED
        )
        return mark_of(client if own else None, week, rows)

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """The page with its mark; after somebody else's change with that of now, and all that differs."""
        client, unsaved = kwargs.get("obj"), context.get("unsaved")
        if client is not None:
            form = context["adminform"].form
            formsets = [each.formset for each in context["inline_admin_formsets"]]
            if request.method == "GET":
                own = not parts.part_of(request)
                seen = [
                    [line.instance for line in lines.initial_forms] for lines in formsets if lines.model not in GUARDED
                ]
                context["began"] = mark_of(client if own else None, _week(form) if own else {}, seen)
            elif isinstance(unsaved, Meanwhile):
                context["began"] = self._mark(request, str(client.pk))
                context["differences"] = differences(form, formsets)
            else:
                context["began"] = request.POST.get(FIELD, "")
        return super().render_change_form(request, context, *args, **kwargs)


def _week(form: Any) -> dict[str, Any]:
    return {field: form.initial.get(field, "") for field, _number, _name in DAYS}


def _told(request: HttpRequest, client: str) -> str:
    """Who changed what last, and when, on the house's clock."""
    house = House.objects.get(pk=who(request).house_key)
    acts = AuditEntry.objects.for_house(house).filter(client_key=client, action__startswith="client.")
    last = acts.order_by("-pk").first()
    if last is None:
        return now("This page was changed while you wrote: nothing is saved yet.")
    moment = moments.day_and_hour(last.at, ZoneInfo(house.time_zone), now=CLOCK.now())
    shown = {"name": last.by_name, "act": named(last.action), "moment": moment}
    return now("%(name)s %(act)s, %(moment)s, while you wrote: nothing is saved yet.") % shown
