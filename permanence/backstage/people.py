# SPDX-License-Identifier: AGPL-3.0-or-later
"""Persons in the back office: the register, the password, the marks, and who answers calls in which languages."""

from copy import deepcopy
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.contrib.admin import display
from django.contrib.auth.password_validation import validate_password
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path
from django.utils.translation import gettext as now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from permanence.backstage import invited, person_doors, supervised
from permanence.backstage.bases import AnyForm
from permanence.backstage.fields import LanguagesField
from permanence.backstage.site import HouseAdmin
from permanence.clients import access as clients_access
from permanence.clients import operations as clients
from permanence.clients.models import Client, PortalUser, Recipient
from permanence.foundation import access, invitations, operations
from permanence.foundation.keys import row_key
from permanence.foundation.login import safe_next
from permanence.foundation.models import House, Person
from permanence.foundation.rules import Role
from permanence.foundation.who import Who, who
from permanence.kernel.system import SystemClock, SystemEntropy
from permanence.staff import membership, places
from permanence.staff import operations as staff
from permanence.staff.models import Pool, PoolMember, Secretary

CLOCK = SystemClock()
ENTROPY = SystemEntropy()


class PersonForm(AnyForm):
    """A person, her new password when one is given, and whether she answers calls."""

    name = forms.CharField(
        label=_("name"),
        max_length=120,
        required=False,
        help_text=_("Somebody who is invited chooses it herself."),
    )
    invite = forms.BooleanField(
        label=_("send an invitation"),
        required=False,
        initial=True,
        help_text=_("A mail with a link that works once, for seven days: she chooses name, password and language."),
    )
    new_password = forms.CharField(
        label=_("new password"),
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("At least 12 characters. Leave empty to keep the present one, or to let her choose."),
    )
    answers_calls = forms.BooleanField(
        label=_("answers calls (secretary)"), required=False, help_text=person_doors.ANSWERS_CALLS
    )
    languages = LanguagesField(label=_("languages spoken to callers"), required=False)
    sectors = forms.MultipleChoiceField(
        label=_("knows the trades"), choices=Client.SECTORS, required=False, widget=forms.CheckboxSelectMultiple
    )
    pools = forms.ModelMultipleChoiceField(
        label=_("in the pools"),
        queryset=Pool.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Whose calls ring at her place. None: the first pool of the house."),
    )
    answers_for = forms.ModelMultipleChoiceField(
        label=_("only these clients"),
        queryset=Client.objects.none(),
        required=False,
        widget=forms.SelectMultiple(attrs={"size": 8}),
        help_text=_("A secretary or supervisor of some clients only. None chosen: all clients, also those to come."),
    )
    reads_for = forms.ModelChoiceField(
        label=_("reads the messages of"),
        queryset=Client.objects.none(),
        required=False,
        empty_label=_("nobody (or unchanged)"),
        help_text=_(
            "Gives access to this client's portal. With the e-mail address of one of its recipients the person is that "
            "recipient, otherwise an assistant who sees all. The client's page lists who has access."
        ),
    )

    class Meta:
        model = Person
        fields = ("email", "name", "language", "is_active", "is_supervisor", "is_owner")
        help_texts: ClassVar = person_doors.HELP

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not settings.PERMANENCE.mail_is_set:
            self.initial.setdefault("invite", False)
        self.initial.setdefault("answers_for", self.instance.only_clients or [])
        secretary = Secretary.objects.filter(person=self.instance.pk).first() if self.instance.pk else None
        if secretary is not None:
            self.initial.setdefault("answers_calls", secretary.active)
            self.initial.setdefault("languages", secretary.languages)
            self.initial.setdefault("sectors", secretary.sectors)
            members = PoolMember.objects.filter(secretary=secretary).values_list("pool", flat=True)
            self.initial.setdefault("pools", list(members))

    def clean_email(self) -> str:
        """Logins are kept in small letters."""
        return str(self.cleaned_data["email"]).strip().lower()

    def clean_new_password(self) -> str:
        """A password that passes the validators, or none."""
        password = str(self.cleaned_data["new_password"])
        if password:
            validate_password(password, self.instance)
        return password

    def clean(self) -> dict[str, Any]:
        """A person has a name and something to open, a secretary a language; the house keeps an owner who signs in."""
        cleaned = super().clean() or self.cleaned_data
        cleaned["answers_calls"] = person_doors.answers_calls(cleaned, self.instance)
        if not cleaned.get("name"):
            if not self.instance.pk and cleaned.get("invite"):
                cleaned["name"] = str(cleaned.get("email") or "").partition("@")[0]
            else:
                self.add_error("name", _("Write the name."))
        if cleaned.get("answers_calls") and not cleaned.get("languages"):
            self.add_error("languages", _("Write at least one language: calls are offered by language."))
        if cleaned.get("is_owner") and cleaned.get("answers_for"):
            self.add_error("answers_for", _("An owner answers for all clients."))
        stays = cleaned.get("is_owner") and cleaned.get("is_active")
        if cleaned.get("is_active") and not self.errors and not person_doors.opened(cleaned, self.instance):
            self.add_error(None, person_doors.NOTHING)
        if self.instance.pk and not stays and not self._other_owner():
            self.add_error(None, _("The house must keep an owner who may sign in."))
        return cleaned

    def _other_owner(self) -> bool:
        owners = Person.objects.owners_who_sign_in(self.instance.house_id)
        return owners.exclude(pk=self.instance.pk).exists()


