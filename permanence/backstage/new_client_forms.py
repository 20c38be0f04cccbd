# SPDX-License-Identifier: AGPL-3.0-or-later
"""The forms of a new client: which template, then everything that it filled in, all of it to be changed."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from permanence.backstage.account_forms import DAYS, DayField, reason_code, two_letters
from permanence.backstage.fields import COUNTRY_CHOICES, REGION_CHOICES
from permanence.backstage.wrong import part_of
from permanence.clients import operations
from permanence.clients.instruction_words import html_words
from permanence.clients.models import Client, Greeting, Recipient
from permanence.clients.new_client_operations import NewClient, NewRecipient
from permanence.clients.rules import INSTRUCTION_LIMIT, ClientKind, RecipientKind, Sector
from permanence.clients.rules.client_templates import (
    CLIENT_TEMPLATES,
    ClientTemplate,
    TemplateInstruction,
    TemplateReason,
    client_template,
    greetings,
)
from permanence.clients.rules.week import TYPICAL_WEEK, read_day
from permanence.countries.places import CALLERS_LANGUAGES, TIME_ZONES
from permanence.foundation.models import Language

EMPTY = ""
"""The choice of no template."""
RECIPIENTS = 3
"""Recipients the page asks; more are added on the client's page."""
BLANK_INSTRUCTIONS = 1
MOST_REASONS = 30
NOW, DRAFT, NONE = "now", "draft", "none"
_LABEL_LIMIT = 80
PAGE = (
    "name", "kind", "sector", "specialty", "place", "always", "day_", "closed_", "region", "ring_", "max_", "greeting_",
    "recipient_", "reasons", "instruction_", "script",
)  # fmt: skip
"""How the names of the fields begin, as they follow each other on the page: what is wrong is told in that order."""
_AREA = {"class": "input", "rows": 2}
_INPUT = {"class": "input"}
_SHORT = {"class": "input", "inputmode": "numeric", "size": 5}


class PlaceForm(forms.Form):
    """The template, where the client is and in which language he writes: what both pages carry."""

    template = forms.ChoiceField(required=False, choices=[(each, each) for each in (*CLIENT_TEMPLATES, EMPTY)])
    country = forms.ChoiceField(label=_("country"), choices=COUNTRY_CHOICES, widget=forms.Select(attrs=_INPUT))
    language = forms.ChoiceField(
        label=_("the client's language"), choices=Language.choices, widget=forms.Select(attrs=_INPUT)
    )


class PickForm(PlaceForm):
    """The first page: with the name."""

    name = forms.CharField(
        label=_("name"), max_length=120, widget=forms.TextInput(attrs={**_INPUT, "autocomplete": "off"})
    )


def _languages(country: str, first: str) -> list[str]:
    """All that the house speaks: the client's own, then what callers of the country speak, then the others."""
    return list(dict.fromkeys((first, *CALLERS_LANGUAGES[country], *Language.values)))


