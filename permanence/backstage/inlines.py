# SPDX-License-Identifier: AGPL-3.0-or-later
"""The lines of a client's page, as all its tables have them."""

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest

from permanence.backstage import supervised
from permanence.backstage.account_forms import NamedFormSet
from permanence.backstage.bases import AnyChoices, AnyInline
from permanence.clients.models import Line, Recipient
from permanence.foundation.who import who

FOLDED: tuple[str, ...] = ("collapse",)
"""Django's word for a group that is folded until it is wanted; one that holds a fault is open."""

_COLUMNS: dict[tuple[type[AnyInline], tuple[Any, ...]], tuple[Any, ...]] = {}
"""By table and what of it may only be read."""


class Inline(AnyInline):
    """Lines of a client's page."""

    extra = 0
    extra_at_first = 0
    explained: Any = ""
    formset = NamedFormSet
    template = "backstage/lines.html"
    classes: Any = FOLDED

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever may open the page sees all of it."""
        return super().has_view_permission(request, obj) or supervised.is_supervisor(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """An owner, and a supervisor where the part is hers; who only looks is shown the same lines."""
        may = super().has_change_permission(request, obj) or supervised.writes_part(request)
        return may or supervised.looks(request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """An owner, and a supervisor where the part is hers."""
        return super().has_add_permission(request, obj) or supervised.writes_part(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """As above."""
        return super().has_delete_permission(request, obj) or supervised.writes_part(request)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """The columns, which are the same on every page: Django makes a form to find them, twice a table."""
        key = (type(self), tuple(self.get_readonly_fields(request, obj)))
        if key not in _COLUMNS:
            _COLUMNS[key] = tuple(super().get_fields(request, obj))
        return list(_COLUMNS[key])

    def get_extra(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> int:  # noqa: ARG002
        """A new client's page shows the empty lines that it will need."""
        return self.extra if obj else self.extra_at_first

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer the rows of the house, and of this client where he is known."""
        model = db_field.remote_field.model
        rows = supervised.offered(who(request), model)
        if model in {Line, Recipient}:
            client = request.resolver_match.kwargs.get("object_id") if request.resolver_match else None
            rows = rows.filter(client=client) if client else rows.none()
        kwargs.setdefault("queryset", rows)
        field: Any = super().formfield_for_foreignkey(db_field, request, **kwargs)
        field.iterator = _asked_once(request, db_field)
        return field


def _asked_once(request: HttpRequest, db_field: Any) -> type[AnyChoices]:
    """What a field of a table offers: the same in each of its rows, and in all tables of the page, asked once."""
    kept: dict[Any, list[Any]] = request.__dict__.setdefault("_offered", {})

    class Offered(AnyChoices):
        def __iter__(self) -> Iterator[Any]:
            model = db_field.remote_field.model
            if model not in kept:
                kept[model] = list(self.queryset)
            if self.field.empty_label is not None:
                yield "", self.field.empty_label
            for row in kept[model]:
                yield self.choice(row)

    return Offered
