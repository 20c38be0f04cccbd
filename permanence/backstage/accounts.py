# SPDX-License-Identifier: AGPL-3.0-or-later
"""The client accounts in the back office: one page holds everything about a client."""

from contextlib import suppress
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.contrib.admin import display
from django.db.models import Max
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext_lazy as _

from permanence.backstage import (
    absences,
    directory_changes,
    flag_warnings,
    line_changes,
    parts,
    second_person,
    supervised,
)
from permanence.backstage.account_forms import (
    DAYS,
    ClientForm,
    LineForm,
    LineFormSet,
    ReasonForm,
    RecipientForm,
    reason_code,
)
from permanence.backstage.agendas import AgendaInline
from permanence.backstage.inlines import FOLDED, Inline
from permanence.backstage.instructions import InstructionInline
from permanence.backstage.said import SaidAdmin
from permanence.backstage.site import changes
from permanence.backstage.sites import ContactInline, SiteInline
from permanence.backstage.spoken_forms import GreetingInline
from permanence.backstage.used_forms import ReasonFormSet, RecipientFormSet
from permanence.clients import acts, operations, queries
from permanence.clients.instruction_bodies import instruction_body
from permanence.clients.models import (
    Absence,
    Client,
    Contact,
    Greeting,
    HoursException,
    Instruction,
    Line,
    PortalUser,
    Reason,
    Recipient,
    Site,
    WeeklyOpening,
)
from permanence.clients.rules import next_colour
from permanence.clients.rules.approvals import ProposalKind
from permanence.clients.rules.week import TYPICAL_WEEK
from permanence.clients.unflagged import why_unflagged_now
from permanence.foundation import access
from permanence.foundation import operations as common
from permanence.foundation.models import House
from permanence.foundation.rules import Role
from permanence.foundation.who import who
from permanence.kernel.system import SystemClock
from permanence.reception.instructions import holds, in_order, instructions_in_force
from permanence.reception.table import ANSWERED, GreetingEntry

CLOCK = SystemClock()


class LineInline(Inline):
    """His numbers of the house."""

    model = Line
    form = LineForm
    formset = LineFormSet
    extra_at_first = 1
    classes = ()  # what every client has stands open
    explained = _(
        "The number of the house to which the client forwards its line: calls on it are for this client. One that is "
        "taken off or replaced rests: no other client is given it for 180 days."
    )


class ExceptionInline(Inline):
    """Days that differ."""

    model = HoursException
    explained = _("A day that is not as every week: other hours, or closed when both times are empty.")
    fields = ("date", "opens", "until", "label")


class RecipientInline(Inline):
    """For whom messages can be."""

    model = Recipient
    form = RecipientForm
    formset = RecipientFormSet
    extra_at_first = 1
    classes = ()  # what every client has stands open
    explained = _("For whom messages can be: a practitioner, the practice, a desk. The e-mail says that one waits.")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """Messages name him: he is made inactive instead."""
        return False


class ReasonInline(Inline):
    """Reasons of the message form."""

    model = Reason
    form = ReasonForm
    formset = ReasonFormSet
    extra_at_first = 3
    classes = ()  # what every client has stands open
    explained = _("Why callers call, in a few words each: appointment, prescription, results.")


class PortalUserInline(Inline):
    """Who reads his messages in the portal."""

    model = PortalUser
    explained = _("Persons who read and acknowledge the messages. Make the person first, under Persons.")
    fields = ("person", "recipient", "active")


def _said(file: queries.ClientFile, name: str) -> list[GreetingEntry]:
    """The phrases as somebody of this name would say them."""
    first = name.split(maxsplit=1)[0] if name.strip() else name
    return [replace(each, text=each.text.replace("{name}", first)) for each in file.greetings]


