# SPDX-License-Identifier: AGPL-3.0-or-later
"""The form of a visit reason: every field, in groups, with what is usual filled in."""

import hashlib
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.core.validators import URLValidator
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from permanence.agenda.operations.reasons import MOST, TEXT_LIMIT
from permanence.agenda.rules.kinds import (
    CELL,
    CODE_LIMIT,
    COLOURS,
    LINK_LIMIT,
    LONGEST_VISIT,
    Asker,
    Need,
    Question,
    VisitReason,
    Way,
)
from permanence.agenda.setting_forms import INPUT, NAME_LIMIT, NUMBER, Choices, number, several, tick

ASKER_WORDS: dict[Asker, str | Promise] = {
    Asker.SECRETARY: _("the secretary"),
    Asker.DOCTOR: _("the doctor"),
    Asker.ONLINE: _("the patient himself, online"),
}
WAY_WORDS: dict[Way, str | Promise] = {
    Way.PRACTICE: _("at the practice"),
    Way.HOME: _("at the patient's home"),
    Way.TELE: _("by video"),
}
LINES = {"class": "input", "rows": 3}
ANY_KIND, ONE = "kind:", "id:"


def colour_words(number: int) -> Any:
    """What a colour is called, 0 for none chosen."""
    return format_lazy(_("colour {number}"), number=number) if number else _("by its place in the list")


class LinesField(forms.CharField):
    """One entry a line."""

    default_error_messages = {  # noqa: RUF012
        "long": _("A line has %(most)s characters at most, and there are %(lines)s lines at most.")
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, max_length=(TEXT_LIMIT + 2) * MOST, **kwargs)
        self.widget = forms.Textarea(attrs=LINES)

    def prepare_value(self, value: Any) -> Any:
        """The entries as lines."""
        return "\n".join(value) if isinstance(value, (list, tuple)) else value

    def to_python(self, value: Any) -> Any:
        """The lines as entries, without empty ones and repetitions. Raises ValidationError."""
        text = super().to_python(value) or ""
        found = tuple(dict.fromkeys(line for each in text.splitlines() if (line := " ".join(each.split()))))
        if len(found) > MOST or any(len(each) > TEXT_LIMIT for each in found):
            params = {"most": TEXT_LIMIT, "lines": MOST}
            raise forms.ValidationError(self.error_messages["long"], params=params, code="long")
        return found


def length(label: Any, *, least: int = 0, most: int = LONGEST_VISIT, needed: bool = False) -> Any:
    """A field for a length, a multiple of five minutes."""
    return forms.IntegerField(
        label=label,
        min_value=least,
        max_value=most,
        step_size=CELL,
        required=needed,
        widget=forms.NumberInput(attrs={**NUMBER, "min": least, "max": most, "step": CELL}),
    )


