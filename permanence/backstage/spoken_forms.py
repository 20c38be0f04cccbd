# SPDX-License-Identifier: AGPL-3.0-or-later
"""The forms of what is said: where and when each greeting holds."""

from typing import Any, ClassVar

from django import forms
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.translation import gettext_lazy as _

from permanence.backstage.account_forms import NamedFormSet
from permanence.backstage.bases import AnyForm
from permanence.backstage.inlines import Inline
from permanence.clients.models import Greeting
from permanence.clients.rules.spoken import GreetingWhen, greeting_entry
from permanence.foundation.models import Language
from permanence.reception.greeting import CHOSEN, ties
from permanence.reception.table import GreetingEntry


class WeekdaysField(forms.MultipleChoiceField):
    """Chosen days of the week, kept as their digits."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, **kwargs: Any) -> None:
        choices = [(str(number), name) for number, name in WEEKDAYS_ABBR.items()]
        super().__init__(choices=choices, required=False, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        """The digits as a list."""
        return list(value or ())

    def clean(self, value: Any) -> Any:
        """The list as digits, in order."""
        return "".join(sorted(set(super().clean(value))))

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Whether other days are chosen."""
        return set(initial or ()) != set(data or ())


class GreetingForm(AnyForm):
    """A phrase, its language, and where and when it is said."""

    language = forms.ChoiceField(label=_("language"), choices=Language.choices)
    weekdays = WeekdaysField(label=_("chosen days"))

    class Meta:
        model = Greeting
        fields = ("language", "text", "line", "day_type", "weekdays", "opens", "until")
        widgets: ClassVar = {
            "text": forms.TextInput(attrs={"size": 60}),
            "opens": forms.TextInput(attrs={"size": 5, "placeholder": "08:00"}),
            "until": forms.TextInput(attrs={"size": 5, "placeholder": "12:00"}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        line: Any = self.fields["line"]
        line.empty_label = _("every line")

    def clean(self) -> dict[str, Any]:
        """Days and hours by which a moment can be meant."""
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("day_type") != CHOSEN:
            cleaned["weekdays"] = ""
        if not self.errors:
            try:
                self.entry(cleaned)
            except ValueError as error:
                message = _("Choose days, or write both times: the phrase would never be said.")
                raise forms.ValidationError(message, code="impossible") from error
        return cleaned

    def entry(self, cleaned: dict[str, Any] | None = None) -> GreetingEntry:
        """The rule as the telephone will read it. Raises ValueError."""
        data = self.cleaned_data if cleaned is None else cleaned
        when = GreetingWhen(
            line="" if data["line"] is None else data["line"].number,
            day_type=data["day_type"],
            weekdays=tuple(int(digit) for digit in data["weekdays"]),
            opens=data["opens"],
            until=data["until"],
        )
        return greeting_entry(data["language"], data["text"], when)


class GreetingFormSet(NamedFormSet):
    """Phrases of which at every moment one is the most specific."""

    def clean(self) -> None:
        """No two of a language of which neither comes first."""
        super().clean()
        if any(self.errors):
            return
        forms_left: list[Any] = [
            form for form in self.forms if form.cleaned_data and not form.cleaned_data.get("DELETE")
        ]
        entries = [form.entry() for form in forms_left]
        for one, other in ties(entries):
            raise forms.ValidationError(
                _("“%(one)s” and “%(other)s” would hold at the same moments: narrow one of them."),
                params={"one": one.text, "other": other.text},
                code="tie",
            )


class GreetingInline(Inline):
    """The phrases to say."""

    model = Greeting
    form = GreetingForm
    formset = GreetingFormSet
    extra_at_first = 1
    classes = ()  # what every client has stands open
    explained = _(
        "What the secretary says when she answers. {name} becomes her first name. The rule for one line comes before "
        "the one for every line, then the one for fewer days (public holidays first), then the one for fewer hours."
    )
