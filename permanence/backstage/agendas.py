# SPDX-License-Identifier: AGPL-3.0-or-later
"""The lines of a client's external agendas."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from permanence.backstage.account_forms import NamedFormSet
from permanence.backstage.bases import AnyForm
from permanence.backstage.inlines import Inline
from permanence.clients.agenda_words import LINK_FAULTS
from permanence.clients.models import ExternalAgenda
from permanence.clients.rules.agenda_links import LINK_LIMIT, PRODUCT_LIMIT, PRODUCTS, LinkUnfit, read_link


class Suggested(forms.TextInput):
    """A text of one's own, with names that are usual."""

    template_name = "backstage/suggested.html"

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        """With the list under the field's own id."""
        context = super().get_context(name, value, attrs)
        context["widget"]["attrs"]["list"] = f"{name}-suggested"
        context["widget"]["suggestions"] = PRODUCTS
        return context


class AgendaForm(AnyForm):
    """An agenda: whose, which, where."""

    product = forms.CharField(label=_("agenda"), max_length=PRODUCT_LIMIT, widget=Suggested(attrs={"size": 14}))
    link = forms.CharField(
        label=_("link"),
        max_length=LINK_LIMIT,
        widget=forms.TextInput(attrs={"size": 48, "inputmode": "url", "spellcheck": "false"}),
        help_text=_("https only, without name or password. She is told whose site it is before it opens."),
    )

    class Meta:
        model = ExternalAgenda
        fields = ("recipient", "product", "link", "remark")

    def clean_link(self) -> str:
        """The link, if it may be opened."""
        try:
            return read_link(self.cleaned_data["link"]).text
        except LinkUnfit as refusal:
            raise forms.ValidationError(str(LINK_FAULTS[refusal.code]), code=refusal.code) from refusal


class AgendaFormSet(NamedFormSet):
    """Agendas, one for each recipient and one for all."""

    def clean(self) -> None:
        """No two new lines for the same: the database alone would not say so in words."""
        super().clean()
        seen: set[Any] = set()
        for form in self.forms:
            if form in self.deleted_forms or not form.cleaned_data or (not form.has_changed() and not form.instance.pk):
                continue
            whose = form.cleaned_data.get("recipient")
            if whose in seen:
                form.add_error("recipient", _("Two agendas for the same: keep one."))
            seen.add(whose)


class AgendaInline(Inline):
    """Where the secretary books."""

    model = ExternalAgenda
    form = AgendaForm
    formset = AgendaFormSet
    explained = _(
        "An agenda the client keeps elsewhere, such as Doctolib: the secretary opens it from the card, "
        "and records what she booked there."
    )