class ReasonForm(forms.Form):
    """For what patients come."""

    name = forms.CharField(label=_("name"), max_length=NAME_LIMIT, widget=forms.TextInput(attrs=INPUT))
    minutes = length(_("minutes"), least=CELL, needed=True)
    minutes_new = length(_("minutes for a new patient"))
    way = forms.ChoiceField(
        label=_("takes place"),
        choices=[(each.value, words) for each, words in WAY_WORDS.items()],
        widget=forms.Select(attrs=INPUT),
    )
    video_link = forms.URLField(
        label=_("link for visits by video"),
        max_length=LINK_LIMIT,
        required=False,
        assume_scheme="https",
        validators=[URLValidator(schemes=["https"])],
        widget=forms.URLInput(attrs=INPUT),
    )
    before = length(_("minutes to prepare"), most=240)
    after = length(_("minutes to tidy up"), most=240)
    notice_hours = forms.DecimalField(
        label=_("booked at least so many hours before"),
        min_value=0,
        max_value=500,
        decimal_places=2,
        required=False,
        widget=forms.NumberInput(attrs={**NUMBER, "inputmode": "decimal", "step": "any"}),
    )
    horizon = number(_("booked at most so many days ahead"), most=800)
    max_per_day = number(_("at most a day"))
    max_per_half_day = number(_("at most a half-day"))
    max_new_per_day = number(_("new patients at most a day"))
    bookable_by = several(_("who may book"), [(each.value, words) for each, words in ASKER_WORDS.items()], needed=True)
    overbooking = tick(_("may be put where there is no room, with a cause"))
    needs = several(_("takes rooms and equipment"))
    need_before = length(_("minutes to set it up"), most=240)
    need_after = length(_("minutes to clean it"), most=240)
    also = forms.ChoiceField(label=_("takes also the agenda of"), required=False, widget=forms.Select(attrs=INPUT))
    sites = several(_("only at these sites"))
    youngest = number(_("from so many years"), most=130)
    oldest = number(_("to so many years"), most=130)
    questions = LinesField(label=_("questions to ask, one a line"))
    contra_indications = LinesField(label=_("questions that forbid the visit when the answer is yes, one a line"))
    documents = LinesField(label=_("documents to bring, one a line"))
    colour = forms.TypedChoiceField(
        label=_("colour in the agenda"),
        choices=[(number, colour_words(number)) for number in range(COLOURS + 1)],
        coerce=int,
        required=False,
        widget=forms.RadioSelect,
    )
    code = forms.CharField(
        label=_("short form in the agenda"),
        max_length=CODE_LIMIT,
        required=False,
        widget=forms.TextInput(attrs={**INPUT, "size": CODE_LIMIT}),
    )

    def __init__(self, data: Any = None, *, choices: Choices, reason: VisitReason | None = None) -> None:
        super().__init__(data, initial=_initial(reason))
        self.reason = reason
        words = dict.fromkeys(each.kind for each in choices.resources if each.active)
        fields: dict[str, Any] = self.fields
        fields["needs"].choices = [
            *((ANY_KIND + kind, _("any: %(kind)s") % {"kind": kind}) for kind in words),
            *((ONE + key, name) for key, name in choices.rooms.items()),
        ]
        others = [(each.id, each.name) for each in choices.agendas if each.active]
        fields["also"].choices = [("", _("nobody else")), *others] if len(others) > 1 else []
        fields["sites"].choices = choices.of(choices.sites)

    def clean(self) -> dict[str, Any]:
        """The ages in their order, a link only where it is for something."""
        given = super().clean() or {}
        youngest, oldest = given.get("youngest"), given.get("oldest")
        if youngest is not None and oldest is not None and oldest < youngest:
            self.add_error("oldest", _("The second age is below the first one."))
        if given.get("video_link") and given.get("way") != Way.TELE:
            self.add_error("video_link", _("Only for a reason that takes place by video."))
        return given

    def value(self, client: str) -> VisitReason:
        """The reason of a valid form. Raises VisitReasonImpossible."""
        given = self.cleaned_data
        kept = self.reason
        return VisitReason(
            id="" if kept is None else kept.id,
            client=client,
            name=given["name"],
            minutes=given["minutes"],
            minutes_new=given["minutes_new"] or 0,
            before=given["before"] or 0,
            after=given["after"] or 0,
            horizon=given["horizon"] or 0,
            max_per_day=given["max_per_day"] or 0,
            max_per_half_day=given["max_per_half_day"] or 0,
            max_new_per_day=given["max_new_per_day"] or 0,
            notice=round((given["notice_hours"] or 0) * 60),
            bookable_by=frozenset(Asker(each) for each in given["bookable_by"]),
            way=Way(given["way"]),
            video_link=given["video_link"],
            needs=self._needs(),
            also=given["also"],
            sites=tuple(given["sites"]),
            questions=_questions(given["questions"], () if kept is None else kept.questions),
            documents=given["documents"],
            youngest=given["youngest"],
            oldest=given["oldest"],
            contra_indications=_questions(given["contra_indications"], () if kept is None else kept.contra_indications),
            overbooking=given["overbooking"],
            colour=given["colour"] or 0,
            code=" ".join(given["code"].split()),
        )

    def _needs(self) -> tuple[Need, ...]:
        """One need for each box; those that were there keep their own times unless the times were changed."""
        given = self.cleaned_data
        before, after = given["need_before"] or 0, given["need_after"] or 0
        held = {} if self.reason is None else {_ticked(each): each for each in self.reason.needs}
        untouched = not {"need_before", "need_after"} & set(self.changed_data)
        found = []
        for box in given["needs"]:
            if untouched and box in held:
                found.append(held[box])
            elif box.startswith(ANY_KIND):
                found.append(Need(kind=box.removeprefix(ANY_KIND), before=before, after=after))
            else:
                found.append(Need(ids=(box.removeprefix(ONE),), before=before, after=after))
        return tuple(found)


def _ticked(need: Need) -> str:
    return ONE + need.ids[0] if need.ids else ANY_KIND + need.kind


def _questions(texts: Sequence[str], before: Sequence[Question]) -> tuple[Question, ...]:
    """The questions; one whose words stayed keeps its id."""
    ids = {each.text: each.id for each in before}
    return tuple(
        Question(id=ids.get(text) or f"q-{hashlib.sha256(text.encode()).hexdigest()[:12]}", text=text) for text in texts
    )


def _initial(reason: VisitReason | None) -> dict[str, Any]:
    if reason is None:
        return {"colour": 0, "minutes": 15, "way": Way.PRACTICE.value, "bookable_by": [each.value for each in Asker]}
    zeros = ("minutes_new", "before", "after", "horizon", "max_per_day", "max_per_half_day", "max_new_per_day")
    first = next(iter(reason.needs), None)
    return {
        "name": reason.name,
        "minutes": reason.minutes,
        **{name: getattr(reason, name) or None for name in zeros},
        "notice_hours": (Decimal(reason.notice) / 60).quantize(Decimal("0.01")).normalize() if reason.notice else None,
        "way": reason.way.value,
        "video_link": reason.video_link,
        "bookable_by": [each.value for each in reason.bookable_by],
        "overbooking": reason.overbooking,
        "needs": [_ticked(each) for each in reason.needs],
        "need_before": (first and first.before) or None,
        "need_after": (first and first.after) or None,
        "also": reason.also,
        "sites": list(reason.sites),
        "youngest": reason.youngest,
        "oldest": reason.oldest,
        "questions": tuple(each.text for each in reason.questions),
        "contra_indications": tuple(each.text for each in reason.contra_indications),
        "documents": reason.documents,
        "colour": reason.colour,
        "code": reason.code,
    }
