# SPDX-License-Identifier: AGPL-3.0-or-later
"""The pools in the back office: who answers for whom, and which pool helps which."""

from typing import Any, ClassVar

from django import forms
from django.contrib.admin import display
from django.http import HttpRequest
from django.utils.translation import gettext as now
from django.utils.translation import gettext_lazy as _

from permanence.backstage.bases import AnyForm
from permanence.backstage.site import HouseAdmin
from permanence.clients.models import Client
from permanence.clients.rules import ClientState
from permanence.foundation.who import who
from permanence.kernel.system import SystemClock
from permanence.staff import membership
from permanence.staff.models import Pool, PoolMember

CLOCK = SystemClock()
NAMED = 8
"""How many names a line tells before it only counts the others."""


def named(names: list[str]) -> str:
    """The first names of a list, and how many others there are."""
    return ", ".join(names[:NAMED]) + (f" (+{len(names) - NAMED})" if len(names) > NAMED else "")


class PoolForm(AnyForm):
    """A pool's name, its place, its help."""

    house_key = 0

    class Meta:
        model = Pool
        fields = ("name", "position", "overflow", "overflow_after_s")
        help_texts: ClassVar = {
            "position": _("The first pool answers for every client for whom no other is chosen."),
            "overflow": _("The callers of this pool ring there too when nobody here was free in time. Empty: never."),
        }

    def clean_name(self) -> str:
        """A name that no other pool of the house has."""
        name = str(self.cleaned_data["name"]).strip()
        if Pool.objects.for_house(self.house_key).filter(name=name).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(_("Another pool has this name."))
        return name

    def clean(self) -> dict[str, Any]:
        """A pool is helped by another one."""
        cleaned = super().clean() or self.cleaned_data
        helping = cleaned.get("overflow")
        if helping is not None and helping.pk == self.instance.pk:
            self.add_error("overflow", _("A pool cannot help itself."))
        return cleaned


class PoolAdmin(HouseAdmin):
    """Pools."""

    form = PoolForm
    list_display = ("name", "people", "clients", "help_words")
    fields = ("name", "position", "overflow", "overflow_after_s", "people", "clients")
    readonly_fields = ("people", "clients")

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """The form knows its house."""
        form: Any = super().get_form(request, obj, change=change, **kwargs)
        form.house_key = who(request).house_key
        if "overflow" in form.base_fields:
            field = form.base_fields["overflow"]
            field.widget, field.empty_label = field.widget.widget, now("nobody")  # without the admin's signs beside it
            field.widget.choices = field.choices
        return form

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """The page, under a title in words."""
        title = now("A new pool") if object_id is None else now("Pool")
        return super().changeform_view(request, object_id, form_url, {"title": title, **(extra_context or {})})

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """A new pool is the last."""
        return {"position": Pool.objects.for_house(who(request).house_key).count(), "overflow_after_s": 30}

    @display(description=_("who is in it"))
    def people(self, pool: Pool) -> str:
        """The secretaries who answer calls."""
        if pool.pk is None:
            return "-"
        rows = PoolMember.objects.for_house(pool.house_id).filter(pool=pool.pk, secretary__active=True)
        names = list(rows.order_by("secretary__person__name").values_list("secretary__person__name", flat=True))
        return named(names) or now("Nobody yet: choose this pool on the page of a person.")

    @display(description=_("for whom"))
    def clients(self, pool: Pool) -> str:
        """The clients given to it, and for the first pool those given to none."""
        if pool.pk is None:
            return "-"
        rows = Client.objects.for_house(pool.house_id).exclude(state=ClientState.ENDED).order_by("name")
        given = list(rows.filter(pool=pool.pk).values_list("name", flat=True))
        if pool.pk == self._first(pool.house_id):
            given = [*rows.filter(pool__isnull=True).values_list("name", flat=True), *given]
        return named(given) or now("No client yet: choose this pool on the page of a client.")

    @display(description=_("helped by"))
    def help_words(self, pool: Pool) -> str:
        """Who helps, after how long."""
        if pool.overflow is None:
            return "-"
        return now("%(pool)s after %(seconds)d s") % {"pool": pool.overflow.name, "seconds": pool.overflow_after_s}

    def has_delete_permission(self, request: HttpRequest, obj: Pool | None = None) -> bool:
        """Not the only one, and none that is in use."""
        allowed = bool(super().has_delete_permission(request, obj))
        if obj is None or not allowed:
            return allowed
        rows = Pool.objects.for_house(obj.house_id)
        used = (
            PoolMember.objects.for_house(obj.house_id).filter(pool=obj.pk),
            Client.objects.for_house(obj.house_id).filter(pool=obj.pk),
            rows.filter(overflow=obj.pk),
        )
        return rows.exclude(pk=obj.pk).exists() and not any(each.exists() for each in used)

    def save_model(self, request: HttpRequest, obj: Pool, form: Any, change: bool) -> None:
        """Through the operation."""
        given = form.cleaned_data
        helping = "" if given["overflow"] is None else str(given["overflow"].pk)
        wanted = {"name": given["name"], "position": given["position"], "overflow": helping}
        wanted |= {"overflow_after_s": given["overflow_after_s"], "by": who(request), "at": CLOCK.now()}
        if change:
            membership.change_pool(pool=str(obj.pk), **wanted)
        else:
            obj.pk, obj.house_id = int(membership.add_pool(**wanted)), who(request).house_key

    def delete_model(self, request: HttpRequest, obj: Pool) -> None:
        """Through the operation."""
        membership.remove_pool(pool=str(obj.pk), by=who(request), at=CLOCK.now())

    def _first(self, house: int) -> int | None:
        return Pool.objects.for_house(house).order_by("position", "pk").values_list("pk", flat=True).first()
