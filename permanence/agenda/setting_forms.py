# SPDX-License-Identifier: AGPL-3.0-or-later
"""The forms in which an agenda is set, for the back office and the portal: openings and the agenda.

They read what is typed into values of the rules; what cannot be is said at the field. They decide nothing else.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.dates import WEEKDAYS
from django.utils.functional import Promise, lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from permanence.agenda.queries.books import EARLIEST, LATEST
from permanence.agenda.queries.views import AgendaView, ResourceView
from permanence.agenda.rules import kinds
from permanence.agenda.rules.kinds import Opening, OpeningKind
from permanence.agenda.rules.waiting import OFFER_MINUTES
from permanence.agenda.waiting_words import offer_length
from permanence.clients.hours_words import overlap_said
from permanence.clients.rules.week import HoursUnclear, read_day, write_day

INPUT = {"class": "input", "autocomplete": "off"}
NUMBER = {"class": "input", "inputmode": "numeric", "size": 5}
DATE = {"class": "input", "type": "date"}
DAY_LIMIT, NAME_LIMIT = 120, 80

_OFFER_LENGTH = lazy(offer_length, str)

KIND_WORDS: dict[OpeningKind, str | Promise] = {
    OpeningKind.NORMAL: _("by appointment"),
    OpeningKind.SAME_DAY: _("kept for urgent visits of the same day"),
    OpeningKind.WALK_IN: _("without appointment"),
    OpeningKind.HOME_VISIT: _("home visits"),
    OpeningKind.TELE: _("video consultations"),
}
STEP_CHOICES = [(each, f"{each} min") for each in kinds.STEPS]
EVERY_CHOICES = (
    (1, _("every week")),
    (2, _("every second week")),
    (3, _("every third week")),
    (4, _("every fourth week")),
)
HOURS_HELP = _("8-12, 14h-18h30")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What of a client may be named in a form: names by id."""

    reasons: Mapping[str, str]
    resources: Sequence[ResourceView]
    sites: Mapping[str, str]
    agendas: Sequence[AgendaView] = ()

    def of(self, names: Mapping[str, str]) -> list[tuple[str, str]]:
        """As a field takes them."""
        return list(names.items())

    @property
    def rooms(self) -> dict[str, str]:
        """The rooms and equipment in use."""
        return {each.id: each.name for each in self.resources if each.active}


class HoursField(forms.CharField):
    """Hours as people type them, as pairs of "HH:MM"; within one day."""

    default_error_messages = {"unclear": _("These are no hours: %(text)s. Write them as 8-12, 14h-18h30.")}  # noqa: RUF012

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            max_length=DAY_LIMIT, widget=forms.TextInput(attrs={**INPUT, "placeholder": "8-12, 14-18"}), **kwargs
        )

    def prepare_value(self, value: Any) -> Any:
        """The pairs as text."""
        return write_day(value) if isinstance(value, tuple) else value

    def to_python(self, value: Any) -> Any:
        """The pairs. Raises ValidationError."""
        text = super().to_python(value) or ""
        try:
            found = read_day(text)
        except HoursUnclear as unclear:
            if said := overlap_said(unclear):
                raise ValidationError(said, code="overlap") from unclear
            raise self._unclear(str(unclear)) from unclear
        backwards = next((each for each in found if each[1] <= each[0]), None)
        if backwards is not None:
            raise self._unclear(f"{backwards[0]}-{backwards[1]}")
        return found

    def _unclear(self, text: str) -> ValidationError:
        return ValidationError(self.error_messages["unclear"], params={"text": text[:40]}, code="unclear")


class ClockField(forms.CharField):
    """One hour as people type it ("7:30", "7h30", "8"), as "HH:MM"."""

    default_error_messages = {"unclear": _("This is no hour: write it as 7:30.")}  # noqa: RUF012

    def to_python(self, value: Any) -> Any:
        """The hour. Raises ValidationError."""
        text = super().to_python(value)
        if not text:
            return ""
        try:
            [(opens, _until)] = read_day(f"{text}-23:59" if text not in {"23:59", "23h59"} else "23:58-23:59")
        except (HoursUnclear, ValueError) as unclear:
            raise ValidationError(self.error_messages["unclear"], code="unclear") from unclear
        return opens