READ = (
    (None, {"fields": ("email", "name", "language", "is_active")}),
    (_("Calls"), {"fields": ("answers_calls", "languages", "sectors", "pools")}),
    (_("Doors"), {"fields": ("is_supervisor", "is_owner", "answers_for")}),
)
"""What a supervisor reads of a person."""


class PersonAdmin(HouseAdmin):
    """Persons. A supervisor reads the register; where somebody works is the owner's to know."""

    supervisors = frozenset({"view", "look"})
    form = PersonForm
    list_display = (
        "name",
        "email",
        "is_secretary",
        "is_supervisor",
        "is_owner",
        "is_portal_user",
        "is_active",
        "entry",
    )
    search_fields = ("name", "email")
    fieldsets = (
        (None, {"fields": ("email", "name", "language", "invite", "new_password", "is_active")}),
        (_("Calls"), {"fields": ("answers_calls", "languages", "sectors", "pools", "place")}),
        (_("Portal"), {"fields": ("reads_for",)}),
        (_("Doors"), {"fields": ("is_supervisor", "is_owner", "answers_for")}),
    )

    readonly_fields = ("place",)

    @display(description=_("invitation"))
    def entry(self, person: Person) -> str:
        """Of somebody who has no password yet: where the invitation stands."""
        if person.has_usable_password():
            return "-"
        last = invitations.last_invitation(house=person.house.slug, person=str(person.pk))
        return invited.words(last) or now("not invited yet")

    @display(description=_("works at"))
    def place(self, person: Person) -> str:
        """Where she told that she works."""
        told = places.place_of(house=person.house.slug, person=str(person.pk)) if person.pk else None
        return "-" if told is None else f"{told.address} ({told.country})"

    def get_urls(self) -> list[Any]:
        """With the two acts on an invitation."""
        acts = (("send", invited.send), ("revoke", invited.revoke))
        return [
            path(
                f"<str:person>/invitation/{name}/",
                self.admin_site.admin_view(require_POST(act)),
                name=f"foundation_person_{name}_invitation",
            )
            for name, act in acts
        ] + super().get_urls()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Person]:
        """Those who concern her."""
        return supervised.persons(who(request), super().get_queryset(request))

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Who is in the register is invited by a button of her page."""
        if supervised.reads(request):
            return READ
        sets = super().get_fieldsets(request, obj)
        if obj is None:
            return sets
        first, *others = sets
        fields = tuple(field for field in first[1]["fields"] if field != "invite")
        return ((first[0], {**first[1], "fields": fields}), *others)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The page, and above it where the invitation stands."""
        if not self.get_queryset(request).filter(pk=row_key(object_id)).exists() and who(request).clients is not None:
            raise access.NotHers(subject=f"foundation.person:{object_id}", client=None)
        supervised.owner_writes(request)
        shown = {} if supervised.reads(request) else invited.shown(request, object_id)
        return super().change_view(request, object_id, form_url, {**shown, **(extra_context or {})})

    def has_delete_permission(self, request: HttpRequest, obj: Person | None = None) -> bool:  # noqa: ARG002
        """What a person did stays readable under her name: she is stopped from signing in instead."""
        return False

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """As the start page asks: somebody who answers calls, or who reads the first client's messages."""
        house = House.objects.get(pk=who(request).house_key)
        asked: dict[str, Any] = {"language": house.language}
        if "answers_calls" in request.GET:
            asked |= {"answers_calls": True, "languages": [house.language]}
        if "portal" in request.GET:
            asked |= self._reader(Client.objects.for_house(house).order_by("pk"), request.GET["portal"])
        return asked

    def _reader(self, clients_of_house: Any, wanted: str) -> dict[str, Any]:
        """Who reads for the client of that key, else for the first: the first of his recipients with an address."""
        known = wanted.isascii() and wanted.isdecimal() and len(wanted) < 19
        client = clients_of_house.filter(pk=int(wanted)).first() if known else clients_of_house.first()
        own = Recipient.objects.for_client(client).filter(active=True).exclude(email="") if client and known else None
        first = own.order_by("position", "pk").first() if own is not None else None
        return {"reads_for": client, **({"name": first.name, "email": first.email} if first else {})}

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """With the clients of the house to choose from; the field is this form's own."""
        form: Any = super().get_form(request, obj, change=change, **kwargs)
        field = deepcopy(form.base_fields["reads_for"])
        field.queryset = supervised.offered(who(request), Client)
        form.base_fields["reads_for"] = field
        chosen = deepcopy(form.base_fields["answers_for"])
        chosen.queryset = field.queryset
        form.base_fields["answers_for"] = chosen
        pools = deepcopy(form.base_fields["pools"])
        pools.queryset = Pool.objects.for_house(who(request).house_key).order_by("position", "pk")
        form.base_fields["pools"] = pools
        return form

    def response_add(self, request: HttpRequest, obj: Person, post_url_continue: str | None = None) -> HttpResponse:
        """Saved: back to the page that asked for somebody (`next`), where one did."""
        asked = safe_next(request, request.GET.get("next", ""))
        if asked and not {"_continue", "_addanother"} & request.POST.keys():
            return HttpResponseRedirect(asked)
        return super().response_add(request, obj, post_url_continue)

    def save_model(self, request: HttpRequest, obj: Person, form: Any, change: bool) -> None:
        """One operation for each thing the form changed."""
        by, at, given = who(request), CLOCK.now(), form.cleaned_data
        wanted = {Role.SUPERVISOR: given["is_supervisor"], Role.OWNER: given["is_owner"]}
        if change:
            # The owner is granted before she might be made inactive, so that the house never lacks one in between.
            for role, held in wanted.items():
                operations.grant(person=str(obj.pk), role=role, held=held, by=by, at=at)
            operations.change_person(
                person=str(obj.pk),
                email=given["email"],
                name=given["name"],
                language=given["language"],
                active=given["is_active"],
                by=by,
                at=at,
            )
            if given["new_password"]:
                operations.give_password(person=str(obj.pk), password=given["new_password"], by=by, at=at)
        else:
            key = operations.add_person(
                email=given["email"],
                name=given["name"],
                language=given["language"],
                roles=frozenset(role for role, held in wanted.items() if held),
                password=given["new_password"] or None,
                by=by,
                at=at,
            )
            obj.pk, obj.house_id = int(key), by.house_key
            if given["invite"] and not given["new_password"]:
                invitations.send_invitation(person=key, by=by, at=at, entropy=ENTROPY)
        keys = tuple(str(client.pk) for client in given["answers_for"]) or None
        clients_access.choose_clients(person=str(obj.pk), clients=keys, by=by, at=at)
        self._secretary(obj, given, by)
        if given["reads_for"] is not None:
            self._portal(obj, given["reads_for"], given["email"], by)
        self.message_user(request, person_doors.told(given, obj))

    def _portal(self, person: Person, client: Client, email: str, by: Who) -> None:
        if PortalUser.objects.for_client(client).filter(person=person.pk).exists():
            return
        recipient = Recipient.objects.for_client(client).filter(email__iexact=email, active=True).first()
        clients.add_portal_user(
            client=str(client.pk),
            person=str(person.pk),
            recipient=str(recipient.pk) if recipient else None,
            by=by,
            at=CLOCK.now(),
        )

    def _secretary(self, person: Person, given: dict[str, Any], by: Who) -> None:
        at = CLOCK.now()
        row = Secretary.objects.for_house(by.house_key).filter(person=person.pk).first()
        languages = tuple(given["languages"])
        pools, sectors = tuple(str(pool.pk) for pool in given["pools"]), tuple(given["sectors"])
        if row is not None:
            spoken = languages or tuple(row.languages)
            active = bool(given["answers_calls"] and given["is_active"])
            staff.change_secretary(
                secretary=str(row.pk),
                languages=spoken,
                active=active,
                pools=pools or membership.first_pool(by=by),
                sectors=sectors,
                by=by,
                at=at,
            )
        elif given["answers_calls"]:
            staff.make_secretary(person=str(person.pk), languages=languages, pools=pools, sectors=sectors, by=by, at=at)
