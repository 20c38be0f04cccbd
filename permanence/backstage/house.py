# SPDX-License-Identifier: AGPL-3.0-or-later
"""The house itself in the back office: its name and place, its trunks, the audit trail."""

from typing import Any, ClassVar

from django import forms
from django.contrib.admin import display
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from permanence.backstage import trail
from permanence.backstage.bases import AnyForm
from permanence.backstage.fields import COUNTRY_CHOICES, AddressesField, time_zone_choices
from permanence.backstage.inlines import FOLDED
from permanence.backstage.site import HouseAdmin, ReadOnly
from permanence.clients.models import Client
from permanence.foundation import operations
from permanence.foundation.models import AuditEntry, House
from permanence.foundation.who import who
from permanence.kernel.system import SystemClock
from permanence.switchboard import operations as switchboard
from permanence.switchboard.models import Trunk

CLOCK = SystemClock()


class HouseForm(AnyForm):
    """What the house is called and where it is."""

    country = forms.ChoiceField(label=_("country"), choices=COUNTRY_CHOICES)
    time_zone = forms.ChoiceField(label=_("time zone"), choices=time_zone_choices)

    class Meta:
        model = House
        fields = ("name", "language", "country", "time_zone")


class OwnHouseAdmin(HouseAdmin):
    """The owner's house."""

    form = HouseForm

    def get_queryset(self, request: HttpRequest) -> QuerySet[House]:
        """The one house."""
        return House.objects.filter(pk=who(request).house_key)

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 - Django's signature
        """A house is opened by the launcher."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: House | None = None) -> bool:  # noqa: ARG002
        """A house is deleted with its data folder."""
        return False

    def save_model(self, request: HttpRequest, obj: House, form: Any, change: bool) -> None:  # noqa: ARG002
        """Through the operation."""
        operations.change_house(
            name=obj.name,
            language=obj.language,
            country=obj.country,
            time_zone=obj.time_zone,
            by=who(request),
            at=CLOCK.now(),
        )


class TrunkForm(AnyForm):
    """A carrier's trunk."""

    name = forms.CharField(
        label=_("name"), max_length=40, help_text=_("The carrier's name, as you will find it again in the lists.")
    )
    addresses = AddressesField(
        required=False,
        label=_("addresses"),
        help_text=_("Where the carrier calls from, one a line: 192.0.2.10 or 192.0.2.64/28."),
    )
    country = forms.ChoiceField(
        label=_("country"), choices=COUNTRY_CHOICES, help_text=_("National numbers are read as this country's.")
    )

    class Meta:
        model = Trunk
        exclude = ("house",)

    def clean(self) -> dict[str, Any]:
        """A trunk is known by something: its addresses, or the host at which we register or which we call."""
        cleaned = super().clean() or {}
        if not (cleaned.get("addresses") or cleaned.get("registrar") or cleaned.get("target")):
            for name in ("addresses", "registrar"):  # said in the fold too, which opens by it
                self.add_error(name, _("Give an address, a registrar or where our calls go."))
        return cleaned

    def clean_name(self) -> str:
        """A short name: small letters, digits, hyphens."""
        name: str = slugify(self.cleaned_data["name"])
        if not name:
            raise forms.ValidationError(_("Write a name with letters or digits."))
        return name


class TrunkAdmin(HouseAdmin):
    """Trunks."""

    form = TrunkForm
    list_display = ("name", "country", "transport", "registrar")
    fieldsets: ClassVar = (
        (None, {"fields": ("name", "addresses", "country")}),
        (_("Registration (leave empty for a trunk known by its address)"), {"fields": ("registrar", "user", "secret")}),
        (_("Called number"), {"fields": ("number_from", "strip_prefix")}),
        (_("Our calls to the carrier"), {"fields": ("target", "keep_alive_s")}),
        (_("Transport, encryption (TLS)"), {"fields": ("transport", "ca_file", "client_certificate")}),
    )

    def get_fieldsets(self, request: HttpRequest, obj: Trunk | None = None) -> Any:  # noqa: ARG002 - Django's signature
        """Folded is what this trunk does without; Django opens the fold in which a fault is."""
        usual, held = Trunk(), obj or Trunk()

        def same(name: str) -> bool:
            return bool(getattr(held, name) == getattr(usual, name))

        return [
            (title, {**given, "classes": FOLDED if title and all(same(str(name)) for name in given["fields"]) else ()})
            for title, given in self.fieldsets
        ]

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """A new carrier is of the house's country."""
        return {"country": House.objects.get(pk=who(request).house_key).country}

    def save_model(self, request: HttpRequest, obj: Trunk, form: Any, change: bool) -> None:  # noqa: ARG002
        """The row, in the owner's house, and its announcement."""
        by = who(request)
        obj.house_id = by.house_key
        obj.save()
        action = "trunk.changed" if change else "trunk.added"
        switchboard.trunk_changed(trunk=obj.name, action=action, by=by, at=CLOCK.now())

    def delete_model(self, request: HttpRequest, obj: Trunk) -> None:
        """The row goes; the exchange refuses the carrier from then on."""
        obj.delete()
        switchboard.trunk_changed(trunk=obj.name, action="trunk.removed", by=who(request), at=CLOCK.now())


class AuditAdmin(ReadOnly):
    """Who did what, when."""

    list_display = ("at", "by_name", "act", "about")
    fields = ("at", "by_name", "act", "about")
    readonly_fields = ("act", "about")
    date_hierarchy = "at"
    ordering = ("-at", "-pk")

    def get_queryset(self, request: HttpRequest) -> QuerySet[AuditEntry]:
        """With the name of the client each is about."""
        name = Client.objects.filter(pk=OuterRef("client_key"), house=OuterRef("house")).values("name")
        rows: QuerySet[AuditEntry] = super().get_queryset(request).annotate(client_name=Subquery(name))
        return rows

    @display(description=_("act"))
    def act(self, entry: AuditEntry) -> str:
        """The act in words."""
        return trail.named(entry.action)

    @display(description=_("about"))
    def about(self, entry: AuditEntry) -> str:
        """The client, and the details a person reads."""
        client = getattr(entry, "client_name", None) or ""
        return " – ".join(dict.fromkeys(each for each in (client, trail.told(entry.detail)) if each))
