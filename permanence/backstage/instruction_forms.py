# SPDX-License-Identifier: AGPL-3.0-or-later
"""The form of an instruction: its words, when it holds, what it is about; it carries the version it began from."""

from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from permanence.backstage.bases import AnyForm
from permanence.backstage.instruction_meanwhile import Apart, meanwhile, spelt, version_of
from permanence.clients import instruction_fields as fields
from permanence.clients.instruction_words import html_words
from permanence.clients.models import Client, Instruction, Line, Reason, Recipient
from permanence.clients.rules import INSTRUCTION_LIMIT, Scope
from permanence.countries.numbers import NotANumber, parse_number
from permanence.foundation.who import Who

HELP = _(
    "Bold: **between two stars**. A list: lines that begin with a hyphen and a space. An empty line: a new paragraph."
)
RETIRED = _("The instruction was retired while you wrote. Your words stand below: saved again, they are a new one.")
ANOTHER = _(
    "Somebody else wrote a version while you wrote. Nothing is lost: both stand here. Saved again, yours takes the"
    " place of the other."
)
EVERY_LINE, EVERY_REASON, EVERYBODY = _("every line"), _("every reason"), _("everybody")
SCOPE = ("recipient", "line", "reason", "caller")


class TextForm(AnyForm):
    """The words and the weight; enough for a line of the client's page, which holds at once and until it is changed."""

    text = forms.CharField(
        label=_("instruction"), max_length=INSTRUCTION_LIMIT, widget=forms.Textarea(attrs={"rows": 3, "cols": 60})
    )

    class Meta:
        model = Instruction
        fields: tuple[str, ...] = ("text", "priority", "acknowledge")

    def clean_text(self) -> str:
        """Words that show something."""
        try:
            return fields.checked_text(self.cleaned_data["text"])
        except fields.InstructionEmpty as refusal:
            raise forms.ValidationError(_("Nothing of this would be shown.")) from refusal
        except fields.InstructionHtml as refusal:
            raise forms.ValidationError(html_words(self.cleaned_data["text"])) from refusal


class InstructionForm(TextForm):
    """Everything of an instruction. `began_from`: the version that was on the page, 0 for a new one."""

    began_from = forms.IntegerField(widget=forms.HiddenInput, min_value=0)

    class Meta(TextForm.Meta):
        fields = ("text", "priority", "acknowledge", "starts_at", "ends_at", *SCOPE)

    def __init__(self, *args: Any, client: Client, by: Who, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._client = client
        self.by = by
        self.meanwhile = False
        self.apart: tuple[Apart, ...] = ()
        self.fields["text"].help_text = HELP
        self.fields["text"].widget.attrs.update(rows=6, cols=90)
        last = self.instance.version if self.instance.pk else 0
        self.initial["began_from"] = last
        self._last, self._retired = last, bool(self.instance.pk and self.instance.retired)
        mine = {"house": client.house_id, "client": client.pk}
        recipients = forms.ModelChoiceField(
            Recipient.objects.filter(Q(active=True) | Q(pk=self.instance.recipient_id), **mine),
            required=False,
            empty_label=EVERYBODY,
            label=_("only for this recipient"),
        )
        self.fields["recipient"] = recipients
        lines = [(row.number, spelt(row.number)) for row in Line.objects.filter(**mine).order_by("number")]
        reasons = [(row.code, row.label) for row in Reason.objects.filter(**mine).order_by("position", "pk")]
        self._choices("line", _("only on this line"), EVERY_LINE, lines)
        self._choices("reason", _("only for this reason"), EVERY_REASON, reasons)
        caller = forms.CharField(max_length=30, required=False, label=_("only for this caller"))
        caller.help_text = _("His number, as it is dialled. Never on a call whose number is masked.")
        caller.widget.attrs.update(inputmode="tel", placeholder="+352 621 000 147")
        self.fields["caller"] = caller
        if self.instance.pk and self.instance.caller:
            self.initial["caller"] = spelt(self.instance.caller)

    def _choices(self, name: str, label: Any, every: Any, found: list[tuple[str, str]]) -> None:
        """A choice among the client's; what the last version has and the client has no more stays choosable."""
        kept = getattr(self.instance, name) if self.instance.pk else ""
        if kept and kept not in {code for code, _label in found}:
            found = [*found, (kept, kept)]
        self.fields[name] = forms.ChoiceField(choices=[("", every), *found], required=False, label=label)

    def clean_caller(self) -> str:
        """The number in E.164, read as the client's country spells it where no country is written."""
        typed = self.cleaned_data["caller"].strip()
        if not typed:
            return ""
        try:
            return str(parse_number(typed, country=self._client.country))
        except NotANumber as error:
            raise forms.ValidationError(
                _("This is no telephone number. Write it as it is dialled, or with its country: +352 27 00 00 10.")
            ) from error

    def clean(self) -> dict[str, Any]:
        """Whether another version was written since this page was opened: it is said once, and nothing is lost.

        What was not touched on the page becomes what the other wrote; of a retired one nothing does.
        """
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("began_from") != self._last:
            self.meanwhile = True
            data: Any = self.data.dict()  # type: ignore[attr-defined] # what a request sends has it
            if self.instance.pk and not self._retired:
                began = version_of(self.instance, cleaned.get("began_from"))
                names = InstructionForm.Meta.fields
                found = meanwhile(self, names, last=self.instance, began_from=began, typed=cleaned)
                data, self.apart = found.data, found.apart
            self.data = {**data, "began_from": str(self._last)}
            raise forms.ValidationError(RETIRED if self._retired else ANOTHER, code="meanwhile")
        return cleaned

    @property
    def scope(self) -> Scope:
        """What it is about, as it was chosen."""
        recipient = self.cleaned_data["recipient"]
        return Scope(
            recipient="" if recipient is None else str(recipient.pk),
            line=self.cleaned_data["line"],
            reason=self.cleaned_data["reason"],
            caller=self.cleaned_data["caller"],
        )
