# SPDX-License-Identifier: AGPL-3.0-or-later
"""The forms of a client's page, in the spelling of people: hours of a day in one field, numbers as they are dialled."""

from typing import Any

from django import forms
from django.utils.formats import date_format
from django.utils.text import slugify
from django.utils.translation import gettext as now
from django.utils.translation import gettext_lazy as _

from permanence.backstage.bases import AnyForm, AnyInlineFormSet
from permanence.backstage.fields import (
    COLOUR_CHOICES,
    COUNTRY_CHOICES,
    REGION_CHOICES,
    LanguagesField,
    time_zone_choices,
)
from permanence.clients import forwarding
from permanence.clients.hours_words import overlap_said
from permanence.clients.models import Client, Line, Reason, Recipient, WeeklyOpening
from permanence.clients.quarantine import barred, rest_of
from permanence.clients.rules import ClientState, RecipientKind
from permanence.clients.rules.week import HoursUnclear, read_day, write_day
from permanence.countries.numbers import NotANumber, parse_number
from permanence.kernel.system import SystemClock

DAYS = tuple((f"day_{number}", number, name) for number, name in WeeklyOpening.WEEKDAYS)
FALLBACK_COUNTRY = "FR"
CLOCK = SystemClock()


class DayField(forms.CharField):
    """The openings of one day of the week."""

    default_error_messages = {  # noqa: RUF012 - Django's own pattern
        "unclear": _("Write the hours as 8:00-12:00, 14:00-18:00 (24h: the whole day; empty: closed): “%(part)s”.")
    }

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.TextInput(attrs={"size": 34, "placeholder": _("closed"), "autocomplete": "off"})
        super().__init__(required=False, max_length=120, widget=widget, **kwargs)

    def clean(self, value: Any) -> Any:
        """The text as it will be shown again."""
        try:
            return write_day(read_day(super().clean(value)))
        except HoursUnclear as error:
            if said := overlap_said(error):
                raise forms.ValidationError(said, code="overlap") from error
            message = self.error_messages["unclear"]
            raise forms.ValidationError(message, params={"part": error.args[0]}, code="unclear") from error


