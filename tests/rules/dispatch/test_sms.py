# SPDX-License-Identifier: AGPL-3.0-or-later
"""SMS without database or network: lengths, answers, descriptions of providers, what the door brings, quiet hours."""

import dataclasses
import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from permanence.countries.numbers import parse_number, takes_sms
from permanence.countries.quiet import heard_from
from permanence.dispatch.channels.sms.content import Words
from permanence.dispatch.channels.sms.http import Incoming, Report, read_hook
from permanence.dispatch.channels.sms.length import BASIC, EXTENSION, measure, plain
from permanence.dispatch.channels.sms.provider import DescriptionWrong, filled, found_at, read_provider
from permanence.dispatch.channels.sms.replies import SLOTS, Answer, Meaning, codes, read_answer

BEARER = {
    "url": "https://api.example/v1/messages",
    "body": "json",
    "auth": {"kind": "bearer", "token": "canari-token"},
    "fields": {"messages": [{"to": "{number}", "from": "{sender}", "text": "{text}"}], "callback": "{hook}"},
    "id": "messages.0.id",
    "ok": {"path": "messages.0.status", "values": ["queued"]},
    "error": "error.message",
    "sender": "Permanence",
    "price": {"part": "0.045", "currency": "EUR"},
    "hook": {
        "secret": "canari-secret-of-the-door",
        "receipt": {"id": "id", "state": "status", "delivered": ["delivered"], "failed": ["failed"], "why": "code"},
        "reply": {"number": "from", "text": "text", "id": "id"},
    },
}
FORM = BEARER | {
    "url": "https://api.example/2010/Accounts/AC1/Messages.json",
    "body": "form",
    "auth": {"kind": "basic", "user": "AC1", "password": "canari-password"},
    "fields": {"To": "{number}", "From": "{sender}", "Body": "{text}", "StatusCallback": "{hook}"},
    "id": "sid",
    "hook": {
        "secret": "canari-secret-of-the-door",
        "receipt": {
            "id": "MessageSid",
            "state": "MessageStatus",
            "delivered": ["delivered"],
            "failed": ["failed", "undelivered"],
        },
        "reply": {"number": "From", "text": "Body", "id": "MessageSid"},
    },
}
FORM.pop("ok")
BUNDLED = BEARER | {
    "auth": {"kind": "header", "name": "api-key", "value": "canari-key"},
    "hook": {
        "secret": "canari-secret-of-the-door",
        "receipt": {
            "id": "results.*.id",
            "state": "results.*.status.name",
            "delivered": ["DELIVERED"],
            "failed": ["REJECTED"],
            "why": "results.*.status.words",
        },
        "reply": {"number": "results.*.from", "text": "results.*.text", "id": "results.*.id"},
    },
}
"""A provider that tells of several at once, in a list."""


