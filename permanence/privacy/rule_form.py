# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a client wants done about appointments not kept: one form for the back office and for his portal."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from permanence.callers import operations as callers
from permanence.callers.queries import no_show_rule
from permanence.callers.rules.no_show import MOST, NoShowRuleUnfit, Rule
from permanence.foundation.who import Who
from permanence.privacy.file_words import refusal_words

NOTE_LIMIT = 200


def _number() -> forms.NumberInput:
    return forms.NumberInput(attrs={"class": "input", "min": 1, "max": MOST})


class RuleForm(forms.Form):
    """From how many appointments not kept on; empty: never."""

    warn_from = forms.IntegerField(label=_("warn the secretary from"), required=False, widget=_number())
    block_online_from = forms.IntegerField(label=_("no more booking online from"), required=False, widget=_number())
    deposit_from = forms.IntegerField(label=_("speak of a deposit from"), required=False, widget=_number())
    deposit_note = forms.CharField(
        label=_("what is said of the deposit"),
        required=False,
        max_length=NOTE_LIMIT,
        widget=forms.TextInput(attrs={"class": "input"}),
    )


def rule_form(*, client: str, by: Who) -> RuleForm:
    """The rule as it is."""
    rule = no_show_rule(house=by.house, client=client)
    return RuleForm(initial={name: getattr(rule, name) for name in RuleForm.base_fields})


def saved(post: Mapping[str, Any], *, client: str, by: Who, at: datetime) -> RuleForm | None:
    """Keep what was posted; None when it is kept, else the form that says why not. Raises clients' ClientUnknown."""
    form = RuleForm(post)
    if not form.is_valid():
        return form
    try:
        callers.set_no_show_rule(client=client, rule=Rule(**form.cleaned_data), by=by, at=at)
    except NoShowRuleUnfit as refusal:
        form.add_error(None, refusal_words(refusal))
        return form
    return None
