# SPDX-License-Identifier: AGPL-3.0-or-later
"""The forms of the page on which a client is set up: each one step, in the spelling of people."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from permanence.backstage.account_forms import DAYS, DayField
from permanence.clients.forwarding import RINGS_FIRST, LineView
from permanence.clients.models.forwarding import ACCESSES, MODES
from permanence.clients.queries import ClientFile
from permanence.clients.rules import ClientState
from permanence.clients.rules.spoken import usual_phrases
from permanence.clients.rules.week import read_day, write_day
from permanence.countries.forwarding import OPERATORS, SECONDS, Access, ForwardingMode
from permanence.countries.numbers import NotANumber, parse_number
from permanence.foundation.models import Language

_TEL = {"inputmode": "tel", "autocomplete": "off", "class": "input"}
NO_NUMBER = _("This is no telephone number. Write it as it is dialled, or with its country: +352 27 00 00 10.")


class NumberField(forms.CharField):
    """A telephone number as it is dialled in the client's country; its value is E.164, or "" where it may be empty."""

    def __init__(self, *, country: str, placeholder: str = "", **kwargs: Any) -> None:
        widget = forms.TextInput(attrs={**_TEL, "placeholder": placeholder})
        super().__init__(max_length=30, widget=widget, **kwargs)
        self._country = country

    def clean(self, value: Any) -> Any:
        """The number in E.164."""
        text = super().clean(value)
        try:
            return str(parse_number(text, country=self._country)) if text else ""
        except NotANumber as error:
            raise forms.ValidationError(NO_NUMBER, code="no_number") from error


class StepForm(forms.Form):
    """A form of one step, which knows the client and, where there is one, the line it is about."""

    def __init__(self, *args: Any, file: ClientFile, line: LineView | None, **kwargs: Any) -> None:
        kwargs.setdefault("auto_id", f"{type(self).__name__.removesuffix('Form').lower()}_%s")
        super().__init__(*args, **kwargs)
        self.file, self.line = file, line
        self.prepare()

    def prepare(self) -> None:
        """Make the fields that depend on the client."""


class NumberForm(StepForm):
    """The number of the house on which his calls will arrive."""

    def prepare(self) -> None:
        """The number, as his country spells it."""
        self.fields["number"] = NumberField(
            country=self.file.view.country, label=_("Number of the house for this client")
        )


class PhoneForm(StepForm):
    """His own telephone: which number his callers dial, and how it is forwarded."""

    def prepare(self) -> None:
        """What is known of the line."""
        line, country = self.line, self.file.view.country
        radio = forms.RadioSelect()
        self.fields["public_number"] = NumberField(
            country=country,
            required=False,
            label=_("Number his callers dial"),
            initial="" if line is None else line.public_number,
        )
        self.fields["mode"] = forms.ChoiceField(
            label=_("Which calls come to us"), choices=MODES, widget=radio, initial=line.mode.value if line else "all"
        )
        self.fields["access"] = forms.ChoiceField(
            label=_("His telephone"),
            choices=ACCESSES,
            widget=forms.RadioSelect(),
            initial=line.access.value if line else Access.FIXED.value,
        )
        self.fields["operator"] = forms.ChoiceField(
            label=_("His operator"),
            required=False,
            choices=(("", _("another one, or not known")), *OPERATORS.get(country, ())),
            initial=line.operator if line else "",
            widget=forms.Select(attrs={"class": "input"}),
        )
        self.fields["seconds"] = forms.TypedChoiceField(
            label=_("Ringing at his first"),
            required=False,
            coerce=int,
            empty_value=None,
            choices=(
                ("", _("as his network does")),
                *((each, _("%(seconds)d seconds") % {"seconds": each}) for each in SECONDS),
            ),
            initial="" if line is None or line.seconds is None else line.seconds,
            widget=forms.Select(attrs={"class": "input"}),
        )

    @property
    def rings_first(self) -> bool:
        """Whether the seconds of ringing mean something."""
        mode = self["mode"].value() or ForwardingMode.ALL.value
        return mode in {each.value for each in RINGS_FIRST}


class GreetingForm(StepForm):
    """What the secretary says on every line at every moment, in each of his languages."""

    def prepare(self) -> None:
        """One field a language."""
        said = usual_phrases(self.file.greetings)
        names = dict(Language.choices)
        for code in self.file.view.languages:
            self.fields[code] = forms.CharField(
                label=names.get(code, code),
                required=False,
                max_length=300,
                initial=said.get(code, ""),
                widget=forms.TextInput(attrs={"class": "input", "lang": code}),
            )

    def clean(self) -> dict[str, Any]:
        """At least one phrase."""
        cleaned = super().clean() or self.cleaned_data
        if not any(cleaned.values()):
            raise forms.ValidationError(_("Write what the secretary says when she answers."), code="empty")
        return cleaned


class HoursForm(StepForm):
    """The hours of his week."""

    always = forms.BooleanField(label=_("open at every moment"), required=False)

    def prepare(self) -> None:
        """One field a day."""
        hours = self.file.hours
        self.fields["always"].initial = hours.always
        week = {entry.weekday: entry.intervals for entry in hours.week}
        for field, number, name in DAYS:
            shown = write_day((each.opens, each.until) for each in week.get(number, ()))
            self.fields[field] = DayField(label=name, initial=shown)
            self.fields[field].widget.attrs |= {"class": "input"}

    def clean(self) -> dict[str, Any]:
        """Open at some time."""
        cleaned = super().clean() or self.cleaned_data
        if not self.errors and not cleaned["always"] and not self.week():
            raise forms.ValidationError(_("Write at least one day on which his calls are answered."), code="empty")
        return cleaned

    def week(self) -> list[tuple[int, str, str]]:
        """The whole week as (weekday, opens, until)."""
        return [
            (number, opens, until)
            for field, number, _name in DAYS
            for opens, until in read_day(self.cleaned_data.get(field, ""))
        ]


class WatchForm(StepForm):
    """From which telephone the call will come."""

    def prepare(self) -> None:
        """A number, or none."""
        self.fields["caller"] = NumberField(
            country=self.file.view.country, required=False, label=_("The telephone you call from")
        )


class AnswerForm(StepForm):
    """From now on his calls are answered: on trial, or under contract."""

    state = forms.TypedChoiceField(
        choices=[(each.value, each.value) for each in (ClientState.TRIAL, ClientState.ACTIVE)], coerce=ClientState
    )


class DailyForm(StepForm):
    """At what time of his clock the house tests the line each day."""

    clock = forms.CharField(
        label=_("Each day at"),
        required=False,
        max_length=5,
        widget=forms.TextInput(attrs={"class": "input", "inputmode": "numeric", "placeholder": "07:30", "size": 6}),
    )


class StopForm(StepForm):
    """A test that is given up."""

    test = forms.CharField(max_length=20)
