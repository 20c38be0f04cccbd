# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the page of a script offers after a change: the script put in order, and its sample calls corrected, in words.

Nothing is kept here: the page takes the offer into the text that is being written, or does not.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

import orjson
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from permanence.clients.rules.script import NO, YES, Sample, Script, plain, read_text, write_text
from permanence.clients.rules.script_mend import corrections, tidied, with_corrections
from permanence.clients.script_operations import around_of
from permanence.clients.script_queries import scripts_of

CHANGES = {
    "question_gone": gettext_lazy("The question “{name}” falls away: nothing leads to it any more."),
    "question_otherwise": gettext_lazy("The question “{name}” no longer depends on what is gone."),
    "route_gone": gettext_lazy("The route “{name}” falls away: no call takes it any more."),
    "route_otherwise": gettext_lazy("The route “{name}” no longer depends on what is gone."),
    "route_new": gettext_lazy("A new route, “{name}”, takes the calls that no other takes, as a message."),
    "flag_gone": gettext_lazy("The red flag “{name}” falls away: no answer raises it any more."),
    "flag_otherwise": gettext_lazy("The red flag “{name}” is raised otherwise: the doctor validates the list again."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleOffer:
    """A sample call by its place, in words as it stands and as the script now runs it; `text`: corrected, as JSON."""

    place: int
    name: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """`text`: the whole script with all of it done, "" where there is nothing to offer."""

    changes: tuple[str, ...]
    samples: tuple[SampleOffer, ...]
    text: str


def offer(*, house: str, client: str, text: str, on: date) -> Offer:
    """What could be put in order in this text. Five queries at most. Raises ClientUnknown."""
    script, _faults = read_text(text)
    if script is None:
        return Offer(changes=(), samples=(), text="")
    around = around_of(house=house, client=client, on=on)
    after = tidied(script, around)
    found = corrections(after, tuple(around.recipients))
    called: dict[tuple[str, str], str] = {}
    for one in (*scripts_of(house=house, client=client), script, after):  # what is gone stands in what is kept
        called |= _called(one)
    samples = tuple(
        SampleOffer(
            place=each.place,
            name=each.before.name,
            before=_ends(each.before, called, around.recipients),
            after=_ends(each.after, called, around.recipients),
            text=orjson.dumps(plain(each.after)).decode(),
        )
        for each in found
    )
    whole = with_corrections(after, found)
    return Offer(
        changes=tuple(_changes(script, after)), samples=samples, text="" if whole == script else write_text(whole)
    )


def _changes(before: Script, after: Script) -> Iterator[str]:
    """What was put in order, a sentence a part."""
    parts = (
        ("question", {each.id: each for each in before.questions}, {each.id: each for each in after.questions}),
        ("route", {each.id: each for each in before.routes}, {each.id: each for each in after.routes}),
        ("flag", {each.id: each for each in before.red_flags}, {each.id: each for each in after.red_flags}),
    )
    for kind, old, new in parts:
        for key in (*old, *(each for each in new if each not in old)):
            named = (old.get(key) or new[key]).label
            code = "new" if key not in old else "gone" if key not in new else "otherwise"
            if code != "otherwise" or old[key] != new[key]:
                yield str(CHANGES[f"{kind}_{code}"]).format(name=named)


def _called(script: Script) -> dict[tuple[str, str], str]:
    """The titles of the parts of a script, by what they are and their id; of an answer by its question and code."""
    return {
        **{("question", each.id): each.label for each in script.questions},
        **{("route", each.id): each.label for each in script.routes},
        **{("flag", each.id): each.label for each in script.red_flags},
        **{(question.id, each.code): each.label for question in script.questions for each in question.choices},
    }


def _ends(sample: Sample, called: Mapping[tuple[str, str], str], recipients: Mapping[str, str]) -> tuple[str, ...]:
    """What a sample call says, a line each: what is answered, where it ends, red flags, what is passed over."""
    yes_no = {YES: _("yes"), NO: _("no")}
    answers = [
        (
            called.get(("question", key), key),
            called.get((key, answer)) or recipients.get(answer) or yes_no.get(answer, answer),
        )
        for key, answer in sample.answers.items()
        if answer
    ]
    expect = sample.expect
    lines = [_("%(question)s: %(answer)s") % {"question": asked, "answer": answer} for asked, answer in answers]
    end = called.get(("route", expect.route), expect.route) or _("no route")
    lines.append(_("ends at: %(route)s") % {"route": end})
    for words, kind, keys in (
        (_("red flags: %(names)s"), "flag", expect.red_flags),
        (_("without an answer: %(names)s"), "question", expect.missing),
    ):
        if keys:
            lines.append(words % {"names": ", ".join(called.get((kind, each), each) for each in keys)})
    return tuple(lines)