class ClientAdmin(SaidAdmin):
    """Clients."""

    supervisors = frozenset({"view", "look"})
    form = ClientForm
    list_display = ("name", "kind", "place", "state", "numbers")
    list_filter = ("state", "sector")
    search_fields = ("name",)
    inlines = (
        LineInline,
        SiteInline,
        ContactInline,
        ExceptionInline,
        GreetingInline,
        absences.AbsenceInline,
        InstructionInline,
        RecipientInline,
        AgendaInline,
        ReasonInline,
        PortalUserInline,
    )
    fieldsets = (
        (
            None,
            {"fields": ("name", ("initials", "colour"), ("kind", "sector"), ("specialty", "place"), "state")},
        ),
        (
            _("Opening hours"),
            {
                "classes": ("week",),
                "fields": (*(field for field, _number, _name in DAYS), "open_always", "closed_on_holidays"),
                "description": _("Hours at which calls are answered: 8-12, 14h-18h30. Empty: closed. 24h: all day."),
            },
        ),
        (_("Where"), {"classes": FOLDED, "fields": ("country", "region", "time_zone")}),
        (
            _("Contract"),
            {
                "classes": FOLDED,
                "fields": (("contract_from", "contract_until"), "contract_notes", "second_approval"),
            },
        ),
        (_("Callers"), {"classes": FOLDED, "fields": ("pool", "languages", "ring_before_music_s", "max_wait_s")}),
        (
            _("Voice messages"),
            {
                "classes": FOLDED,
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
            **dict(zip((field for field, _number, _name in DAYS), TYPICAL_WEEK, strict=True)),
        }

    def get_formset_kwargs(self, request: HttpRequest, obj: Any, inline: Any, prefix: str) -> dict[str, Any]:
        """The first phrase of a new client is in the house's language; a number is judged in its house."""
        found: dict[str, Any] = super().get_formset_kwargs(request, obj, inline, prefix)
        if inline.model is Greeting and not obj.pk:
            found["initial"] = [{"language": who(request).language}]
        if inline.model is Line:
            found["form_kwargs"] = {"house_key": who(request).house_key}
        return found

    def get_inline_formsets(self, request: HttpRequest, formsets: Any, inline_instances: Any, obj: Any = None) -> Any:
        """The tables, a folded one with the number of its lines."""
        for lines, inline in zip(formsets, inline_instances, strict=True):
            if inline.classes and lines.initial_form_count():
                inline.verbose_name_plural = f"{inline.verbose_name_plural} ({lines.initial_form_count()})"
        return super().get_inline_formsets(request, formsets, inline_instances, obj)

    def get_inlines(self, request: HttpRequest, obj: Client | None) -> Any:
        """The tables of the part that is looked at; a new client's page has them all."""
        if obj is None:
            return self.inlines
        _name, models = parts.PARTS[parts.part_of(request)]
        return [inline for inline in self.inlines if inline.model in models]

    def get_fieldsets(self, request: HttpRequest, obj: Client | None = None) -> Any:
        """The client's own fields, on the first part only."""
        return () if obj is not None and parts.part_of(request) else self.fieldsets

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """On the other parts a form of no fields: what is not shown is not changed."""
        if obj is not None and parts.part_of(request):
            kwargs["form"] = parts.PartForm
        return super().get_form(request, obj, change=change, **kwargs)

    def response_post_save_change(self, request: HttpRequest, obj: Client) -> HttpResponseRedirect:  # noqa: ARG002
        """The same part again: the next thing to change stands beside what was saved."""
        return HttpResponseRedirect(request.get_full_path())

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The page, and above it what the secretary will see."""
        house = who(request).house
        access.demand(who(request), client=object_id, subject=f"clients.client:{object_id}")
        supervised.owner_writes(request)
        preview, at = None, CLOCK.now()
        with suppress(queries.ClientUnknown):
            if not parts.part_of(request):
                preview = queries.client_file(house=house, client=object_id, at=at)
        shown = {
            "preview": preview,
            "greetings": _said(preview, who(request).name) if preview else (),
            "instructions": instructions_in_force(preview.instructions, at=at) if preview else (),
            "ahead": [each for each in in_order(preview.instructions) if not holds(each, at=at)] if preview else (),
            "tabs": parts.tabs(request),
            "show_save_and_continue": False,  # saving stays here
        }
        return super().change_view(request, object_id, form_url, {**shown, **(extra_context or {})})

    def save_model(self, request: HttpRequest, obj: Client, form: Any, change: bool) -> None:  # noqa: ARG002
        """The row, in the owner's house."""
        obj.house_id = who(request).house_key
        held = second_person.hold_duty(obj)
        obj.save()
        if held is not None:
            second_person.submit(request, client=str(obj.pk), kind=ProposalKind.DUTY_CONTACT, body=held)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:  # noqa: ARG002
        """The lines of the page; new instructions are written by their operation."""
        client: Client = form.instance
        rows = formset.save(commit=False)
        if formset.model is Instruction:
            for row in rows:
                self._write(request, client, row)
            return
        if formset.model is Absence:
            if absences.keep(client, rows, formset.deleted_objects, by=who(request)):
                second_person.tell(request)
            return
        if formset.model is Contact and client.second_approval:
            rows = second_person.keep_contacts(request, client, rows, formset.deleted_objects)
        else:
            for gone in formset.deleted_objects:
                directory_changes.note_removed(request, gone)
                if isinstance(gone, Line):
                    line_changes.take_off(request, gone, at=CLOCK.now())
                else:
                    gone.delete()
        for row in rows:
            row.house_id, row.client_id = client.house_id, client.pk
            self._place(row)
            directory_changes.note_written(request, row)
            if isinstance(row, Line):
                line_changes.renumbered(request, row, at=CLOCK.now())
                operations.number_given([row.number], at=CLOCK.now())
            row.save()
            if isinstance(row, PortalUser):
                person = str(row.person_id)
                common.grant(person=person, role=Role.PORTAL_USER, by=who(request), at=CLOCK.now())
        formset.save_m2m()

    def _place(self, row: Any) -> None:
        """What the page does not ask: a new recipient or reason comes last, a reason's code is made of its words."""
        if isinstance(row, Site | Contact) and not row.position:
            last = type(row).objects.for_client(row.client_id).aggregate(last=Max("position"))["last"]
            row.position = (last or 0) + 1
        if row.pk or not isinstance(row, Reason | Recipient):
            return
        others = type(row).objects.for_client(row.client_id)
        row.position = others.count()
        if isinstance(row, Reason):
            taken = set(Reason.objects.for_client(row.client_id).values_list("code", flat=True))
            row.code = reason_code(row.label, taken)

    def _week(self, client: Client, form: ClientForm) -> None:
        WeeklyOpening.objects.for_client(client).delete()
        WeeklyOpening.objects.bulk_create(
            WeeklyOpening(house_id=client.house_id, client=client, weekday=day, opens=opens, until=until)
            for day, opens, until in form.week()
        )

    def _write(self, request: HttpRequest, client: Client, row: Instruction) -> None:
        body = instruction_body(text=row.text, priority=row.priority, acknowledge=row.acknowledge)
        second_person.submit(request, client=str(client.pk), kind=ProposalKind.INSTRUCTION, body=body)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """The lines, then the one announcement of the whole change, in Django's transaction of the page."""
        super().save_related(request, form, formsets, change)
        if form.week_changed or not change:
            self._week(form.instance, form)
        acts.changed(
            client=str(form.instance.pk),
            action="client.changed" if change else "client.opened",
            by=who(request),
            at=CLOCK.now(),
            detail=changes(form, [each for each in formsets if hasattr(each, "new_objects")]),
        )
        self.prove(request, str(form.instance.pk))
        if "state" in form.changed_data and form.instance.state in ANSWERED:
            view = queries.client(house=who(request).house, client=str(form.instance.pk))
            warning = flag_warnings.warning(why_unflagged_now(view, house=who(request).house, at=CLOCK.now()))
            if warning:
                messages.warning(request, warning)
