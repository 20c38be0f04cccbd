# SPDX-License-Identifier: AGPL-3.0-or-later
"""The house's own forwarding codes of the operators in the back office."""

from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from permanence.backstage.bases import AnyForm
from permanence.backstage.fields import COUNTRY_CHOICES
from permanence.backstage.site import HouseAdmin
from permanence.clients import forwarding
from permanence.clients.models import ForwardingCode
from permanence.countries.forwarding import RecipeMalformed, check_recipe
from permanence.foundation.models import House
from permanence.foundation.who import who
from permanence.kernel.system import SystemClock

CLOCK = SystemClock()
_KEYS = {"size": 30, "autocomplete": "off", "spellcheck": "false"}


class ForwardingCodeForm(AnyForm):
    """The keys, which never call anybody."""

    house_key = 0
    country = forms.ChoiceField(label=_("country"), choices=COUNTRY_CHOICES)

    class Meta:
        model = ForwardingCode
        exclude = ("house",)
        widgets = {  # noqa: RUF012 - Django's own pattern
            name: forms.TextInput(attrs=_KEYS) for name in ("activate", "deactivate", "query")
        }

    def clean(self) -> dict[str, Any]:
        """Each field of keys is one a telephone can dial, and the house has one code for each forwarding."""
        cleaned = super().clean() or self.cleaned_data
        for name in ("activate", "deactivate", "query"):
            keys = {"activate": "*21*{number}#", "deactivate": "", "query": "", name: str(cleaned.get(name) or "")}
            try:
                if name in cleaned:
                    check_recipe(**keys)
            except RecipeMalformed:
                self.add_error(name, _("Begin with * or #, then digits, * and #; to forward, {number} once."))
        place = {name: cleaned.get(name) for name in ("country", "operator", "access", "kind")}
        others = ForwardingCode.objects.for_house(self.house_key).exclude(pk=self.instance.pk)
        if others.filter(**place).exists():
            self.add_error("kind", _("The house has a code for this already: change that one."))
        return cleaned


class ForwardingCodeAdmin(HouseAdmin):
    """Codes that go before those the product brings."""

    form = ForwardingCodeForm
    list_display = ("country", "operator", "access", "kind", "activate", "deactivate", "source")
    list_display_links = ("country", "operator")
    list_filter = ("country", "access")

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """A new code is of the house's country."""
        return {"country": House.objects.get(pk=who(request).house_key).country}

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """The form of the owner's house."""
        form = super().get_form(request, obj, change=change, **kwargs)
        return type(form.__name__, (form,), {"house_key": who(request).house_key})

    def save_model(self, request: HttpRequest, obj: ForwardingCode, form: Any, change: bool) -> None:  # noqa: ARG002
        """The row, in the owner's house."""
        by = who(request)
        obj.house_id = by.house_key
        obj.save()
        action = "forwarding_code.changed" if change else "forwarding_code.added"
        forwarding.code_changed(code=str(obj), action=action, by=by, at=CLOCK.now())

    def delete_model(self, request: HttpRequest, obj: ForwardingCode) -> None:
        """What the product brings holds again."""
        told = str(obj)
        obj.delete()
        forwarding.code_changed(code=told, action="forwarding_code.removed", by=who(request), at=CLOCK.now())
