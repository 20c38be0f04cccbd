# SPDX-License-Identifier: AGPL-3.0-or-later
"""The lines of a client's page: what they have in common, and those of his sites and his directory."""

from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from permanence.backstage.account_forms import FALLBACK_COUNTRY, NamedFormSet
from permanence.backstage.bases import AnyForm, AnyInline
from permanence.backstage.fields import ListField
from permanence.clients.directory_rules import MOST_CONTACTS, MOST_NUMBERS, MOST_SITES
from permanence.clients.models import Contact, Recipient, Site
from permanence.countries.numbers import NotANumber, parse_number, spell_number
from permanence.foundation.who import who
from permanence.kernel.phone import PhoneNumber


class ClientInline(AnyInline):
    """Lines of a client's page."""

    extra = 0
    extra_at_first = 0
    explained: Any = ""
    formset = NamedFormSet
    template = "backstage/lines.html"

    def get_extra(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> int:  # noqa: ARG002
        """A new client's page shows the empty lines that it will need."""
        return self.extra if obj else self.extra_at_first

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer the rows of the house, and of this client where he is known."""
        rows = db_field.remote_field.model._default_manager.filter(house=who(request).house_key)
        if db_field.remote_field.model is Recipient:
            client = request.resolver_match.kwargs.get("object_id") if request.resolver_match else None
            rows = rows.filter(client=client) if client else rows.none()
        kwargs.setdefault("queryset", rows)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class PlaceField(forms.IntegerField):
    """The place in a list, from 1 on; empty: the last."""

    def __init__(self) -> None:
        widget = forms.NumberInput(attrs={"size": 3, "min": 1, "max": 999})
        super().__init__(label=_("place in the list"), required=False, min_value=1, max_value=999, widget=widget)

    def prepare_value(self, value: Any) -> Any:
        """Nothing where there is no place yet."""
        return value or None

    def clean(self, value: Any) -> int:
        """0 says that the place is still to be found."""
        return super().clean(value) or 0


class SiteForm(AnyForm):
    """A site."""

    position = PlaceField()

    class Meta:
        model = Site
        fields = ("name", "address", "access", "floor", "lift", "parking", "hours", "position")


class SiteInline(ClientInline):
    """Where callers come."""

    model = Site
    form = SiteForm
    max_num = MOST_SITES
    explained = _("What callers ask about the place: she reads it from the card. Empty: not known.")


class ContactForm(AnyForm):
    """A contact, the numbers as people write them, with commas between."""

    position = PlaceField()
    numbers = ListField(label=_("numbers"), required=False, help_text=_("With commas between them."))

    class Meta:
        model = Contact
        fields = ("name", "function", "numbers", "number_for", "may_say", "position")

    def __init__(self, *args: Any, country: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._country = country or FALLBACK_COUNTRY
        if self.instance.pk:
            spelled = [spell_number(PhoneNumber(each), country=self._country) for each in self.instance.numbers]
            self.initial["numbers"] = spelled

    def clean_numbers(self) -> list[str]:
        """In E.164, read as the client's country spells them where no country is written."""
        found = []
        for text in self.cleaned_data["numbers"]:
            try:
                found.append(str(parse_number(text, country=self._country)))
            except NotANumber as error:
                message = _("“%(number)s” is no telephone number.")
                raise forms.ValidationError(message, params={"number": text}) from error
        if len(found) > MOST_NUMBERS:
            raise forms.ValidationError(_("At most %(most)d numbers."), params={"most": MOST_NUMBERS})
        return list(dict.fromkeys(found))


class ContactFormSet(NamedFormSet):
    """Contacts, whose numbers the client's country spells."""

    def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
        """With the country of the page."""
        return {**super().get_form_kwargs(index), "country": self.instance.country}


class ContactInline(ClientInline):
    """Whom the secretary may name or call."""

    model = Contact
    form = ContactForm
    formset = ContactFormSet
    max_num = MOST_CONTACTS
    explained = _("Whom she may name or call: replacement, pharmacy, technician. Who may be given the number is said.")
