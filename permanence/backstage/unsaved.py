# SPDX-License-Identifier: AGPL-3.0-or-later
"""A client's page proved before it is saved: what was typed is saved, looked at, and taken back where it must be.

The whole save runs in a transaction of its own. When "Check" was pressed, or by this change what is said would
contradict itself, the transaction is taken back and the page shown again as it was typed, with what was found. What
contradicted itself before already is shown, and keeps nobody from saving something else (`clients.proving`).
"""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as now
from django.utils.translation import ngettext

from permanence.backstage.site import HouseAdmin
from permanence.clients import acts, said
from permanence.clients.queries import ClientUnknown
from permanence.clients.rules.compared import compare
from permanence.clients.rules.findings import Proof
from permanence.clients.said_words import ChangeWords, FindingWords, change_words, finding_words
from permanence.foundation.who import who
from permanence.kernel.system import SystemClock

CLOCK = SystemClock()
CHECK = "_check"
"""The name of the button beside "Save"."""
SEEN = "seen"
"""The hidden field with the mark of what was told already."""


class Unsaved(Exception):
    """What was typed is not saved: what the `change` would do, and `refused` in words where a rule said no.

    `seen`: the mark of what is told by that.
    """

    def __init__(self, change: ChangeWords | None = None, refused: str = "", seen: str = "") -> None:
        super().__init__(refused)
        self.change, self.refused, self.seen = change, refused, seen

    @property
    def conflicts(self) -> tuple[FindingWords, ...]:
        """What stands in the way."""
        return () if self.change is None else self.change.conflicts


def in_words(proof: Proof) -> tuple[FindingWords, ...]:
    """The findings of a proof, conflicts first."""
    return tuple(finding_words(each, proof.coverage.client) for each in (*proof.conflicts, *proof.gaps))


class HeldAdmin(HouseAdmin):
    """A page whose save may be taken back: then it is shown again as it was typed, with what was found."""

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The page; after a save that was taken back, the page as it was typed with what was found."""
        if request.method in {"GET", "HEAD"}:
            return super().changeform_view(request, object_id, form_url, extra_context)
        try:
            with transaction.atomic():
                if request.method == "POST" and object_id is not None:
                    self._begin(request, object_id)
                return super().changeform_view(request, object_id, form_url, extra_context)
        except Unsaved as taken_back:
            unsaved = taken_back
        setattr(request, _HELD, unsaved)
        refused = unsaved.refused or unsaved.conflicts
        context = {"unsaved": unsaved, **(extra_context or {}), **({} if refused else {"errors": None})}
        return super().changeform_view(request, object_id, form_url, context)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """The form, which is not valid a second time once its save was taken back."""
        form = super().get_form(request, obj, change=change, **kwargs)
        unsaved = getattr(request, _HELD, None)
        return form if unsaved is None else type(form.__name__, (_Held, form), {"unsaved": unsaved})

    def _begin(self, request: HttpRequest, object_id: str) -> None:
        """What is to be known before a row is saved."""


class ProvedAdmin(HeldAdmin):
    """The page of a client, saved only when what is said holds together."""

    def _begin(self, request: HttpRequest, object_id: str) -> None:
        """What was found before the save."""
        setattr(request, _BEFORE, self._before(request, object_id))

    def _before(self, request: HttpRequest, object_id: str) -> tuple[datetime, Proof] | None:
        """What was found before the save, and of which moment; None for a client whom the house does not have."""
        at = CLOCK.now()
        try:
            acts.account(object_id, by=who(request))  # nobody else changes him between the two looks
            return at, said.proof_of(house=who(request).house, client=object_id, at=at)
        except ClientUnknown:
            return None

    def prove(self, request: HttpRequest, client: str) -> None:
        """Looks at what was just saved, in its transaction. Raises Unsaved.

        What is new is told before it is saved, once, as `proving.save_seen` does; of a client who is opened it is told
        in a message, since one part after the other is written.
        """
        at, before = getattr(request, _BEFORE, None) or (CLOCK.now(), None)
        proof = said.proof_of(house=who(request).house, client=client, at=at)
        found = compare(before, proof)
        unseen = before is not None and found.new and request.POST.get(SEEN) != found.mark
        if CHECK in request.POST or found.conflicts or unseen:
            raise Unsaved(change_words(found), seen=found.mark)
        if count := len(proof.findings):
            text = ngettext(
                "Saved. One thing is missing from what will be said: see “What will be said”.",
                "Saved. %(count)d things are missing from what will be said: see “What will be said”.",
                count,
            )
            messages.warning(request, text % {"count": count})


_HELD, _BEFORE = "_unsaved", "_proved_before"


class _Held:
    """A form whose save was taken back: it says so."""

    unsaved: Unsaved

    def clean(self) -> Any:
        """What the form says, and that it is not saved."""
        form: Any = super()
        cleaned = form.clean()
        this: Any = self
        this.add_error(None, self.unsaved.refused or now("Not saved yet: what was found stands above."))
        return cleaned
