# SPDX-License-Identifier: AGPL-3.0-or-later
"""The templates: sound in three languages and three countries, and their sample calls go everywhere they can."""

import dataclasses
import json
import re
from importlib import resources

import pytest

from permanence.clients import rules
from permanence.clients.rules.script import SIZE_LIMIT, Question, plain, read_text, write_text
from permanence.clients.rules.script_lint import Around, lint
from permanence.clients.rules.script_run import fold, heard_in, progress, run_samples
from permanence.clients.rules.script_templates import TEMPLATES, Beginning, template, title
from permanence.clients.rules.script_ways import ways
from permanence.countries.emergency import emergency_rule
from tests.rules.clients.scripts import TODAY

RECIPIENTS = (("1", "practitioner"), ("2", "practitioner"), ("3", "practice"), ("4", "desk"))
NAMES = {key: f"Nom {key}" for key, _kind in RECIPIENTS}
EVERY = [(code, language) for code in TEMPLATES for language in ("fr", "en", "de")]
MEDICAL = ("doctor", "dentist", "physiotherapist", "group_practice")
every = pytest.mark.parametrize(("code", "language"), EVERY)


def made(code, language="fr", country="FR", recipients=RECIPIENTS):
    return template(code, Beginning(language=language, country=country, recipients=recipients, on=TODAY))


@every
@pytest.mark.parametrize("country", ["FR", "LU", "IE", "BE"])
def test_every_template_may_be_published_as_it_is(code, language, country):
    script = made(code, language, country)
    assert lint(script, Around(recipients=NAMES, country=country, health=code in MEDICAL, on=TODAY)) == ()
    assert run_samples(script, recipients=NAMES) == ()
    assert len(write_text(script).encode()) < SIZE_LIMIT
    assert read_text(write_text(script)) == (script, ())


@every
def test_its_sample_calls_take_every_route_and_raise_every_red_flag(code, language):
    script = made(code, language)
    found = [progress(script, each.answers, heard=each.heard, recipients=NAMES) for each in script.samples]
    assert {each.route for each in found} == {each.id for each in script.routes}
    assert {flag for each in found for flag in each.red_flags} == {each.id for each in script.red_flags}
    assert {key for each in found for key in each.asked} == {each.id for each in script.questions}


@pytest.mark.parametrize("code", TEMPLATES)
def test_its_sample_calls_bear_a_question_added_anywhere_and_every_move_that_the_linter_bears(code):
    script = made(code)
    around = Around(recipients=NAMES, country="FR", health=code in MEDICAL, on=TODAY)
    more = Question(id="one_more", kind="text", ask="?", label="L")
    old = script.questions
    added = [(*old[:n], more, *old[n:]) for n in range(len(old) + 1)]
    moved = [(*old[:n], old[n + 1], old[n], *old[n + 2 :]) for n in range(len(old) - 1)]
    changed = [dataclasses.replace(script, questions=questions) for questions in (*added, *moved)]
    sound = [each for each in changed if lint(each, around) == ()]
    assert len(sound) > len(added)
    assert [each for each in sound if run_samples(each, recipients=NAMES)] == []


@every
def test_every_text_is_whole_and_says_the_numbers_of_the_country(code, language):
    script = made(code, language, "IE")
    text = json.dumps(plain(script), ensure_ascii=False)
    assert re.findall(r"[@{}](?=\w)|\bundefined\b", text.replace('{"', "")) == []
    numbers = emergency_rule("IE", on=TODAY).numbers
    for flag in script.red_flags if code in MEDICAL else ():
        assert all(number in flag.say for number in numbers)


@every
def test_what_is_said_to_callers_is_in_their_language_and_nobody_elses(code, language):
    others = {write_text(made(code, each)) for each in ("fr", "en", "de")}
    assert len(others) == 3
    script = made(code, language)
    assert script.language == language
    if language == "fr":
        asked = [each.ask for each in script.questions]
        assert [each for each in asked if re.search(r"[^\u202f\u00a0 ][?!;]|'", each)] == []


@pytest.mark.parametrize("code", TEMPLATES)
def test_a_template_is_small_enough_to_be_proved_at_once(code):
    assert not ways(made(code)).too_many
    assert title(code, "de") != title(code, "fr")


def test_the_stored_templates_are_those_that_are_offered():
    folder = resources.files(rules.__name__).joinpath("templates")
    assert sorted(each.name for each in folder.iterdir()) == sorted(f"{code}.json" for code in TEMPLATES)


def test_a_client_without_a_practitioner_gets_the_practice_and_without_anybody_a_fault():
    script = made("doctor", recipients=(("9", "practice"),))
    assert {each.recipient for each in script.routes} == {"9", ""}
    codes = {each.code for each in lint(made("doctor", recipients=()), Around(country="FR", on=TODAY))}
    assert codes == {"recipient_unknown"}


def test_an_unknown_template_is_none():
    with pytest.raises(KeyError):
        made("../accounts")


GROUPS = {
    "chest_pain": ("j’ai une oppression dans la poitrine", "I have a tight chest", "Druck auf der Brust"),
    "breathless": ("il n’arrive plus à respirer", "she can’t breathe", "er bekommt keine Luft"),
    "stroke": ("je crois qu’il fait un AVC", "her speech: slurred speech", "ein Schlaganfall"),
    "unconscious": ("elle s’est évanouie", "he fainted", "sie ist ohnmächtig"),
    "heavy_bleeding": ("ça n’arrête pas de saigner", "it won’t stop bleeding", "es hört nicht auf zu bluten"),
    "infant_fever": ("le bébé a de la fièvre", "the baby has a fever", "das Baby hat Fieber"),
    "suicidal": ("il veut mourir", "she is suicidal", "er denkt an Selbstmord"),
    "anaphylaxis": ("elle a la gorge qui gonfle", "his throat is swelling", "der Hals schwillt zu"),
    "pregnancy_bleeding": ("j’ai perdu les eaux", "my waters broke", "die Fruchtblase ist geplatzt"),
}


@pytest.mark.parametrize("code", ["doctor", "group_practice"])
def test_a_doctors_red_flags_are_the_groups_of_the_trade_and_hear_how_people_speak(code):
    for number, language in enumerate(("fr", "en", "de")):
        flags = {each.id: each for each in made(code, language).red_flags}
        assert set(flags) == set(GROUPS)
        for key, said in GROUPS.items():
            assert any(heard_in(words, fold(said[number])) for words in flags[key].words), said[number]


QUIET = (
    "je voudrais un rendez-vous pour un certificat de sport",
    "il tousse un peu depuis hier et se mouche",
    "I would like to book a check-up next week",
    "my prescription is ready to be renewed",
    "ich brauche einen Termin zur Vorsorge",
    "er hustet seit gestern ein wenig",
)


@every
def test_ordinary_sentences_raise_no_red_flag(code, language):
    script = made(code, language)
    assert [each for each in QUIET if progress(script, {}, heard=each).red_flags] == []
