# SPDX-License-Identifier: AGPL-3.0-or-later
"""The form of one day that differs from the week.

Hours of such a day are what the hours of the week are whose place they take: for whom, how, where. Only what was
changed in the form is otherwise, for all hours of the day. What the page showed comes back with it, as `as_shown`.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from permanence.agenda.rules import kinds
from permanence.agenda.rules.kinds import ExceptionKind, Opening, OpeningException, OpeningKind
from permanence.agenda.rules.openings import of_any_hours, opening_replaced, overlapping_most
from permanence.agenda.setting_forms import (
    DATE,
    HOURS_HELP,
    INPUT,
    KIND_WORDS,
    NAME_LIMIT,
    Choices,
    ClockField,
    HoursField,
    number,
    several,
    tick,
)

FURTHEST = 800
"""Days ahead that a day that differs may lie."""
EXCEPTION_WORDS: dict[ExceptionKind, str | Promise] = {
    ExceptionKind.CLOSED: _("closed"),
    ExceptionKind.REPLACED: _("these hours instead of the usual ones"),
    ExceptionKind.ONE_OFF: _("these hours besides the usual ones"),
}
_ALL_DAY = ("00:00", "24:00")
_PLAIN = Opening(id="", agenda="", opens="00:00", until="24:00")


class DayForm(forms.Form):
    """One day that differs. `week`: the openings of every week; `exception`: the day as it is kept, None for a new one;
    `day`: which one a new one is, if that is known.
    """

    day = forms.DateField(label=_("day"), widget=forms.DateInput(format="%Y-%m-%d", attrs=DATE))
    kind = forms.ChoiceField(
        label=_("what is otherwise"),
        choices=[(each.value, words) for each, words in EXCEPTION_WORDS.items()],
        widget=forms.Select(attrs=INPUT),
    )
    hours = HoursField(label=_("hours of that day"), required=False, help_text=HOURS_HELP)
    label = forms.CharField(label=_("why"), max_length=NAME_LIMIT, required=False, widget=forms.TextInput(attrs=INPUT))
    hours_kind = forms.ChoiceField(label=_("these hours are"), required=False, widget=forms.Select(attrs=INPUT))
    released_at = ClockField(
        label=_("released at"), required=False, max_length=8, widget=forms.TextInput(attrs={**INPUT, "size": 6})
    )
    released_days = number(_("days before"), most=60)
    travel = number(_("minutes of travel before each visit"), most=240)
    capacity = number(_("patients at once"), least=1, most=kinds.MOST_PLACES)
    reasons = several(_("only for these reasons"))
    resources = several(_("takes these rooms and equipment"))
    site = forms.ChoiceField(label=_("site"), required=False, widget=forms.Select(attrs=INPUT))
    new_patients = tick(_("new patients too"))
    online = tick(_("patients may book themselves"))

    def __init__(
        self,
        data: Any = None,
        *,
        choices: Choices,
        today: date,
        week: Sequence[Opening] = (),
        exception: OpeningException | None = None,
        day: date | None = None,
    ) -> None:
        own = () if exception is None else exception.openings
        self._of: dict[str, Any] = {
            "choices": choices,
            "today": today,
            "week": week,
            "exception": exception,
            "day": day,
        }
        self.today, self.exception, self.week = today, exception, week
        base = own[0] if own else self.taken_from(day or today, *_ALL_DAY)
        first = _details(base)
        super().__init__(data, initial={**_initial_day(exception), **first, **({} if day is None else {"day": day})})
        self.as_shown = json.dumps(first) if data is None else str(data.get("as_shown", ""))
        fields: dict[str, Any] = self.fields
        fields["day"].disabled = exception is not None
        fields["hours_kind"].choices = [(each.value, words) for each, words in KIND_WORDS.items()]
        fields["reasons"].choices = choices.of(choices.reasons)
        fields["resources"].choices = choices.of(choices.rooms)
        fields["site"].choices = [("", _("no matter where")), *choices.of(choices.sites)]

    def taken_from(self, day: date, opens: str, until: str) -> Opening:
        """What these hours are unless it is said otherwise: as the day is kept, else as the week's in their place."""
        own = () if self.exception is None else self.exception.openings
        kept = overlapping_most(own, opens=opens, until=until)
        found = opening_replaced(self.week, day=day, opens=opens, until=until) if kept is None else of_any_hours(kept)
        return found or _PLAIN

    def clean_day(self) -> date:
        """A day to come, not too far."""
        day: date = self.cleaned_data["day"]
        if not 0 <= (day - self.today).days <= FURTHEST:
            raise ValidationError(_("Choose a day from today on, within two years."), code="day")
        return day

    def clean(self) -> dict[str, Any]:
        """Hours where it is not closed, and of each what fits together, said at the field that has to change."""
        given = super().clean() or {}
        if given.get("kind") in {None, ExceptionKind.CLOSED}:
            return given
        if not given.get("hours") and "hours" in given:
            self.add_error("hours", _("Write the hours of that day, or say that it is closed."))
        if self.errors:
            return given
        for hours in given["hours"]:
            said = self._said(*hours)
            if said["hours_kind"] == OpeningKind.SAME_DAY and not said["released_at"]:
                self.add_error("released_at", _("Write at what hour these hours are released."))
            if self.errors:
                break
        return given

    def value(self, agenda: str) -> OpeningException:
        """The day of a valid form. Raises OpeningImpossible."""
        given = self.cleaned_data
        kind = ExceptionKind(given["kind"])
        own = () if kind is ExceptionKind.CLOSED else given["hours"]
        return OpeningException(
            id="",
            agenda=agenda,
            date=given["day"],
            kind=kind,
            label=given["label"],
            openings=tuple(self._opening(agenda, *each) for each in own),
        )

    def looked_at(self) -> "DayForm":
        """A valid form as it is shown after a look: with what its hours are taken from, and what was changed of it."""
        given = self.cleaned_data
        shown = DayForm(None, **self._of)
        shown.initial.update({name: given[name] for name in ("day", "kind", "hours", "label")})
        if given["kind"] != ExceptionKind.CLOSED:
            first = given["hours"][0]
            shown.as_shown = json.dumps(_details(self.taken_from(given["day"], *first)))
            shown.initial.update(self._said(*first))
        return shown

    def _said(self, opens: str, until: str) -> dict[str, Any]:
        """What these hours are, by field: what was changed in the form, else what they are taken from."""
        return _details(self.taken_from(self.cleaned_data["day"], opens, until)) | self._changed()

    def _changed(self) -> dict[str, Any]:
        try:
            shown = json.loads(self.as_shown)
        except ValueError:
            shown = None
        if not isinstance(shown, dict):  # nothing of it stood on the page
            return {}
        given = {name: _plain(name, self.cleaned_data.get(name)) for name in _details(_PLAIN)}
        return {name: said for name, said in given.items() if said != shown.get(name)}

    def _opening(self, agenda: str, opens: str, until: str) -> Opening:
        said = self._said(opens, until)
        kind = OpeningKind(said["hours_kind"])
        same_day = kind is OpeningKind.SAME_DAY
        return replace(
            _PLAIN,
            agenda=agenda,
            opens=opens,
            until=until,
            kind=kind,
            released_at=said["released_at"] if same_day else "",
            released_days=said["released_days"] if same_day else 0,
            travel=said["travel"] if kind is OpeningKind.HOME_VISIT else 0,
            capacity=said["capacity"],
            reasons=tuple(said["reasons"]),
            resources=tuple(said["resources"]),
            site=said["site"],
            new_patients=said["new_patients"],
            online=said["online"],
        )


def _details(opening: Opening) -> dict[str, Any]:
    """What an opening is besides its hours, by field, as JSON can say it."""
    return {
        "hours_kind": opening.kind.value,
        "released_at": opening.released_at,
        "released_days": opening.released_days,
        "travel": opening.travel,
        "capacity": opening.capacity,
        "reasons": sorted(opening.reasons),
        "resources": sorted(opening.resources),
        "site": opening.site,
        "new_patients": opening.new_patients,
        "online": opening.online,
    }


def _plain(name: str, given: Any) -> Any:
    """What was typed, as `_details` says it."""
    if name in {"reasons", "resources"}:
        return sorted(given or ())
    if name in {"released_days", "travel"}:
        return given or 0
    if name == "hours_kind":
        return given or OpeningKind.NORMAL.value
    return (given or 1) if name == "capacity" else given


def _initial_day(exception: OpeningException | None) -> Mapping[str, Any]:
    if exception is None:
        return {"kind": ExceptionKind.CLOSED.value}
    return {
        "day": exception.date,
        "kind": exception.kind.value,
        "hours": tuple((each.opens, each.until) for each in exception.openings),
        "label": exception.label,
    }
