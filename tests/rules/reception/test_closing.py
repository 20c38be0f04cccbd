# SPDX-License-Identifier: AGPL-3.0-or-later
"""The emergency sentence: whatever stands in a health client's slice, his closing words begin with it.

The texts are written here again, from the law, and not taken from the product: FR 15 or 112, LU 112, IE 112 or 999.
"""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from permanence.reception.closing import closing_words, unknown_line_words
from permanence.reception.decisions import CloseCall
from permanence.reception.prompts import built_in_prompts, content_of
from permanence.reception.table import (
    ClientSlice,
    ClosingWords,
    GreetingEntry,
    HouseSlice,
    OpeningHours,
    TrunkEntry,
    VoiceMessageConsent,
)
from tests.rules.reception.house import HOUSE, Desk, client, house_slice

FIRST = {
    ("FR", "fr"): "En cas d'urgence vitale, raccrochez et composez le 15 ou le 112.",
    ("FR", "en"): "If this is an emergency, hang up and dial 15 or 112.",
    ("FR", "de"): "In einem lebensbedrohlichen Notfall legen Sie auf und wählen Sie 15 oder 112.",
    ("LU", "fr"): "En cas d'urgence vitale, raccrochez et composez le 112.",
    ("LU", "en"): "If this is an emergency, hang up and dial 112.",
    ("LU", "de"): "In einem lebensbedrohlichen Notfall legen Sie auf und wählen Sie 112.",
    ("IE", "fr"): "En cas d'urgence vitale, raccrochez et composez le 112 ou le 999.",
    ("IE", "en"): "If this is an emergency, hang up and dial 112 or 999.",
    ("IE", "de"): "In einem lebensbedrohlichen Notfall legen Sie auf und wählen Sie 112 oder 999.",
}
SPOKEN = built_in_prompts()
ON = date(2026, 11, 24)
names = st.text(max_size=12) | st.sampled_from(
    [*SPOKEN, "a" * 64, "music", "beep", "fr/emergency-112", f"{'b' * 64}/fr/closed"]
)
languages = st.text(max_size=5) | st.sampled_from(["fr", "en", "de", "lb", "", "FR", "pt"])
states = st.sampled_from(["active", "suspended", "ended", "", "unheard-of"])
consents = st.none() | st.builds(
    VoiceMessageConsent, agreed_date=st.text(max_size=10), duty_contact=st.text(max_size=5)
)


@st.composite
def health_slices(draw: st.DrawFn) -> ClientSlice:
    """Any slice of a health client of the three countries."""
    return client(
        "10",
        tuple(draw(st.lists(languages, max_size=3))),
        country=draw(st.sampled_from(["FR", "LU", "IE", "fr", "lu", "ie", " FR", "ie "])),
        sector="health",
        region=draw(st.text(max_size=3)),
        state=draw(states),
        kind=draw(st.text(max_size=8)),
        hours=OpeningHours(always=draw(st.booleans()), closed_on_holidays=draw(st.booleans())),
        greetings=tuple(
            draw(
                st.lists(
                    st.builds(
                        GreetingEntry,
                        language=languages,
                        text=st.text(max_size=5),
                        announcement=st.sampled_from(["", "c" * 64]),
                        announcement_s=st.integers(0, 60),
                    )
                )
            )
        ),
        closing=tuple(
            draw(
                st.lists(
                    st.builds(
                        ClosingWords,
                        language=languages,
                        prompts=st.lists(names, max_size=4).map(tuple),
                        occasions=st.sampled_from([(), ("closed",), ("max_wait",), ("closed", "max_wait")]),
                    ),
                    max_size=4,
                )
            )
        ),
        voice_message=draw(st.booleans()),
        voice_message_consent=draw(consents),
        ring_before_music_s=draw(st.integers(0, 30)),
        max_wait_s=draw(st.integers(0, 60)),
    )


def said_first(prompts: tuple[str, ...]) -> str:
    return SPOKEN[prompts[0]]