class ClientForm(AnyForm):
    """The client's own fields, and its week."""

    languages = LanguagesField(label=_("languages"))
    country = forms.ChoiceField(label=_("country"), choices=COUNTRY_CHOICES)
    region = forms.ChoiceField(label=_("public holidays of"), choices=REGION_CHOICES, required=False)
    time_zone = forms.ChoiceField(label=_("time zone"), choices=time_zone_choices)
    colour = forms.TypedChoiceField(label=_("colour"), choices=COLOUR_CHOICES, coerce=int)
    initials = forms.CharField(
        label=_("two letters"),
        max_length=2,
        required=False,
        help_text=_("Drawn on the client's colour. Empty: taken from the name."),
        widget=forms.TextInput(attrs={"size": 3}),
    )
    day_0, day_1, day_2, day_3, day_4, day_5, day_6 = (DayField(label=name) for _field, _number, name in DAYS)

    class Meta:
        model = Client
        exclude = ("house",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        state: Any = self.fields["state"]
        ended = ClientState.ENDED.value
        state.disabled = self.instance.state == ended  # a contract ends, and is taken up again, on a page of its own
        if not state.disabled:
            state.choices = [each for each in Client.STATES if each[0] != ended]
        if self.instance.pk:
            rows = list(WeeklyOpening.objects.for_client(self.instance).order_by("weekday", "opens"))
            for field, number, _name in DAYS:
                day = write_day((row.opens, row.until) for row in rows if row.weekday == number)
                self.initial.setdefault(field, day)

    def clean(self) -> dict[str, Any]:
        """The two letters of the name where none were written."""
        cleaned = super().clean() or self.cleaned_data
        letters = str(cleaned.get("initials") or "") or two_letters(str(cleaned.get("name") or ""))
        cleaned["initials"] = letters.upper()
        return cleaned

    @property
    def week_changed(self) -> bool:
        """Whether a day was changed."""
        return any(field in self.changed_data for field, _number, _name in DAYS)

    def week(self) -> list[tuple[int, str, str]]:
        """The whole week as (weekday, opens, until)."""
        return [
            (number, opens, until)
            for field, number, _name in DAYS
            for opens, until in read_day(self.cleaned_data[field])
        ]


def two_letters(name: str) -> str:
    """The initials of the last two words of a name, or its first two letters."""
    words = [word for word in name.split() if word[0].isalnum()]
    return "".join(word[0] for word in words[-2:]) if len(words) > 1 else name.strip()[:2]


class LineForm(AnyForm):
    """A number, spelt as people do."""

    number = forms.CharField(
        label=_("number"),
        max_length=30,
        widget=forms.TextInput(attrs={"inputmode": "tel", "placeholder": "+352 27 00 00 10"}),
    )

    class Meta:
        model = Line
        fields = ("number", "label")

    def __init__(self, *args: Any, country: str = "", house_key: int = 0, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._country = country
        self._house_key = house_key

    def clean_number(self) -> str:
        """The number in E.164, read as the client's country spells it where no country is written."""
        try:
            number = str(parse_number(self.cleaned_data["number"], country=self._country or FALLBACK_COUNTRY))
        except NotANumber as error:
            raise forms.ValidationError(
                _("This is no telephone number. Write it as it is dialled, or with its country: +352 27 00 00 10.")
            ) from error
        if forwarding.number_is_public(number, house_key=self._house_key):
            raise forms.ValidationError(_("This is the public number of a client: it cannot be the house's too."))
        return number

    def clean(self) -> dict[str, Any]:
        """A number that rests after another client's contract is not given before its day."""
        cleaned = super().clean() or self.cleaned_data
        client, rest = self.instance.client_id, rest_of(str(cleaned.get("number", "")))
        if rest is not None and "number" in self.changed_data and barred(rest, client=client, at=CLOCK.now()):
            message = _("This number is in quarantine after the contract of another client, until %(day)s.")
            if rest.client == client:
                message = _("This number rests since the contract ended: it comes back when the contract is taken up.")
            shown = {"day": date_format(rest.until, "SHORT_DATE_FORMAT")}
            self.add_error("number", forms.ValidationError(message, params=shown, code="number_rests"))
        return cleaned


class NamedFormSet(AnyInlineFormSet):
    """Lines whose fields are named after their table: the rows have no reverse accessor to take a name from."""

    @classmethod
    def get_default_prefix(cls) -> str:
        """The table's name."""
        table: Any = cls.model
        return str(table._meta.model_name)

    def add_fields(self, form: Any, index: int | None) -> None:
        """Each field with its column's name, for those who do not see the head of the table."""
        super().add_fields(form, index)
        for field in form.fields.values():
            if field.label:
                shown = getattr(field.widget, "widget", field.widget)  # the admin wraps what chooses another row
                shown.attrs.setdefault("aria-label", field.label)


class LineFormSet(NamedFormSet):
    """Numbers, which the client's country spells."""

    def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
        """With the country of the page."""
        return {**super().get_form_kwargs(index), "country": self.instance.country}


class RecipientForm(AnyForm):
    """For whom messages can be; his place in the list is the order in which he was written."""

    kind = forms.ChoiceField(label=_("kind"), choices=Recipient.KINDS, initial=RecipientKind.PRACTITIONER.value)

    class Meta:
        model = Recipient
        fields = ("kind", "name", "email", "active")


class ReasonForm(AnyForm):
    """A reason in words; its code is made of them once, and stays."""

    class Meta:
        model = Reason
        fields = ("label",)


def reason_code(label: str, taken: set[str]) -> str:
    """A code for a new reason, that none of `taken` has."""
    stem = slugify(label)[:34] or now("reason")
    numbered = (f"{stem}-{number}" for number in range(2, len(taken) + 3))
    return next(code for code in (stem, *numbered) if code not in taken)