def number(label: Any, *, least: int = 0, most: int = 999, needed: bool = False, **more: Any) -> Any:
    """A field for a whole number."""
    return forms.IntegerField(
        label=label,
        min_value=least,
        max_value=most,
        required=needed,
        widget=forms.NumberInput(attrs={**NUMBER, "min": least, "max": most}),
        **more,
    )


def several(label: Any, choices: Iterable[tuple[str, Any]] = (), *, needed: bool = False) -> Any:
    """A field of boxes to tick."""
    return forms.MultipleChoiceField(
        label=label, choices=list(choices), required=needed, widget=forms.CheckboxSelectMultiple
    )


def tick(label: Any) -> Any:
    """A field of one box."""
    return forms.BooleanField(label=label, required=False)


class OpeningForm(forms.Form):
    """One opening of the week, on one or several days, once or twice a day."""

    days = several(_("days"), [(str(day), name) for day, name in WEEKDAYS.items()], needed=True)
    hours = HoursField(label=_("hours"), help_text=HOURS_HELP)
    kind = forms.ChoiceField(label=_("these hours are"), widget=forms.Select(attrs=INPUT))
    released_at = ClockField(
        label=_("released at"), required=False, max_length=8, widget=forms.TextInput(attrs={**INPUT, "size": 6})
    )
    released_days = number(_("days before"), most=60)
    travel = number(_("minutes of travel before each visit"), most=240)
    capacity = number(_("patients at once"), least=1, most=kinds.MOST_PLACES)
    reasons = several(_("only for these reasons"))
    resources = several(_("takes these rooms and equipment"))
    site = forms.ChoiceField(label=_("site"), required=False, widget=forms.Select(attrs=INPUT))
    every_weeks = forms.TypedChoiceField(
        label=_("repeats"), coerce=int, choices=EVERY_CHOICES, widget=forms.Select(attrs=INPUT)
    )
    anchor = forms.DateField(
        label=_("a day of such a week"), required=False, widget=forms.DateInput(format="%Y-%m-%d", attrs=DATE)
    )
    valid_from = forms.DateField(label=_("from"), required=False, widget=forms.DateInput(format="%Y-%m-%d", attrs=DATE))
    valid_until = forms.DateField(
        label=_("last day"), required=False, widget=forms.DateInput(format="%Y-%m-%d", attrs=DATE)
    )
    new_patients = tick(_("new patients too"))
    online = tick(_("patients may book themselves"))
    on_holidays = tick(_("on public holidays too"))

    def __init__(self, data: Any = None, *, choices: Choices, opening: Opening | None = None) -> None:
        super().__init__(data, initial=_initial(opening))
        self.opening = opening
        fields: dict[str, Any] = self.fields
        fields["kind"].choices = [(each.value, words) for each, words in KIND_WORDS.items()]
        fields["reasons"].choices = choices.of(choices.reasons)
        fields["resources"].choices = choices.of(choices.rooms)
        fields["site"].choices = [("", _("no matter where")), *choices.of(choices.sites)]

    def clean(self) -> dict[str, Any]:
        """What fits together, said at the field that has to change."""
        given = super().clean() or {}
        if given.get("kind") == OpeningKind.SAME_DAY and not given.get("released_at") and "released_at" in given:
            self.add_error("released_at", _("Write at what hour these hours are released."))
        if (given.get("every_weeks") or 1) > 1 and given.get("anchor") is None and "anchor" in given:
            self.add_error("anchor", _("Choose a day of a week in which it takes place."))
        for name in ("anchor", "valid_from", "valid_until"):
            if (day := given.get(name)) is not None and not EARLIEST.date() <= day < LATEST.date():
                said = _("Choose a day in the years %(first)d to %(last)d. Without a last day the hours hold for good.")
                self.add_error(name, said % {"first": EARLIEST.year, "last": LATEST.year - 1})
        first, last = given.get("valid_from"), given.get("valid_until")
        if first and last and last < first:
            self.add_error("valid_until", _("The end has to come after the beginning."))
        return given

    def openings(self, agenda: str) -> tuple[Opening, ...]:
        """The openings of a valid form, without ids. Raises OpeningImpossible."""
        given = self.cleaned_data
        kind = OpeningKind(given["kind"])
        same_day = kind is OpeningKind.SAME_DAY
        return tuple(
            Opening(
                id="",
                agenda=agenda,
                weekday=int(day),
                opens=opens,
                until=until,
                kind=kind,
                released_at=given["released_at"] if same_day else "",
                released_days=(given["released_days"] or 0) if same_day else 0,
                travel=(given["travel"] or 0) if kind is OpeningKind.HOME_VISIT else 0,
                capacity=given["capacity"] or 1,
                reasons=tuple(given["reasons"]),
                resources=tuple(given["resources"]),
                site=given["site"],
                every_weeks=given["every_weeks"],
                anchor=given["anchor"] if given["every_weeks"] > 1 else None,
                valid_from=given["valid_from"],
                valid_until=given["valid_until"] and given["valid_until"] + timedelta(days=1),
                new_patients=given["new_patients"],
                online=given["online"],
                on_holidays=given["on_holidays"],
            )
            for day in given["days"]
            for opens, until in given["hours"]
        )