def parts_by_hand(text):
    """The oracle: the text is laid into parts one letter after the other, as 3GPP TS 23.040 has it."""
    gsm = all(letter in BASIC.replace("\x1b", "") + EXTENSION for letter in text)
    size = (lambda each: 2 if each in EXTENSION else 1) if gsm else (lambda each: len(each.encode("utf-16-le")) // 2)
    one, each_part = (160, 153) if gsm else (70, 67)
    if sum(map(size, text)) <= one:
        return 1
    laid = [0]
    for letter in text:
        if laid[-1] + size(letter) > each_part:
            laid.append(0)
        laid[-1] += size(letter)
    return len(laid)


@given(st.text(alphabet=st.sampled_from("aé€^{ç’😀 \n"), max_size=400))
def test_parts_are_those_laid_by_hand(text):
    assert measure(text).parts == parts_by_hand(text)


@pytest.mark.parametrize(
    ("text", "encoding", "units", "parts"),
    [
        ("a" * 160, "gsm7", 160, 1),
        ("a" * 161, "gsm7", 161, 2),
        ("€" * 80, "gsm7", 160, 1),
        ("€" * 81, "gsm7", 162, 2),
        ("a" * 306, "gsm7", 306, 2),
        ("a" * 152 + "€" + "a" * 153, "gsm7", 307, 3),
        ("ç" * 70, "ucs2", 70, 1),
        ("ç" * 71, "ucs2", 71, 2),
        ("😀" * 35, "ucs2", 70, 1),
        ("", "gsm7", 0, 1),
    ],
)
def test_lengths(text, encoding, units, parts):
    found = measure(text)
    assert (found.encoding, found.units, found.parts) == (encoding, units, parts)


def test_typography_alone_costs_nothing():
    assert measure(plain("L’heure – « demain »…\u00a0€")).encoding == "gsm7"
    assert plain("Françoise Müller") == "Françoise Müller"


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("1", Answer(meaning=Meaning.YES, slot=0)),
        (" 2. ", Answer(meaning=Meaning.NO, slot=0)),
        ("7", Answer(meaning=Meaning.YES, slot=3)),
        ("8", Answer(meaning=Meaning.NO, slot=3)),
        ("OUI", Answer(meaning=Meaning.YES)),
        ("J’annule", Answer(meaning=Meaning.NO)),
        ("Bestätigen!", Answer(meaning=Meaning.YES)),
        ("nein", Answer(meaning=Meaning.NO)),
        ("Cancel", Answer(meaning=Meaning.NO)),
        ("STOP", Answer(meaning=Meaning.STOP)),
        ("Arrêt", Answer(meaning=Meaning.STOP)),
        ("9", Answer(meaning=Meaning.UNCLEAR)),
        ("0", Answer(meaning=Meaning.UNCLEAR)),
        ("12", Answer(meaning=Meaning.UNCLEAR)),
        ("²", Answer(meaning=Meaning.NO, slot=0)),
        ("oui mais plus tard", Answer(meaning=Meaning.UNCLEAR)),
        ("1" * 10_000, Answer(meaning=Meaning.UNCLEAR)),
        ("", Answer(meaning=Meaning.UNCLEAR)),
    ],
)
def test_answers(text, answer):
    found = read_answer(text)
    assert found == answer


@pytest.mark.parametrize(
    "text",
    [
        "Merci", "MERCI BEAUCOUP!!", "ok merci", "D’accord, merci.", "merci à vous 🙏", "Merci, bonne journée !", "thx",
        "Thank you very much", "Vielen Dank!", "Danke schön, schönen Tag noch", "Merci villmools", "👍", "❤️ merci ❤️",
        "Bonjour, merci, à bientôt :)", "Bien reçu",
    ],
)  # fmt: skip
def test_thanks(text):
    assert read_answer(text) == Answer(meaning=Meaning.THANKS)


@pytest.mark.parametrize(
    "text",
    [
        "merci d'annuler", "merci de me rappeler", "non merci", "oui merci", "merci 2", "merci ?", "bonjour",
        "no thanks", "danke nein", "👎", "merci mais non", "😊1",
    ],
)  # fmt: skip
def test_thanks_that_say_more_are_no_thanks(text):
    assert read_answer(text).meaning is Meaning.UNCLEAR


@given(st.text(max_size=300))
def test_no_answer_breaks_the_reader(text):
    found = read_answer(text)
    assert found.slot is None or 0 <= found.slot < SLOTS


def test_every_slot_has_digits_of_its_own():
    digits = [digit for slot in range(SLOTS) for digit in codes(slot)]
    assert len(set(digits)) == 2 * SLOTS
    for slot in range(SLOTS):
        yes, no = codes(slot)
        assert read_answer(str(yes)) == Answer(meaning=Meaning.YES, slot=slot)
        assert read_answer(str(no)) == Answer(meaning=Meaning.NO, slot=slot)


@pytest.mark.parametrize("given_", [BEARER, FORM, BUNDLED])
def test_three_shapes_of_interface_are_described(given_):
    found = read_provider(json.dumps(given_))
    assert found.part_micros == 45_000
    assert "canari" not in repr(found)


def wrong(**changes):
    return json.dumps(BEARER | changes)


