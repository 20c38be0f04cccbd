# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reasons and recipients stay as long as something leads to them: refused with what does, in words."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as now
from django.utils.translation import gettext_lazy as _

from permanence.backstage.account_forms import CLOCK, NamedFormSet
from permanence.clients import dependants
from permanence.clients.dependants import Dependant

KINDS = {
    "instruction": _("instruction “%(words)s”"),
    "question": _("question “%(words)s” of the script"),
    "route": _("route “%(words)s” of the script"),
    "alert": _("red flag “%(words)s”"),
    "absence": _("absence “%(words)s”"),
}
SHOWN = 3
WORDS_SHOWN = 60


def in_words(found: Sequence[Dependant]) -> str:
    """The first of these places, and how many more there are."""
    named = [str(KINDS[each.kind]) % {"words": each.words[:WORDS_SHOWN]} for each in found[:SHOWN]]
    more = len(found) - len(named)
    return ", ".join([*named, *([now("%(count)d more") % {"count": more}] if more else [])])


class ReasonFormSet(NamedFormSet):
    """Reasons, none of which is taken away while something leads to it."""

    def clean(self) -> None:
        """Whether a deleted one is still used."""
        super().clean()
        for form in self.deleted_forms:
            row = form.instance
            if row.pk is None:
                continue
            about = {"house": row.house.slug, "client": str(row.client_id)}
            found = dependants.dependants_of_reason(**about, code=row.code, label=form.initial["label"], at=CLOCK.now())
            if found:
                message = _("“%(reason)s” is still used: %(places)s. Change these first.")
                params = {"reason": form.initial["label"], "places": in_words(found)}
                raise forms.ValidationError(message, params=params, code="used")


class RecipientFormSet(NamedFormSet):
    """Recipients, none of whom is made inactive while calls are sent to him."""

    def clean(self) -> None:
        """Whether one made inactive is still named."""
        super().clean()
        for form in self.initial_forms:
            row: Any = form.instance
            if "active" not in form.changed_data or form.cleaned_data.get("active"):
                continue
            about = {"house": row.house.slug, "client": str(row.client_id)}
            found = dependants.dependants_of_recipient(**about, recipient=str(row.pk), at=CLOCK.now())
            if found:
                message = _("Calls are still sent to him: %(places)s. Change these first.")
                form.add_error(
                    "active", forms.ValidationError(message, params={"places": in_words(found)}, code="used")
                )