def _initial(opening: Opening | None) -> dict[str, Any]:
    if opening is None:
        return {"kind": "normal", "capacity": 1, "every_weeks": 1, "new_patients": True, "online": True}
    last = opening.valid_until and opening.valid_until - timedelta(days=1)
    return {
        "days": [str(opening.weekday)],
        "hours": ((opening.opens, opening.until),),
        "kind": opening.kind.value,
        "released_at": opening.released_at,
        "released_days": opening.released_days or None,
        "travel": opening.travel or None,
        "capacity": opening.capacity,
        "reasons": list(opening.reasons),
        "resources": list(opening.resources),
        "site": opening.site,
        "every_weeks": opening.every_weeks,
        "anchor": opening.anchor,
        "valid_from": opening.valid_from,
        "valid_until": last,
        "new_patients": opening.new_patients,
        "online": opening.online,
        "on_holidays": opening.on_holidays,
    }


class AgendaForm(forms.Form):
    """The agenda itself."""

    name = forms.CharField(label=_("name"), max_length=NAME_LIMIT, widget=forms.TextInput(attrs=INPUT))
    step = forms.TypedChoiceField(
        label=_("visits begin every"), coerce=int, choices=STEP_CHOICES, widget=forms.Select(attrs=INPUT)
    )
    overbookings_per_day = number(_("visits a day that may be put where there is no room"), most=99)
    offer_minutes = forms.TypedChoiceField(
        label=_("a time that gets free is offered to one who waits for"),
        coerce=int,
        empty_value=None,
        required=False,
        choices=[(each, _OFFER_LENGTH(each)) for each in OFFER_MINUTES],
        widget=forms.Select(attrs=INPUT),
        help_text=_("Shorter where the visit is near, and never at night. Then the next one on the list is asked."),
    )
    closed_on_holidays = tick(_("closed on public holidays"))
    active = tick(_("in use"))


class ResourceForm(forms.Form):
    """A room or a piece of equipment."""

    name = forms.CharField(label=_("name"), max_length=NAME_LIMIT, widget=forms.TextInput(attrs=INPUT))
    kind = forms.CharField(
        label=pgettext_lazy("of a room or a device", "kind"),
        max_length=40,
        widget=forms.TextInput(attrs={**INPUT, "list": "resource-kinds"}),
        help_text=_("The same word for all that can stand in for one another: room, ECG."),
    )
    site = forms.ChoiceField(label=_("site"), required=False, widget=forms.Select(attrs=INPUT))

    def __init__(self, data: Any = None, *, choices: Choices) -> None:
        super().__init__(data, auto_id="room_%s")  # it stands on one page with the form of an agenda
        fields: dict[str, Any] = self.fields
        fields["site"].choices = [("", _("no matter where")), *choices.of(choices.sites)]