def reads(**reply):
    return {"secret": BEARER["hook"]["secret"], "reply": reply}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        "[" * 100_000,
        wrong(more=1),
        wrong(tells_back="canari"),
        wrong(url="http://api.example/canari"),
        wrong(url="https://user:canari@api.example/"),
        wrong(url="https://[canari"),
        wrong(url="file:///canari"),
        wrong(body="xml"),
        wrong(auth={"kind": "canari"}),
        wrong(auth={"kind": "bearer", "token": "canari\r\nX: y"}),
        wrong(auth={"kind": "bearer"}),
        wrong(auth={"kind": "basic", "user": "canari"}),
        wrong(auth={"kind": "bearer", "token": "canari-ключ"}),
        wrong(auth={"kind": "header", "name": "api-key"}),
        wrong(auth={"kind": "header", "name": "canari\r\nX", "value": "y"}),
        wrong(auth={"kind": "header", "name": "X-Canari", "value": "canari\r\nX: y"}),
        wrong(auth={"kind": "header", "name": "X-Canari", "value": "canari-ключ"}),
        wrong(auth={"kind": "header", "name": "content-length", "value": "canari"}),
        wrong(id="canari.*.id"),
        wrong(error="canari.*.text"),
        wrong(ok={"path": "canari.*.state", "values": ["sent"]}),
        wrong(hook=reads(number="canari.*.from", text="other.*.text")),
        wrong(hook=reads(number="canari.*.x.*.from", text="canari.*.x.*.text")),
        wrong(hook=reads(number="*.canari", text="*.text")),
        wrong(hook=reads(number="canari.*", text="canari*.text")),
        wrong(fields={"to": "{number}"}),
        wrong(fields={"to": "{number}", "text": "{text}", "x": "{canari}"}),
        wrong(sender="canari-canari-canari"),
        wrong(price={"part": "NaN", "currency": "EUR"}),
        wrong(price={"part": "-1", "currency": "EUR"}),
        wrong(hook={"secret": "canari"}),
        wrong(hook={"secret": "canari/../canari-canari"}),
        json.dumps(FORM | {"fields": {"to": ["{number}"], "text": "{text}"}}),
    ],
)
def test_a_wrong_description_is_refused_and_not_repeated(text):
    with pytest.raises((DescriptionWrong, KeyError)) as refusal:
        read_provider(text)
    assert isinstance(refusal.value, DescriptionWrong)
    assert "canari" not in str(refusal.value)


def test_what_is_filled_in_is_not_read_again():
    values = {"number": "{text}", "text": "{key}", "sender": "s", "key": "k", "hook": "h", "number_digits": "n"}
    assert filled(BEARER["fields"], values)["messages"][0] == {"to": "{text}", "from": "s", "text": "{key}"}


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    ),
    st.text(),
)
def test_any_path_into_anything_gives_a_text(data, path):
    assert isinstance(found_at(data, path), str)


@given(
    st.binary(max_size=300), st.sampled_from(["application/json", "application/x-www-form-urlencoded", "", "text/x"])
)
def test_no_body_breaks_the_door(body, kind):
    for given_ in (BEARER, FORM, BUNDLED):
        for each in read_hook(read_provider(json.dumps(given_)), body=body, content_type=kind):
            assert isinstance(each, Report | Incoming)


def test_what_the_door_brings():
    json_one, form_one = read_provider(json.dumps(BEARER)), read_provider(json.dumps(FORM))
    kind = "application/json; charset=utf-8"
    assert read_hook(json_one, body=b'{"id": "a", "status": "delivered"}', content_type=kind) == (
        Report(id="a", delivered=True, why="delivered"),
    )
    assert read_hook(json_one, body=b'{"id": "a", "status": "on its way"}', content_type=kind) == ()
    assert read_hook(json_one, body=b'{"id": {"$ne": 1}, "status": "failed"}', content_type=kind) == ()
    form = "application/x-www-form-urlencoded"
    assert read_hook(form_one, body=b"MessageSid=S&From=%2B352621000147&Body=1", content_type=form) == (
        Incoming(number="+352621000147", text="1", id="S"),
    )
    assert read_hook(form_one, body=b"x=1&" * 1000, content_type=form) == ()
    assert read_hook(json_one, body=b"[" * 60_000, content_type=kind) == ()


