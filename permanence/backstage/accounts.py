# SPDX-License-Identifier: AGPL-3.0-or-later
"""The client accounts in the back office: one page holds everything about a client."""

from typing import Any, ClassVar

from django import forms
from django.contrib.admin import display
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from permanence.backstage.bases import AnyForm, AnyInline, AnyInlineFormSet
from permanence.backstage.fields import (
    COLOUR_CHOICES,
    COUNTRY_CHOICES,
    REGION_CHOICES,
    LanguagesField,
    time_zone_choices,
)
from permanence.backstage.site import HouseAdmin, changes
from permanence.clients import operations
from permanence.clients.models import (
    Client,
    Greeting,
    HoursException,
    Instruction,
    Line,
    PortalUser,
    Reason,
    Recipient,
    WeeklyOpening,
)
from permanence.clients.rules import next_colour
from permanence.foundation import operations as common
from permanence.foundation.models import House, Language
from permanence.foundation.rules import Role
from permanence.foundation.who import who
from permanence.kernel.phone import PhoneNumber
from permanence.kernel.system import SystemClock

CLOCK = SystemClock()


class ClientForm(AnyForm):
    """The client's own fields."""

    languages = LanguagesField(label=_("languages"))
    country = forms.ChoiceField(label=_("country"), choices=COUNTRY_CHOICES)
    region = forms.ChoiceField(label=_("public holidays of"), choices=REGION_CHOICES, required=False)
    time_zone = forms.ChoiceField(label=_("time zone"), choices=time_zone_choices)
    colour = forms.TypedChoiceField(label=_("colour"), choices=COLOUR_CHOICES, coerce=int)

    class Meta:
        model = Client
        exclude = ("house",)

    def clean_initials(self) -> str:
        """Two capitals."""
        return str(self.cleaned_data["initials"]).upper()


class LineForm(AnyForm):
    """A number, spelt as people do."""

    number = forms.CharField(label=_("number"), max_length=30, help_text=_("With its country: +352 27 00 00 10."))

    class Meta:
        model = Line
        fields = ("number", "label")

    def clean_number(self) -> str:
        """The number in E.164."""
        try:
            return str(PhoneNumber.parse_global(self.cleaned_data["number"].strip()))
        except ValueError as error:
            raise forms.ValidationError(
                _("Write the number with its country, for instance +352 27 00 00 10.")
            ) from error


class NamedFormSet(AnyInlineFormSet):
    """Lines whose fields are named after their table: the rows have no reverse accessor to take a name from."""

    @classmethod
    def get_default_prefix(cls) -> str:
        """The table's name."""
        table: Any = cls.model
        return str(table._meta.model_name)


