# SPDX-License-Identifier: AGPL-3.0-or-later
"""Form fields in plain words for what is stored as a list or as a code."""

import ipaddress
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from permanence.countries.holidays import ALSACE_MOSELLE, COUNTRIES
from permanence.foundation.models import Language

COUNTRY_CHOICES = (("LU", _("Luxembourg")), ("FR", _("France")), ("IE", _("Ireland")))
REGION_CHOICES = (("", _("the country's")), (ALSACE_MOSELLE, "Alsace-Moselle"))
COLOURS = ("canard", "ciel", "terre", "olive", "ocre", "rose", "prune", "ardoise")
COLOUR_CHOICES = tuple((number, f"{number} {name}") for number, name in enumerate(COLOURS, start=1))

if {code for code, _name in COUNTRY_CHOICES} != set(COUNTRIES):
    raise RuntimeError("the back office offers the countries the house knows")


class ListField(forms.CharField):
    """A list written with commas or one a line."""

    def prepare_value(self, value: Any) -> Any:
        """The list as text."""
        return ", ".join(value) if isinstance(value, (list, tuple)) else value

    def to_python(self, value: Any) -> Any:
        """The text as a list, without repetition."""
        if isinstance(value, (list, tuple)):
            return list(value)
        text = super().to_python(value) or ""
        return list(dict.fromkeys(part.strip() for part in text.replace("\n", ",").split(",") if part.strip()))

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Whether the lists differ."""
        return bool(self.to_python(initial or []) != self.to_python(data))


LANGUAGE_WORDS = {
    "fr": ("français", "francais", "french", "französisch"),
    "en": ("anglais", "english", "englisch"),
    "de": ("allemand", "german", "deutsch"),
}


class LanguagesField(ListField):
    """Languages by their two letters, in order of ease."""

    default_error_messages = {"unknown": _("Write fr, en or de, with commas between them; “%(value)s” is not known.")}  # noqa: RUF012

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(help_text=_("fr, en, de; the best first."), **kwargs)

    def to_python(self, value: Any) -> Any:
        """The codes, of languages written out too."""
        codes = {word: code for code, words in LANGUAGE_WORDS.items() for word in words}
        found = super().to_python(value)
        return list(dict.fromkeys(codes.get(str(each).lower(), str(each).lower()) for each in found))

    def validate(self, value: Any) -> None:
        """Every language is one we have."""
        super().validate(value)
        for code in value:
            if code not in Language.values:
                raise ValidationError(self.error_messages["unknown"], params={"value": code}, code="unknown")


class AddressesField(ListField):
    """Addresses or networks of a carrier."""

    default_error_messages = {"unknown": _("“%(value)s” is not an address, such as 192.0.2.10 or 192.0.2.64/28.")}  # noqa: RUF012
    widget = forms.Textarea(attrs={"rows": 3})

    def validate(self, value: Any) -> None:
        """Every entry is an IPv4 or IPv6 address or network."""
        super().validate(value)
        for address in value:
            try:
                ipaddress.ip_network(address)
            except ValueError as error:
                message = self.error_messages["unknown"]
                raise ValidationError(message, params={"value": address}, code="unknown") from error


@cache
def time_zone_choices() -> list[tuple[str, str]]:
    """The time zones of Europe, then UTC."""
    return [(name, name) for name in sorted(available_timezones()) if name.startswith("Europe/")] + [("UTC", "UTC")]
