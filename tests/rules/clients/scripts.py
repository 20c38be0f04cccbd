# SPDX-License-Identifier: AGPL-3.0-or-later
"""Scripts for the tests: one small sound one, and all there can be."""

from datetime import date

from hypothesis import strategies as st

from permanence.clients.rules.script import read_script
from permanence.clients.rules.script_lint import Around

TODAY = date(2026, 11, 27)
AROUND = Around(recipients={"7": "Dr Weber", "8": "Le cabinet"}, country="LU", health=True, on=TODAY)


def small(**changes):
    """A sound script as JSON: a reason, the age for a child, the doctor's own words of a red flag."""
    return {
        "format": 1,
        "title": "Cabinet",
        "language": "fr",
        "questions": [
            {
                "id": "reason",
                "kind": "choice",
                "ask": "C’est à quel sujet ?",
                "label": "Motif",
                "required": True,
                "choices": [{"code": "child", "label": "Enfant malade"}, {"code": "paper", "label": "Papiers"}],
            },
            {
                "id": "age",
                "kind": "number",
                "ask": "Quel âge a-t-il ?",
                "label": "Âge",
                "required": True,
                "when": [{"question": "reason", "one_of": ["child"]}],
            },
            {"id": "note", "kind": "text", "ask": "Je note.", "label": "Note"},
        ],
        "routes": [
            {
                "id": "baby",
                "act": "message",
                "label": "Nourrisson",
                "recipient": "7",
                "urgency": "urgent",
                "when": [{"question": "age", "below": 1}],
            },
            {"id": "rest", "act": "message", "label": "Le reste", "recipient": "8"},
        ],
        "red_flags": [
            {
                "id": "chest",
                "label": "Douleur thoracique",
                "words": ["mal à la poitrine"],
                "say": "Raccrochez et composez le 112.",
                "alert": {"recipient": "7"},
            }
        ],
        "samples": [
            {"name": "papier", "answers": {"reason": "paper", "note": ""}, "expect": {"route": "rest"}},
        ],
        **changes,
    }


def script(data=None):
    found, faults = read_script(small() if data is None else data)
    assert faults == ()
    return found


@st.composite
def clauses(draw, earlier):
    """Clauses on some of the questions `earlier` (id, kind, codes)."""
    found = []
    for key, kind, codes in draw(st.lists(st.sampled_from(earlier), max_size=2, unique=True)) if earlier else []:
        if kind == "number":
            low, high = draw(st.none() | st.integers(0, 3)), draw(st.none() | st.integers(0, 3))
            if low is None and high is None:
                low = 1
            ends = {"at_least": low, "below": high}
            found.append({"question": key, **{name: value for name, value in ends.items() if value is not None}})
        else:
            some = draw(st.lists(st.sampled_from(codes), min_size=1, unique=True))
            found.append({"question": key, "one_of": some})
    return found


@st.composite
def drawn(draw, most=4):
    """A script of up to `most` deciding questions with clauses on earlier answers and jumps ahead, sound or not."""
    count = draw(st.integers(1, most))
    earlier, questions = [], []
    for n in range(count):
        kind = draw(st.sampled_from(["choice", "yes_no", "number"]))
        codes = {"choice": ("a", "b", "c"), "yes_no": ("yes", "no"), "number": ()}[kind]
        onward = st.sampled_from(["", *(f"q{later}" for later in range(n + 1, count)), "end"])
        question = {
            "id": f"q{n}",
            "kind": kind,
            "ask": "?",
            "label": "L",
            "required": draw(st.booleans()),
            "when": draw(clauses(earlier)),
            "then": draw(onward) if draw(st.integers(0, 3)) == 0 else "",
        }
        if kind == "choice":
            question["choices"] = [{"code": each, "label": each, "then": draw(onward)} for each in codes]
        questions.append(question)
        earlier.append((question["id"], kind, codes))
    routes = [
        {"id": f"r{n}", "act": "message", "label": "R", "recipient": "7", "when": draw(clauses(earlier))}
        for n in range(draw(st.integers(1, 3)))
    ]
    return small(questions=questions, routes=routes, red_flags=[], samples=[])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