class _Inline(AnyInline):
    """Lines of a client's page."""

    extra = 0
    formset = NamedFormSet

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer the rows of the house, and of this client where he is known."""
        rows = db_field.remote_field.model._default_manager.filter(house=who(request).house_key)
        if db_field.remote_field.model is Recipient:
            client = request.resolver_match.kwargs.get("object_id") if request.resolver_match else None
            rows = rows.filter(client=client) if client else rows.none()
        kwargs.setdefault("queryset", rows)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class LineInline(_Inline):
    """His numbers of the house."""

    model = Line
    form = LineForm


class OpeningInline(_Inline):
    """The week."""

    model = WeeklyOpening
    fields = ("weekday", "opens", "until")


class ExceptionInline(_Inline):
    """Days that differ."""

    model = HoursException
    fields = ("date", "opens", "until", "label")


class GreetingForm(AnyForm):
    """A phrase and its language."""

    language = forms.ChoiceField(label=_("language"), choices=Language.choices)

    class Meta:
        model = Greeting
        fields = ("language", "text")
        widgets: ClassVar = {"text": forms.TextInput(attrs={"size": 80})}


class GreetingInline(_Inline):
    """The phrases to say."""

    model = Greeting
    form = GreetingForm


class InstructionForm(AnyForm):
    """What is written of an instruction."""

    class Meta:
        model = Instruction
        fields = ("text", "priority", "starts_at", "ends_at")
        widgets: ClassVar = {"text": forms.Textarea(attrs={"rows": 3, "cols": 70})}


def in_place(rows: QuerySet[Instruction]) -> QuerySet[Instruction]:
    """Of each instruction the last version, unless it was retired."""
    later = Instruction.objects.filter(
        Q(root=OuterRef("pk")) | Q(root=OuterRef("root")), version__gt=OuterRef("version")
    )
    return rows.filter(~Exists(later), retired=False)


class InstructionInline(_Inline):
    """The instructions in place; they are changed on a page of their own, as a new version."""

    model = Instruction
    form = InstructionForm
    show_change_link = True
    verbose_name_plural = _("instructions (a change makes a new version)")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Instruction]:
        """Those in place."""
        return in_place(super().get_queryset(request))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """What was written stays written."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """What was written stays written."""
        return False


class RecipientInline(_Inline):
    """For whom messages can be."""

    model = Recipient
    fields = ("kind", "name", "email", "position", "active")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """Messages name him: he is made inactive instead."""
        return False


class ReasonInline(_Inline):
    """Reasons of the message form."""

    model = Reason
    fields = ("code", "label", "position")


class PortalUserInline(_Inline):
    """Who reads his messages in the portal."""

    model = PortalUser
    fields = ("person", "recipient", "active")


class ClientAdmin(HouseAdmin):
    """Clients."""

    form = ClientForm
    list_display = ("name", "kind", "place", "state", "numbers")
    list_filter = ("state", "sector")
    search_fields = ("name",)
    inlines = (
        LineInline,
        OpeningInline,
        ExceptionInline,
        GreetingInline,
        InstructionInline,
        RecipientInline,
        ReasonInline,
        PortalUserInline,
    )
    fieldsets = (
        (None, {"fields": ("name", ("initials", "colour"), "kind", "sector", "specialty", "place", "state")}),
        (_("Where and when"), {"fields": ("country", "region", "time_zone", "open_always", "closed_on_holidays")}),
        (_("Callers"), {"fields": ("languages", "ring_before_music_s", "max_wait_s")}),
        (
            _("Voice messages"),
            {
                "fields": ("voice_message", "voice_message_agreed_date", "duty_contact"),
                "description": _("For a health client both the date of the doctor's agreement and a duty contact."),
            },
        ),
    )

    def has_delete_permission(self, request: HttpRequest, obj: Client | None = None) -> bool:  # noqa: ARG002
        """A client is ended, never deleted: his calls and messages stay readable."""
        return False

    @display(description=_("numbers"))
    def numbers(self, client: Client) -> str:
        """His numbers of the house."""
        return ", ".join(Line.objects.for_client(client).values_list("number", flat=True))

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """A new client begins with the house's country and the colour least used."""
        house = House.objects.get(pk=who(request).house_key)
        used = Client.objects.for_house(house).values_list("colour", flat=True)
        return {
            "colour": next_colour(used),
            "country": house.country,
            "time_zone": house.time_zone,
            "languages": [house.language],
        }

    def save_model(self, request: HttpRequest, obj: Client, form: Any, change: bool) -> None:  # noqa: ARG002
        """The row, in the owner's house."""
        obj.house_id = who(request).house_key
        obj.save()

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:  # noqa: ARG002
        """The lines of the page; new instructions are written by their operation."""
        client: Client = form.instance
        rows = formset.save(commit=False)
        if formset.model is Instruction:
            for row in rows:
                self._write(request, client, row)
            return
        for gone in formset.deleted_objects:
            gone.delete()
        for row in rows:
            row.house_id, row.client_id = client.house_id, client.pk
            row.save()
            if isinstance(row, PortalUser):
                person = str(row.person_id)
                common.grant(person=person, role=Role.PORTAL_USER, by=who(request), at=CLOCK.now())
        formset.save_m2m()

    def _write(self, request: HttpRequest, client: Client, row: Instruction) -> None:
        by = who(request)
        operations.write_instruction(
            client=str(client.pk),
            text=row.text,
            author=by.person,
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            priority=row.priority,
            by=by,
            at=CLOCK.now(),
        )

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """The lines, then the one announcement of the whole change, in Django's transaction of the page."""
        super().save_related(request, form, formsets, change)
        operations.changed(
            client=str(form.instance.pk),
            action="client.changed" if change else "client.opened",
            by=who(request),
            at=CLOCK.now(),
            detail=changes(form, [each for each in formsets if hasattr(each, "new_objects")]),
        )


class InstructionAdmin(HouseAdmin):
    """Instructions in place: saving writes a new version, deleting retires."""

    form = InstructionForm
    list_display = ("text", "client", "priority", "starts_at", "ends_at", "version", "author")
    list_filter = ("client",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Instruction]:
        """Those in place."""
        return in_place(super().get_queryset(request)).select_related("client", "author")

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 - Django's signature
        """A new one is written on the client's page."""
        return False

    def save_model(self, request: HttpRequest, obj: Instruction, form: Any, change: bool) -> None:  # noqa: ARG002
        """A new version; the row on the page stays as it was."""
        by = who(request)
        operations.revise_instruction(
            client=str(obj.client_id),
            instruction=str(obj.root_id or obj.pk),
            text=obj.text,
            author=by.person,
            starts_at=obj.starts_at,
            ends_at=obj.ends_at,
            priority=obj.priority,
            by=by,
            at=CLOCK.now(),
        )

    def delete_model(self, request: HttpRequest, obj: Instruction) -> None:
        """It holds no longer."""
        by = who(request)
        operations.retire_instruction(
            client=str(obj.client_id),
            instruction=str(obj.root_id or obj.pk),
            author=by.person,
            by=by,
            at=CLOCK.now(),
        )
