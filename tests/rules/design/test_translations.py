# SPDX-License-Identifier: AGPL-3.0-or-later
"""The words on screen: all sentences have their French, English and German, and no module asks for a missing word."""

import calendar
import re
from collections.abc import Iterator
from pathlib import Path

import polib
import pytest

from permanence.console.words import OUTCOMES, WORDS
from permanence.foundation.translations import compile_catalogues
from tests.rules.design.msgids import ROOT, every_sentence, of_python, of_template

MODULES = sorted((ROOT / "permanence" / "console" / "static" / "console").glob("*.js"))
PLACE = re.compile(r"%\(\w+\)0?\d*[sd]|\{\w*\}")
FAMILIES = re.compile(
    r"^(why|offer|refusal|refused|error|ended|bye|sector|pending|post|presence|break|act|mic|red_flag_cause|line_failed|again|elsewhere_done|elsewhere_refused|undo_late)_"
)


def catalogue(language: str) -> polib.POFile:
    return polib.pofile(str(ROOT / "locale" / language / "LC_MESSAGES" / "django.po"))


def texts(entry: polib.POEntry) -> list[str]:
    return list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]


@pytest.mark.parametrize("language", ["fr", "en", "de"])
def test_every_sentence_is_translated(language: str) -> None:
    known = {(entry.msgctxt or "", entry.msgid) for entry in catalogue(language) if entry.translated()}
    missing = {f"{each.file}: {each.text}" for each in every_sentence() if (each.context, each.text) not in known}
    assert sorted(missing) == []


@pytest.mark.parametrize("language", ["fr", "en", "de"])
def test_a_translation_keeps_the_places_to_fill_in(language: str) -> None:
    wrong = [
        (entry.msgid, text)
        for entry in catalogue(language)
        for text in texts(entry)
        if text
        and set(PLACE.findall(text)) != set(PLACE.findall(entry.msgid_plural or entry.msgid))
        and not (entry.msgid_plural and set(PLACE.findall(text)) <= set(PLACE.findall(entry.msgid_plural)))
    ]
    assert wrong == []


def test_french_is_set_as_french() -> None:
    found = [text for entry in catalogue("fr") for text in texts(entry)]
    assert [text for text in found if re.search(r"(?<!\u202f)[;!?](?!\w)", text)] == []
    assert [text for text in found if re.search(r"[^\u00a0\d] ?:(?=\s|$)", text.replace("\u00a0:", ""))] == []
    assert [text for text in found if "'" in text] == []
    assert [text for text in found if "«" in text and "«\u00a0" not in text] == []


@pytest.mark.parametrize(("language", "opens", "closes", "foreign"), [("de", "„", "“", "”«»"), ("en", "“", "”", "„«»")])
def test_german_and_english_are_set_as_themselves(language: str, opens: str, closes: str, foreign: str) -> None:
    found = [text for entry in catalogue(language) for text in texts(entry)]
    assert [text for text in found if re.search(r"\s[:;!?](?!\w)|\u202f", text)] == []
    assert [text for text in found if text.count(opens) != text.count(closes) or set(text) & set(foreign)] == []
    assert [text for text in found if re.search(r"(?<![\[=,])(?<!, )\"(?![\],>])", text) and "=" not in text] == []
    assert [text for text in found if "'" in text] == []
    assert [text for text in found if "..." in text] == []


def test_german_is_written_with_its_own_letters() -> None:
    found = [text for entry in catalogue("de") for text in texts(entry)]
    poor = re.compile(r"\b(?:fuer|ueber|koenn|muess|strasse|gross|schliess|ausser|heiss(?:en|t))\w*", re.IGNORECASE)
    assert [text for text in found if poor.search(text)] == []


OTHER_WORDS = {
    "fr": r"\be-?mails?\b|\bmails?\b|messagerie|à lire par (?:toutes|tous|chaque)|à lire avant le prochain",
    "en": r"(?<!e-)\bmails?\b(?! server)|\bemails?\b|to be read by (?:every|all)|to read before the next",
    "de": r"(?<!e-)\bmails?\b|\bemails?\b|von (?:allen|jeder sekretärin) zu lesen|anruf zu lesen",
}
"""Words beside the one that docs/glossary.md has for the thing: courriel, e-mail, E-Mail; à lire, to be read, zu
lesen."""


@pytest.mark.parametrize("language", ["fr", "en", "de"])
def test_one_thing_has_one_word_on_every_screen(language: str) -> None:
    other = re.compile(OTHER_WORDS[language], re.IGNORECASE)
    # What is filled in, a section of the settings and an address are no words.
    said = [(text, re.sub(PLACE, "", text.replace("[mail]", ""))) for one in catalogue(language) for text in texts(one)]
    assert [text for text, words in said if other.search(words)] == []


@pytest.mark.parametrize("language", ["fr", "en", "de"])
def test_no_word_of_ours_takes_the_place_of_a_month(language: str) -> None:
    """Django asks for the names of months without context: "May" is a month, and not what somebody may do."""
    months = {name for number in range(1, 13) for name in (calendar.month_name[number], calendar.month_abbr[number])}
    assert [entry.msgid for entry in catalogue(language) if entry.msgid in months and not entry.msgctxt] == []


def keys_asked_for() -> Iterator[tuple[str, str]]:
    """Every literal key a module gives to `word`, choices of two included."""
    for path in MODULES:
        for call in re.findall(r"\bword\(((?:[^()]|\([^()]*\))*)\)", path.read_text(encoding="utf-8")):
            for key in re.findall(r'"([a-z][a-z0-9_]+)"', call.split(", {", 1)[0]):
                yield path.name, key


def test_the_modules_ask_only_for_words_that_exist() -> None:
    asked = list(keys_asked_for())
    compared = {"declined", "off", "F4", "other"}
    assert {key for _, key in asked} >= {"message_kept", "heard_hold", "link_lost_what"}
    assert [(module, key) for module, key in asked if key not in WORDS and key not in compared] == []


def test_no_word_is_kept_that_no_module_asks_for() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in MODULES)
    unused = [key for key in WORDS if f'"{key}"' not in source and not FAMILIES.match(key)]
    assert unused == []


def test_the_extraction_finds_every_form(tmp_path: Path) -> None:
    code = ROOT / "tests" / "rules" / "design" / "test_translations.py"
    assert [each.text for each in of_python(code)] == []
    page = ROOT / "permanence" / "supervision" / "templates" / "supervision" / "list.html"
    found = {each.text: each for each in of_template(page)}
    assert found["%(counter)s call"].plural == "%(counter)s calls"
    assert "To be called back" in found


def test_catalogues_are_compiled_once_and_read_back(tmp_path: Path) -> None:
    folder = tmp_path / "fr" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "django.po").write_text('msgid "Save"\nmsgstr "Enregistrer"\n', encoding="utf-8")
    assert compile_catalogues(tmp_path) == (folder / "django.mo",)
    assert [(each.msgid, each.msgstr) for each in polib.mofile(str(folder / "django.mo"))] == [("Save", "Enregistrer")]
    assert compile_catalogues(tmp_path) == ()
    (folder / "django.po").write_text("no catalogue\n", encoding="utf-8")
    (folder / "django.mo").unlink()
    with pytest.raises(ValueError, match=r"django\.po"):
        compile_catalogues(tmp_path)


def test_the_outcomes_are_in_words() -> None:
    made = ["appointment_booked", "appointment_moved", "appointment_cancelled"]
    assert list(OUTCOMES) == ["message", "information", "wrong_number", "no_words", *made]
