# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is done on a patient's file: each form of the page names its act, and each act is one operation of a room."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from permanence.callers import merge_operations, operations, request_operations
from permanence.callers import queries as callers
from permanence.callers.entries import counted_acts, entries_of
from permanence.callers.rules.form import PatientForm
from permanence.foundation.who import Who
from permanence.kernel.refusals import Refusal
from permanence.privacy.file_words import Words

TEXTS = ("birth_name", "used_name", "first_name", "birth_date", "sex", "mail", "language", "address", "notes")
"""Fields of the form that are one text each."""


class NotUnderstood(Refusal):
    """The page does not send such an act."""

    code = "not_understood"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was posted on the file of `patient`."""

    post: Mapping[str, str]
    client: str
    patient: str
    by: Who
    at: datetime

    def text(self, name: str) -> str:
        """What a field holds, "" for none."""
        return str(self.post.get(name, ""))

    def moment(self, name: str) -> datetime:
        """The state of a file that was before her eyes. Raises NotUnderstood."""
        try:
            return datetime.fromisoformat(self.text(name))
        except ValueError as error:
            raise NotUnderstood from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What was done, in words, and whose file is shown next."""

    words: Words
    patient: str


def act(asked: Asked) -> Done:
    """Do what the form asks. Raises NotUnderstood and what the operations raise: then nothing was changed."""
    do = ACTS.get(asked.text("act"))
    if do is None:
        raise NotUnderstood
    return do(asked)


def form_of(post: Mapping[str, str]) -> PatientForm:
    """The fields of the form as they were typed; one number a line."""
    return PatientForm(
        **{name: str(post.get(name, "")) for name in TEXTS},
        numbers=tuple(str(post.get("numbers", "")).splitlines()),
        known=post.get("known") == "on",
    )


def _change(asked: Asked) -> Done:
    operations.change_patient(
        client=asked.client,
        patient=asked.patient,
        form=form_of(asked.post),
        by=asked.by,
        at=asked.at,
        seen=asked.moment("seen"),
    )
    return Done(words=_("The file is changed."), patient=asked.patient)


def _validate(asked: Asked) -> Done:
    operations.validate_identity(
        client=asked.client,
        patient=asked.patient,
        document=asked.text("document"),
        by=asked.by,
        at=asked.at,
        seen=asked.moment("seen"),
    )
    return Done(words=_("The identity is validated."), patient=asked.patient)


def _consent(asked: Asked) -> Done:
    given = {"yes": True, "no": False}.get(asked.text("given"))
    if given is None:
        raise NotUnderstood
    operations.note_consent(
        client=asked.client, patient=asked.patient, way=asked.text("way"), given=given, by=asked.by, at=asked.at
    )
    return Done(words=_("It is noted what he wants."), patient=asked.patient)


def _death(asked: Asked) -> Done:
    deceased = asked.text("deceased") == "yes"
    operations.note_death(client=asked.client, patient=asked.patient, is_deceased=deceased, by=asked.by, at=asked.at)
    return Done(words=_("It is noted."), patient=asked.patient)


def _link(asked: Asked) -> Done:
    operations.link(
        client=asked.client,
        patient=asked.patient,
        kind=asked.text("kind"),
        other=asked.text("other"),
        name="" if asked.text("other") else asked.text("name"),
        number="" if asked.text("other") else asked.text("number"),
        may_speak=asked.text("may_speak") == "on",
        by=asked.by,
        at=asked.at,
    )
    return Done(words=_("The tie is kept."), patient=asked.patient)


def _unlink(asked: Asked) -> Done:
    operations.unlink(client=asked.client, patient=asked.patient, link=asked.text("link"), by=asked.by, at=asked.at)
    return Done(words=_("The tie is taken away."), patient=asked.patient)


def _forgive(asked: Asked) -> Done:
    entries = entries_of(house=asked.by.house, client=asked.client, patient=asked.patient)
    visit = asked.text("visit")
    if visit not in counted_acts(house=asked.by.house, client=asked.client, patients=entries):
        raise NotUnderstood
    operations.forgive_no_show(client=asked.client, act=visit, by=asked.by, at=asked.at)
    return Done(words=_("This appointment counts no more."), patient=asked.patient)


def _merge(asked: Asked) -> Done:
    """`kept` says which of the two files stays."""
    other, kept = asked.text("other"), asked.text("kept")
    if kept not in {asked.patient, other}:
        raise NotUnderstood
    gone = other if kept == asked.patient else asked.patient
    seen = {asked.patient: asked.moment("seen"), other: asked.moment("seen_other")}
    merge_operations.merge(client=asked.client, kept=kept, merged=gone, by=asked.by, at=asked.at, seen=seen)
    return Done(words=_("The two files are one. For a day this can be undone."), patient=kept)


def _part(asked: Asked) -> Done:
    merges = callers.file_of(house=asked.by.house, client=asked.client, patient=asked.patient).merges
    merge = asked.text("merge")
    if merge not in {each.id for each in merges}:
        raise NotUnderstood
    merge_operations.part(client=asked.client, merge=merge, by=asked.by, at=asked.at)
    return Done(words=_("They are two files again."), patient=asked.patient)


def _request(asked: Asked) -> Done:
    request_operations.note_request(
        client=asked.client, patient=asked.patient, kind=asked.text("kind"), by=asked.by, at=asked.at
    )
    return Done(words=_("The request is noted: the practice decides."), patient=asked.patient)


def _answer(asked: Asked) -> Done:
    request_operations.answer_request(
        client=asked.client,
        patient=asked.patient,
        request=asked.text("request"),
        answer=asked.text("answer"),
        by=asked.by,
        at=asked.at,
    )
    return Done(words=_("The answer is noted."), patient=asked.patient)


ACTS: Mapping[str, Callable[[Asked], Done]] = {
    "change": _change,
    "validate": _validate,
    "consent": _consent,
    "death": _death,
    "link": _link,
    "unlink": _unlink,
    "forgive": _forgive,
    "merge": _merge,
    "part": _part,
    "request": _request,
    "answer": _answer,
}