@given(entry=health_slices(), reason=st.sampled_from(["closed", "max_wait", "suspended", "other"]), language=languages)
def test_the_sentence_of_the_country_comes_first(entry: ClientSlice, reason: str, language: str) -> None:
    closing = closing_words(entry, reason=reason, language=language, on=ON)
    meant = [words for words in entry.closing if ("max_wait" if reason == "max_wait" else "closed") in words.occasions]
    own = next((words.prompts for words in meant if words.language == language and words.prompts), ())
    heard = [content_of(prompt) for prompt in closing.prompts[1:]]
    assert [each for each in map(content_of, own) if each] == [each for each in heard if each]
    spoken = language if language in {"fr", "en", "de"} else "en"
    assert said_first(closing.prompts) == FIRST[entry.country.strip().upper(), spoken]
    if closing.voice_message:
        consent = entry.voice_message_consent
        assert consent is not None
        assert consent.agreed_date.strip()
        assert consent.duty_contact.strip()
        assert entry.state == "active"


@given(entry=health_slices(), voices=st.lists(languages, max_size=2), house_language=languages, answered=st.booleans())
def test_at_the_desk_whatever_closes_the_call(
    entry: ClientSlice, voices: list[str], house_language: str, answered: bool
) -> None:
    """Closed, suspended, waited too long, declined: the words that leave the desk, through every path there is."""
    pool: HouseSlice = replace(house_slice({"1": tuple(voices)}), language=house_language)
    desk = Desk(pool, entry)
    desk.do("seat_connected", "1", "seat")
    desk.do("line_state", "1", up=True)
    desk.do("ready", "1")
    desk.do("call_arrived", "c", client="10", called_line="+352", trunk="carrier")
    if answered and desk.reception.offer_to("1") is not None:
        desk.do("answer", "1", "c")
        desk.do("line_state", "1", up=False)
    desk.forward(200)
    found = [each for each in desk.decisions if isinstance(each, CloseCall)]
    assert len(found) == 1
    assert said_first(found[0].prompts) in {FIRST[entry.country.strip().upper(), each] for each in ("fr", "en", "de")}


@pytest.mark.parametrize("country", ["FR", "LU", "IE"])
def test_a_health_client_who_is_withdrawn_while_he_waits(country: str) -> None:
    """His slice leaves the table during the wait: the words are those of a line nobody has, of the trunk's country."""
    pool = replace(house_slice({}), trunks=(TrunkEntry(name="carrier", addresses=("127.0.0.1",), country=country),))
    desk = Desk(pool, client("10", country=country, sector="health"))
    desk.do("call_arrived", "c", client="10", called_line="+352", trunk="carrier")
    desk.table = desk.table.without(HOUSE, "10")
    desk.keep(desk.reception.table_changed(desk.table, at=desk.at))
    desk.forward(200)
    (closed,) = [each for each in desk.decisions if isinstance(each, CloseCall)]
    assert said_first(closed.prompts) == FIRST[country, "fr"]


@given(countries=st.lists(st.sampled_from(["FR", "LU", "IE", "XX", ""]), max_size=3), language=languages)
def test_a_line_nobody_has_may_be_a_doctors(countries: list[str], language: str) -> None:
    closing = unknown_line_words(countries, language=language, on=ON)
    assert "112" in said_first(closing.prompts)
    assert closing.voice_message is False
    spoken = language if language in {"fr", "en", "de"} else "en"
    if countries and countries[0] in {"FR", "LU", "IE"}:
        assert said_first(closing.prompts) == FIRST[countries[0], spoken]


@pytest.mark.parametrize("sector", ["Health", "HEALTH", " health", "health ", "", " "])
def test_the_sector_however_it_is_written(sector: str) -> None:
    """A slice comes from outside the process: a spelling must not cost the sentence."""
    entry: Any = client("10", country="FR", sector=sector)
    closing = closing_words(entry, reason="closed", language="fr", on=ON)
    assert said_first(closing.prompts) == FIRST["FR", "fr"]