def brought(given_, data):
    return read_hook(read_provider(json.dumps(given_)), body=json.dumps(data).encode(), content_type="application/json")


def test_of_several_in_one_body_none_is_lost():
    """A list that is the body is read entry by entry; one within it where the description has a `*`."""
    yes, no = {"from": "+352621000147", "text": "1", "id": "a"}, {"from": "+352621000148", "text": "2", "id": "b"}
    said = (
        Incoming(number="+352621000147", text="1", id="a"),
        Incoming(number="+352621000148", text="2", id="b"),
    )
    gone = {"id": "c", "status": "delivered"}
    assert brought(BEARER, [yes, gone, no]) == (said[0], Report(id="c", delivered=True, why="delivered"), said[1])
    assert brought(BUNDLED, {"results": [yes, no], "count": 2}) == said
    assert brought(BUNDLED, [{"results": [yes]}, {"results": [no]}]) == said
    receipts = [{"id": "c", "status": {"name": each, "words": each.lower()}} for each in ("DELIVERED", "REJECTED", "x")]
    assert brought(BUNDLED, {"results": [*receipts, yes]}) == (
        Report(id="c", delivered=True, why="delivered"),
        Report(id="c", delivered=False, why="rejected"),
        said[0],
    )


@pytest.mark.parametrize("odd", [None, 1, "x", [], {}, [[]], {"from": "x"}, {"from": ["x"], "text": {"a": 1}}])
def test_what_is_odd_among_several_takes_no_other_with_it(odd):
    yes = {"from": "+352621000147", "text": "1"}
    said = (Incoming(number="+352621000147", text="1"),)
    assert brought(BEARER, [odd, yes]) == brought(BUNDLED, {"results": [odd, yes]}) == said
    assert brought(BUNDLED, {"results": odd}) == brought(BUNDLED, odd) == ()


def test_there_is_no_field_for_health():
    """What an SMS can say is closed: a reason of a visit, a practitioner or a word of a message has no place in it."""
    kinds = {each.name: each.type for each in dataclasses.fields(Words)}
    moments = {"at", "until"}
    assert kinds.keys() - moments == {
        "house", "practice", "yes", "no", "minutes", "code", "link", "asked_first", "place_first",
        "place_by_telephone", "answered",
    }  # fmt: skip
    for each in (
        "asked_first",
        "place_first",
        "place_by_telephone",
        "answered",
    ):  # that something is asked, or where it is told, or was answered: never what, nor where
        assert kinds[each] in {bool, "bool"}


@pytest.mark.parametrize(
    ("country", "zone", "asked", "heard"),
    [
        ("FR", "Europe/Paris", "2026-11-24 14:00", "2026-11-24 14:00"),
        ("FR", "Europe/Paris", "2026-11-24 20:00", "2026-11-25 08:00"),
        ("FR", "Europe/Paris", "2026-11-24 23:59", "2026-11-25 08:00"),
        ("FR", "Europe/Paris", "2026-11-24 03:00", "2026-11-24 08:00"),
        ("IE", "Europe/Dublin", "2026-11-24 20:30", "2026-11-24 20:30"),
        ("XX", "Europe/Berlin", "2026-11-24 20:30", "2026-11-25 08:00"),
        ("LU", "Europe/Luxembourg", "2026-10-24 22:00", "2026-10-25 08:00"),
    ],
)
def test_quiet_hours(country, zone, asked, heard):
    at = datetime.fromisoformat(asked).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    found = heard_from(at, country=country, time_zone=zone)
    assert f"{found.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}" == heard


@pytest.mark.parametrize(
    ("number", "takes"),
    [
        ("+352621000147", True),
        ("+33639980001", True),
        ("+33123456789", False),
        ("+35226000001", False),
        ("+353831234567", True),
    ],
)
def test_which_numbers_take_sms(number, takes):
    assert takes_sms(parse_number(number, country="LU")) is takes