class FilledForm(forms.Form):
    """Everything of the new client that the page asks, filled in from a template or empty."""

    name = forms.CharField(label=_("name"), max_length=120, widget=forms.TextInput(attrs=_INPUT))
    kind = forms.ChoiceField(label=_("kind"), choices=Client.KINDS, widget=forms.Select(attrs=_INPUT))
    sector = forms.ChoiceField(label=_("sector"), choices=Client.SECTORS, widget=forms.Select(attrs=_INPUT))
    specialty = forms.CharField(
        label=_("specialty"), required=False, max_length=80, widget=forms.TextInput(attrs=_INPUT)
    )
    place = forms.CharField(label=_("place"), required=False, max_length=120, widget=forms.TextInput(attrs=_INPUT))
    region = forms.ChoiceField(
        label=_("public holidays of"), choices=REGION_CHOICES, required=False, widget=forms.Select(attrs=_INPUT)
    )
    always = forms.BooleanField(label=_("open at every moment"), required=False)
    closed_on_holidays = forms.BooleanField(label=_("closed on public holidays"), required=False)
    reasons = forms.CharField(
        label=_("Reasons for which callers call, one a line"),
        required=False,
        max_length=MOST_REASONS * (_LABEL_LIMIT + 2),
        widget=forms.Textarea(attrs={**_AREA, "rows": 8}),
    )
    ring_before_music_s = forms.IntegerField(
        label=_("seconds of ringing before the music"),
        min_value=0,
        max_value=120,
        widget=forms.TextInput(attrs=_SHORT),
    )
    max_wait_s = forms.IntegerField(
        label=_("longest wait in seconds"), min_value=10, max_value=3600, widget=forms.TextInput(attrs=_SHORT)
    )

    def __init__(self, data: Any = None, *, code: str, country: str, language: str, name: str = "") -> None:
        self.code, self.country, self.language = code, country, language
        made = client_template(code, language=language, name=name) if code else None
        self.made = made
        self.phrases = dict(greetings(code, name=name)) if code else {}
        super().__init__(data, initial=_initial(made, name), auto_id="new_%s")
        for field, number, day in DAYS:
            self.fields[field] = DayField(label=day, initial=made.week[number] if made else TYPICAL_WEEK[number])
            self.fields[field].widget.attrs |= _INPUT
        self._add_greetings()
        self._add_instructions(made)
        self._add_recipients(made)
        if made is not None:
            choices: tuple[tuple[str, str | Promise], ...] = (
                (NOW, _("in his calls as soon as they are answered")),
                (DRAFT, _("a draft, to be read first")),
                (NONE, _("none")),
            )
            self.fields["script"] = forms.ChoiceField(
                label=_("Script"), choices=choices, initial=NOW, widget=forms.RadioSelect()
            )

        self.order_fields([name for part in PAGE for name in self.fields if name.startswith(part)])

    def _add_greetings(self) -> None:
        """One a language; filled in where callers of the country speak it."""
        usual = {self.language, *CALLERS_LANGUAGES[self.country]}
        names = dict(Language.choices)
        for each in _languages(self.country, self.language):
            self.fields[f"greeting_{each}"] = forms.CharField(
                label=names[each],
                required=False,
                max_length=Greeting._meta.get_field("text").max_length,
                initial=self.phrases.get(each, "") if each in usual else "",
                widget=forms.TextInput(attrs={**_INPUT, "lang": each}),
            )

    def _add_instructions(self, made: ClientTemplate | None) -> None:
        given = made.instructions if made else ()
        self.priorities = [*(each.priority for each in given), *[0] * BLANK_INSTRUCTIONS]
        for number in range(len(self.priorities)):
            self.fields[f"instruction_{number}"] = forms.CharField(
                label=_("Instruction %(number)d") % {"number": number + 1},
                required=False,
                max_length=INSTRUCTION_LIMIT,
                initial=given[number].text if number < len(given) else "",
                widget=forms.Textarea(attrs={**_AREA, "lang": self.language}),
            )

    def _add_recipients(self, made: ClientTemplate | None) -> None:
        given = made.recipients if made else ()
        for number in range(RECIPIENTS):
            own = given[number] if number < len(given) else None
            kind = own.kind if own else RecipientKind.PRACTITIONER.value
            fields = {
                "kind": forms.ChoiceField(
                    label=_("kind"), choices=Recipient.KINDS, initial=kind, widget=forms.Select(attrs=_INPUT)
                ),
                "name": forms.CharField(
                    label=_("name"),
                    required=False,
                    max_length=120,
                    initial=own.name if own else "",
                    widget=forms.TextInput(attrs=_INPUT),
                ),
                "email": forms.EmailField(
                    label=_("e-mail"), required=False, widget=forms.EmailInput(attrs={**_INPUT, "autocomplete": "off"})
                ),
            }
            self.fields |= {f"recipient_{number}_{part}": field for part, field in fields.items()}

    # -- parts of the page --------------------------------------------------------------------------------------------

    def part(self, *names: str) -> list[Any]:
        """The fields whose names begin so, in the order of the page."""
        return [self[name] for name in self.fields if name.startswith(names)]

    @property
    def days(self) -> list[Any]:
        """The week."""
        return self.part("day_")

    @property
    def greeting_fields(self) -> list[Any]:
        """The phrases."""
        return self.part("greeting_")

    @property
    def instruction_fields(self) -> list[Any]:
        """The instructions."""
        return self.part("instruction_")

    @property
    def recipient_rows(self) -> list[dict[str, Any]]:
        """The recipients, each with its fields."""
        return [
            {part: self[f"recipient_{number}_{part}"] for part in ("name", "kind", "email")}
            for number in range(RECIPIENTS)
        ]

    @property
    def brief_reasons(self) -> str:
        """The reasons in one line, for the group that is folded."""
        return ", ".join(line.strip() for line in str(self["reasons"].value() or "").splitlines() if line.strip())

    def called(self, name: str) -> str:
        """What a field is called where it stands alone: "Greeting: français", "Recipient 2: e-mail"."""
        label = str(self[name].label)
        if name.startswith("greeting_"):
            return part_of(gettext("Greeting"), label)
        if name.startswith("recipient_"):
            return part_of(f"{gettext('Recipient')} {int(name.split('_')[1]) + 1}", label)
        return label

    # -- what was typed -----------------------------------------------------------------------------------------------

    def clean_reasons(self) -> list[TemplateReason]:
        """The reasons; those of the template keep its codes."""
        labels = [line.strip() for line in self.cleaned_data["reasons"].splitlines() if line.strip()]
        labels = list(dict.fromkeys(labels))
        if len(labels) > MOST_REASONS or any(len(each) > _LABEL_LIMIT for each in labels):
            raise ValidationError(
                _("At most %(most)d reasons of %(long)d characters each."),
                params={"most": MOST_REASONS, "long": _LABEL_LIMIT},
                code="reasons",
            )
        known = {each.label: each.code for each in self.made.reasons} if self.made else {}
        taken = set(known.values())
        found = []
        for label in labels:
            code = known.get(label) or reason_code(label, taken)
            taken.add(code)
            found.append(TemplateReason(code=code, label=label))
        return found

    def clean(self) -> dict[str, Any]:
        """Open at some time, something to say, nobody twice, words in every instruction."""
        cleaned = super().clean() or self.cleaned_data
        if not self.errors and not cleaned["always"] and not self._week():
            self.add_error("day_0", _("Write at least one day on which his calls are answered."))
        if not any(cleaned.get(f"greeting_{each}") for each in Language.values):
            self.add_error(f"greeting_{self.language}", _("Write what the secretary says when she answers."))
        for number, _priority in enumerate(self.priorities):
            if told := html_words(cleaned.get(f"instruction_{number}", "")):
                self.add_error(f"instruction_{number}", told)
        names = [each.name for each in self._recipients()]
        if len(set(names)) < len(names):
            self.add_error("recipient_1_name", _("Two recipients have the same name."))
        if cleaned.get("script") == NOW and not names:
            self.add_error("recipient_0_name", _("The script leaves messages: write for whom they are."))
        longest, music = cleaned.get("max_wait_s"), cleaned.get("ring_before_music_s")
        if longest is not None and music is not None and longest <= music:
            self.add_error("max_wait_s", _("The longest wait is longer than the ringing before the music."))
        return cleaned

    def _week(self) -> list[operations.Opening]:
        return [
            operations.Opening(weekday=number, opens=opens, until=until)
            for field, number, _name in DAYS
            for opens, until in read_day(self.cleaned_data.get(field, ""))
        ]

    def _recipients(self) -> tuple[NewRecipient, ...]:
        rows = range(RECIPIENTS)
        given = [
            {part: self.cleaned_data.get(f"recipient_{row}_{part}", "") for part in ("kind", "name", "email")}
            for row in rows
        ]
        return tuple(
            NewRecipient(kind=RecipientKind(each["kind"]), name=each["name"], email=each["email"])
            for each in given
            if each["name"] and each["kind"]
        )

    def wanted(self) -> NewClient:
        """The client as he is to be opened."""
        said = self.cleaned_data
        texts = [(said[f"instruction_{number}"], priority) for number, priority in enumerate(self.priorities)]
        phrases = {each: said[f"greeting_{each}"] for each in _languages(self.country, self.language)}
        script = said.get("script", NONE)
        return NewClient(
            name=said["name"],
            initials=two_letters(said["name"]),
            kind=ClientKind(said["kind"]),
            sector=Sector(said["sector"]),
            specialty=said["specialty"],
            place=said["place"],
            country=self.country,
            region=said["region"],
            time_zone=TIME_ZONES[self.country],
            language=self.language,
            greetings={each: text for each, text in phrases.items() if text},
            always=said["always"],
            closed_on_holidays=said["closed_on_holidays"],
            week=tuple(self._week()),
            reasons=tuple(said["reasons"]),
            instructions=tuple(TemplateInstruction(text=text, priority=each) for text, each in texts if text),
            recipients=self._recipients(),
            ring_before_music_s=said["ring_before_music_s"],
            max_wait_s=said["max_wait_s"],
            script=self.code if script != NONE else "",
            publish=script == NOW,
            template=self.code,
        )


def _initial(made: ClientTemplate | None, name: str) -> dict[str, Any]:
    if made is None:
        return {"name": name, "closed_on_holidays": True, "ring_before_music_s": 10, "max_wait_s": 180}
    return {
        "name": name,
        "kind": made.kind,
        "sector": made.sector,
        "always": made.always,
        "closed_on_holidays": made.closed_on_holidays,
        "reasons": "\n".join(each.label for each in made.reasons),
        "ring_before_music_s": made.ring_before_music_s,
        "max_wait_s": made.max_wait_s,
    }
