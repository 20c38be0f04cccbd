# SPDX-License-Identifier: AGPL-3.0-or-later
"""The client templates: read strictly, whole in three languages, and proved: no conflict, no gap but the number."""

import copy
import json
import re
from datetime import timedelta
from importlib import resources

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from permanence.clients import rules
from permanence.clients.rules.client_templates import (
    CLIENT_TEMPLATES,
    client_template,
    greetings,
    read_client_template,
)
from permanence.clients.rules.findings import prove
from permanence.clients.rules.script_templates import Beginning, template
from permanence.clients.rules.week import read_day
from permanence.countries.places import CALLERS_LANGUAGES, TIME_ZONES
from permanence.reception import markup
from permanence.reception.markup import words
from permanence.reception.table import ClientSlice, GreetingEntry, Interval, OpeningHours, WeekdayHours
from tests.rules.clients.scripts import TODAY
from tests.rules.reception.house import START

NAME = "Dr Klein"
LANGUAGES = ("fr", "en", "de")
FOLDER = resources.files(rules.__name__).joinpath("accounts")
every = pytest.mark.parametrize("code", CLIENT_TEMPLATES)
spoken = pytest.mark.parametrize("language", LANGUAGES)
TRIAGE = re.compile(r"\b(112|15|18|999|116\s?117|poitrine|chest|Brust|inconscien|unconscious|bewusstlos)\b")


def stored(code):
    return orjson.loads(FOLDER.joinpath(f"{code}.json").read_bytes())


def hours(made):
    days = [(number, [Interval(opens=a, until=b) for a, b in read_day(text)]) for number, text in enumerate(made.week)]
    week = tuple(WeekdayHours(weekday=number, intervals=tuple(times)) for number, times in days if times)
    return OpeningHours(always=made.always, week=week, closed_on_holidays=made.closed_on_holidays)


def as_client(code, country):
    made = client_template(code, language="fr", name=NAME)
    return ClientSlice(
        house="demo",
        client="1",
        version=1,
        name=NAME,
        initials="DK",
        colour=1,
        kind=made.kind,
        sector=made.sector,
        place="",
        country=country,
        region="",
        time_zone=TIME_ZONES[country],
        languages=LANGUAGES,
        state="active",
        lines=(),
        hours=hours(made),
        greetings=tuple(GreetingEntry(language=each, text=text) for each, text in greetings(code, name=NAME).items()),
        instructions=(),
        recipients=(),
        reasons=(),
        ring_before_music_s=made.ring_before_music_s,
        max_wait_s=made.max_wait_s,
        voice_message=False,
        voice_message_consent=None,
    )


@every
@pytest.mark.parametrize("country", sorted(TIME_ZONES))
def test_nothing_contradicts_itself_and_nothing_is_missing_but_the_number(code, country):
    proof = prove(as_client(code, country), starts=START, until=START + timedelta(days=365))
    assert [each.code for each in proof.findings] == ["no_line"]


@every
@spoken
def test_every_text_is_whole_and_in_its_own_language(code, language):
    made = client_template(code, language=language, name=NAME)
    texts = [
        made.about,
        made.greeting,
        *(each.label for each in made.reasons),
        *(each.text for each in made.instructions),
    ]
    assert all(each.strip() == each and each for each in texts)
    assert NAME in made.greeting
    assert re.findall(r"[{}~]|\bundefined\b", made.greeting.replace("{name}", "")) == []
    assert all(not re.search(r"[{}~@]", each) for each in texts[2:])
    others = [client_template(code, language=each, name=NAME) for each in LANGUAGES if each != language]
    assert {made.about, *(each.text for each in made.instructions)}.isdisjoint(
        text for other in others for text in (other.about, *(each.text for each in other.instructions))
    )
    assert language != "fr" or not [each for each in texts if re.search(r" [?!:;»]|« ", each)]
    assert all(len(each.label) <= 80 for each in made.reasons)
    assert all(words(each.text) and markup.blocks(each.text) for each in made.instructions)


@every
@spoken
def test_it_leaves_what_is_dangerous_to_the_list_that_the_doctor_validates(code, language):
    made = client_template(code, language=language, name=NAME)
    if made.sector == "health":
        assert [each.text for each in made.instructions if TRIAGE.search(each.text)] == []
        assert max(each.priority for each in made.instructions) < 2


@every
@spoken
def test_its_script_has_somebody_to_tell(code, language):
    made = client_template(code, language=language, name=NAME)
    own = [(str(number), each.kind) for number, each in enumerate(made.recipients)]
    script = template(made.script, Beginning(language=language, country="LU", recipients=own, on=TODAY))
    assert not [each.recipient for each in script.routes if each.recipient.startswith("@")]
    assert (made.script, made.recipients[0].name != "") == (code, True)


def test_the_stored_templates_are_those_that_are_offered():
    assert sorted(each.name for each in FOLDER.iterdir()) == sorted(f"{code}.json" for code in CLIENT_TEMPLATES)
    with pytest.raises(KeyError):
        client_template("baker", language="fr", name=NAME)
    assert set(CALLERS_LANGUAGES) == set(TIME_ZONES)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"format": 2}, "format_unknown"),
        ({"surprise": 1}, "unknown_field"),
        ({"kind": "wizard"}, "value_unknown"),
        ({"sector": ""}, "value_unknown"),
        ({"script": "wizard"}, "value_unknown"),
        ({"week": ["8-12"] * 6}, "wrong_type"),
        ({"week": ["12-8-3"] * 7}, "value_unknown"),
        ({"week": [""] * 7}, "field_missing"),
        ({"greeting": "Bonjour"}, "field_missing"),
        ({"always": 1}, "wrong_type"),
        ({"max_wait_s": 10}, "value_unknown"),
        ({"ring_before_music_s": "10"}, "wrong_type"),
        ({"reasons": [{"code": "a", "label": "A"}] * 2}, "id_twice"),
        ({"instructions": [{"text": ""}]}, "too_long"),
        ({"instructions": [{"text": "a", "red": True}]}, "unknown_field"),
        ({"recipients": [{"kind": "wizard"}]}, "value_unknown"),
    ],
)
def test_it_is_read_strictly(change, code):
    found, faults = read_client_template({**stored("doctor"), **change}, language="fr", name=NAME)
    assert found is None
    assert code in {each.code for each in faults}


@given(st.sampled_from(CLIENT_TEMPLATES), st.data())
def test_without_any_of_its_parts_it_is_refused(code, data):
    whole = stored(code)
    less = copy.deepcopy(whole)
    del less[data.draw(st.sampled_from(sorted(whole)))]
    assert read_client_template(less, language="fr", name=NAME)[0] is None
    assert read_client_template(whole, language="fr", name=NAME)[0] is not None


@given(st.text(max_size=120))
def test_a_name_is_said_as_it_is_written_and_never_becomes_a_part(name):
    made = client_template("doctor", language="fr", name=name)
    assert name in made.greeting
    assert json.dumps(made.week) == json.dumps(client_template("doctor", language="fr", name="x").week)
