# SPDX-License-Identifier: AGPL-3.0-or-later
"""Absences on a client's page: announced, and withdrawn by deleting the line. Times are on the client's clock."""

from datetime import datetime
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from permanence.backstage.account_forms import NamedFormSet
from permanence.backstage.bases import AnyForm
from permanence.backstage.inlines import Inline
from permanence.backstage.unsaved import Unsaved
from permanence.clients import absences, approvals, operations, queries
from permanence.clients.models import Absence, Client
from permanence.clients.rules.approvals import ProposalKind
from permanence.clients.rules.typed_moments import read_beginning, read_ending
from permanence.foundation.who import Who
from permanence.kernel.refusals import Refusal
from permanence.kernel.system import SystemClock, SystemEntropy

CLOCK = SystemClock()
ENTROPY = SystemEntropy()
REFUSALS = {
    absences.AbsenceImpossible: _(
        "An absence ends after it begins and not in the past; only one of the whole client closes the lines."
    ),
    absences.AbsenceOverlaps: _("This person is already away for some of that time."),
    absences.ReplacementAway: _("The one named for what is urgent is away too for some of that time."),
    absences.AbsenceUnknown: _("This absence was withdrawn meanwhile, or is over."),
    operations.ConsentMissing: _("Voice messages need the date of the doctor’s agreement and a duty contact."),
    approvals.TooManyWaiting: _("Too many changes wait for a second person: have some approved first."),
    queries.RecipientUnknown: _("Choose somebody who still receives messages."),
}
"""Why an absence is not kept, by the refusals of the client accounts."""


class WallField(forms.DateTimeField):
    """A moment on the client's wall, without its zone: the form knows which one it is, and tells `now` there.

    A day alone is meant from its first hour on; where the field `closes` something, through that day.
    """

    widget = forms.TextInput(attrs={"size": 15, "autocomplete": "off", "placeholder": _("24/12 14:00")})
    default_error_messages = {  # noqa: RUF012 - Django's own pattern
        "invalid": _("Day and hour cannot be read. Write 24/12 for a whole day, 24/12 14:00 or tomorrow 9:00.")
    }
    now = datetime(1970, 1, 1)  # noqa: DTZ001

    def __init__(self, *, closes: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._read = read_ending if closes else read_beginning

    def to_python(self, value: Any) -> Any:
        """The moment in no zone, as it was typed."""
        text = str(value or "").strip()
        if not text:
            return None
        found = self._read(text, now=self.now)
        if found is None:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return found


class AbsenceForm(AnyForm):
    """Who is away, from when until when, and what is said meanwhile."""

    starts_at = WallField(label=_("from"))
    ends_at = WallField(closes=True, label=_("until"))

    class Meta:
        model = Absence
        fields = ("recipient", "starts_at", "ends_at", "words", "urgent_to", "treatment")
        widgets: ClassVar = {"words": forms.TextInput(attrs={"size": 40})}

    def __init__(self, *args: Any, zone: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._zone = ZoneInfo(zone or "UTC")
        if self.instance.pk:  # a line in place is only read: its moments as they stand on the client's wall
            for name in ("starts_at", "ends_at"):
                moment = getattr(self.instance, name)
                setattr(self.instance, name, moment.astimezone(self._zone).replace(tzinfo=None))
        for name in ("starts_at", "ends_at"):
            moment_field: Any = self.fields.get(name)
            if moment_field is not None:
                moment_field.now = CLOCK.now().astimezone(self._zone).replace(tzinfo=None)
        recipient: Any = self.fields.get("recipient")
        if recipient is not None:
            recipient.empty_label = _("the whole client")

    def clean(self) -> dict[str, Any]:
        """The moments, of an hour that exists twice the first to begin and the second to end."""
        cleaned = super().clean() or self.cleaned_data
        for name, fold in (("starts_at", 0), ("ends_at", 1)):
            if cleaned.get(name):
                cleaned[name] = cleaned[name].replace(tzinfo=self._zone, fold=fold)
        return cleaned


class AbsenceFormSet(NamedFormSet):
    """Absences on the clock of the client of the page."""

    def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
        """With the time zone of the page."""
        return {**super().get_form_kwargs(index), "zone": self.instance.time_zone}


class AbsenceInline(Inline):
    """The absences in place."""

    model = Absence
    form = AbsenceForm
    formset = AbsenceFormSet
    explained = _(
        "Who is away, on the client’s clock. Secretaries see it on the card from a day before, and to whom what is "
        "urgent goes. Deleting a line withdraws the absence; to change one, withdraw it and write another."
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Absence]:
        """Those that are not over and not withdrawn."""
        rows = super().get_queryset(request).filter(withdrawn_at=None, ends_at__gt=CLOCK.now())
        return rows.select_related("recipient", "urgent_to")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """What was announced stays as it was."""
        return False


def keep(client: Client, rows: list[Absence], gone: list[Absence], *, by: Who) -> bool:
    """Withdraws those deleted and announces those written; gives whether an urgent path waits for a second person.

    Raises Unsaved with the reason in words.
    """
    at, key, waits = CLOCK.now(), str(client.pk), False
    try:
        for row in gone:
            body = {"absence": str(row.pk)}
            waits |= bool(
                approvals.submit(client=key, kind=ProposalKind.ABSENCE_OVER, body=body, by=by, at=at, entropy=ENTROPY)
            )
        for row in rows:
            waits |= bool(
                approvals.announce_absence(
                    client=key,
                    starts=row.starts_at,
                    ends=row.ends_at,
                    words=row.words,
                    recipient=str(row.recipient_id) if row.recipient_id else None,
                    urgent_to=str(row.urgent_to_id) if row.urgent_to_id else None,
                    treatment=row.treatment,
                    announced_by=by.person,
                    by=by,
                    at=at,
                    entropy=ENTROPY,
                ).proposal
            )
    except tuple(REFUSALS) as refusal:
        raise Unsaved(refused=_words(refusal)) from refusal
    return waits


def _words(refusal: Refusal) -> str:
    return str(next(words for kind, words in REFUSALS.items() if isinstance(refusal, kind)))
