# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the console asks of the site: for secretaries only, of their own house, one client never beside another."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client

from permanence.clients import queries as clients
from permanence.console.words import WORDS
from permanence.foundation import operations, who
from permanence.foundation.models import House
from permanence.foundation.rules import Role
from permanence.kernel.system import SystemClock, SystemEntropy
from permanence.kernel.tickets import read_ticket
from permanence.messaging import operations as messaging
from permanence.messaging.models import Message
from permanence.project import demo_cast as cast
from permanence.project import demo_house
from permanence.project.supervisor.folder import make_keys, make_parts
from tests import spool

ADDRESSES = (
    "/console",
    "/console/ticket?seat=abc",
    "/console/drafts",
    "/console/number?text=15",
    "/console/fragments/messages",
    "/console/history",
)
NUMBER = "+352621000147"


@pytest.fixture
def house(db: None, settings: Any, tmp_path: Path) -> Path:
    """The demonstration house in a data folder of its own."""
    make_parts(tmp_path)
    (tmp_path / "db.sqlite3").touch(mode=0o600)
    make_keys(tmp_path, SystemEntropy())
    settings.PERMANENCE = django_settings.PERMANENCE.changed(data=tmp_path, demonstration=True)
    settings.DEMONSTRATION = True
    demo_house.load_demo_house(at=SystemClock().now(), entropy=SystemEntropy())
    return tmp_path


def signed_in(email: str, *, checked: bool = False) -> Client:
    """A browser in which this person signed in; `checked`: forged requests are refused, as in the product."""
    client = Client(enforce_csrf_checks=False, headers={"accept-language": "fr"})
    assert client.login(username=email, password=cast.PASSWORD)
    client.handler.enforce_csrf_checks = checked
    return client


def client_named(name: str) -> tuple[str, str]:
    """The id of a client and of his first recipient."""
    found = next(each for each in clients.clients(house=demo_house.HOUSE) if each.name == name)
    return found.id, clients.recipients(house=demo_house.HOUSE, client=found.id)[0].id


def message(name: str = "Dr Weber", **changed: Any) -> dict[str, Any]:
    client, recipient = client_named(name)
    body = {"message": "m" * 20, "call": "call-1", "client": client, "recipient": recipient, "caller_number": NUMBER}
    return {**body, "caller_name": "Jeanne Hoffmann", "urgency": "today", "text": "Rappeler.", **changed}


@pytest.mark.parametrize("address", ADDRESSES)
def test_only_a_secretary_is_served(house: Path, address: str) -> None:
    assert Client().get(address)["location"].startswith("/login")
    assert signed_in(cast.WEBER).get(address).status_code == 403
    assert signed_in(cast.CLAIRE).get(address).status_code == 200


@pytest.mark.parametrize(
    ("demonstration", "sender", "sends"), [(True, "", True), (False, "", False), (False, "a@b.example", True)]
)
def test_the_page_knows_whether_mail_leaves(
    house: Path, settings: Any, demonstration: bool, sender: str, sends: bool
) -> None:
    changed = {"demonstration": demonstration, **({"mail_from": sender} if sender else {})}
    settings.PERMANENCE = settings.PERMANENCE.changed(**changed)
    page = signed_in(cast.CLAIRE).get("/console").content.decode()
    assert (f'"sendsMail": {str(sends).lower()}') in page


def test_a_ticket_is_the_secretarys_own(house: Path) -> None:
    text = signed_in(cast.CLAIRE).get("/console/ticket?seat=seat1").json()["ticket"]
    ticket = read_ticket(text, (house / "keys" / "ticket.key").read_bytes(), at=SystemClock().now())
    assert (ticket.house, ticket.name, ticket.seat, ticket.rights) == ("demo", "Claire", "seat1", ("answer",))


@pytest.mark.parametrize("seat", ["", "a b", "é", "x" * 65, "../x"])
def test_a_seat_has_the_shape_of_a_seat(house: Path, seat: str) -> None:
    answer = signed_in(cast.CLAIRE).get("/console/ticket", {"seat": seat})
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_request")


def test_a_forged_request_changes_nothing(house: Path) -> None:
    claire = signed_in(cast.CLAIRE, checked=True)
    assert claire.post("/console/messages", message(), content_type="application/json").status_code == 403
    draft = {"body": {"text": "x"}}
    assert claire.put("/console/drafts/call-1", draft, content_type="application/json").status_code == 403
    assert claire.get("/console/drafts").json() == {"drafts": []}


def test_a_message_sent_twice_is_kept_once(house: Path) -> None:
    claire = signed_in(cast.CLAIRE)
    for _ in range(2):
        answer = claire.post("/console/messages", message(), content_type="application/json")
        assert (answer.status_code, answer.json()["message"]) == (201, "m" * 20)
    page = claire.get("/console/fragments/messages").content.decode()
    assert page.count("Jeanne Hoffmann") == 1
    assert "Rappeler." not in page


def spoken(house: Path, name: str = "Atlas") -> str:
    """A caller spoke for 92.4 s on the client's line; the message's id."""
    client = client_named(name)[0]
    spool.write(house, "call-9.alaw", bytes(8000))
    by = operations.house_system(house=demo_house.HOUSE)
    kept = messaging.take_voice_message(
        house=demo_house.HOUSE,
        client_id=client,
        call="call-9",
        file="call-9.alaw",
        seconds=92.4,
        by=by,
        at=SystemClock().now(),
    )
    assert kept is not None
    return kept.message


def test_what_a_caller_spoke_stands_in_the_list_until_it_is_acknowledged(house: Path) -> None:
    claire = signed_in(cast.CLAIRE)
    claire.post("/console/messages", message(), content_type="application/json")
    spoken(house)
    page = claire.get("/console/fragments/messages").content.decode()
    assert re.search(r'badge--new">Message vocal <span class="nowrap">1:32</span>', page)
    first = page.split("</li>")[0]
    assert "Message vocal" in first  # before what a secretary took: nobody has spoken with this caller
    assert page.count("Message vocal") == 1
    assert "Envoi en cours" in first
    assert "is-final" not in first
    Message.objects.filter(voice_seconds__isnull=False).update(caller_number=NUMBER)
    asked = {"client": client_named("Atlas")[0], "number": NUMBER}
    history = claire.get("/console/history", asked).content.decode()
    assert "<p>Message vocal</p>" in history
    assert "pris par" not in history


def test_a_message_that_failed_is_sent_again_from_its_line(house: Path) -> None:
    claire = signed_in(cast.CLAIRE)
    claire.post("/console/messages", message(), content_type="application/json")
    address = f"/console/messages/{'m' * 20}/send-again"
    assert 'data-again="' not in claire.get("/console/fragments/messages").content.decode()
    fails = {"house": demo_house.HOUSE, "message": "m" * 20, "at": SystemClock().now(), "sent": False}
    messaging.record_transmission(**fails, delivered=False, why="550 no such mailbox")
    page = claire.get("/console/fragments/messages").content.decode()
    assert f'data-again="{"m" * 20}"' in page
    assert signed_in(cast.CLAIRE, checked=True).post(address).status_code == 403
    assert signed_in(cast.WEBER).post(address).status_code == 403
    assert claire.get(address).status_code == 405
    assert claire.post("/console/messages/unknown/send-again").status_code == 404
    answer = claire.post(address, b"{}", content_type="application/json")
    assert (answer.status_code, answer.json()) == (200, {"deliveries": 2})
    assert 'data-again="' not in claire.get("/console/fragments/messages").content.decode()


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"text": " "}, "text_missing"),
        ({"client": "999999"}, "no_such_client"),
        ({"recipient": "999999"}, "no_such_recipient"),
        ({"reason": "nonsense"}, "no_such_reason"),
        ({"text": 3}, "bad_request"),
        ({"read_back": "yes"}, "bad_request"),
    ],
)
def test_a_refusal_has_a_code_the_page_has_words_for(house: Path, changed: dict[str, Any], code: str) -> None:
    answer = signed_in(cast.CLAIRE).post("/console/messages", message(**changed), content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (422, code)


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'"x"', b"\xff"])
def test_what_is_not_an_object_is_refused(house: Path, body: bytes) -> None:
    claire = signed_in(cast.CLAIRE)
    assert claire.post("/console/messages", body, content_type="application/json").status_code == 422
    assert claire.put("/console/drafts/call-1", body, content_type="application/json").status_code == 422


def test_drafts_are_each_secretarys_own(house: Path) -> None:
    claire, aoife = signed_in(cast.CLAIRE), signed_in(cast.AOIFE)
    draft = {"body": {"text": "Le début"}}
    assert claire.put("/console/drafts/call-1", draft, content_type="application/json").status_code == 204
    assert claire.get("/console/drafts").json() == {"drafts": [{"call": "call-1", "body": {"text": "Le début"}}]}
    assert aoife.get("/console/drafts").json() == {"drafts": []}
    aoife.delete("/console/drafts/call-1")
    assert len(claire.get("/console/drafts").json()["drafts"]) == 1
    claire.delete("/console/drafts/call-1")
    assert claire.get("/console/drafts").json() == {"drafts": []}


def test_the_history_never_shows_another_client(house: Path) -> None:
    claire = signed_in(cast.CLAIRE)
    claire.post("/console/messages", message("Cabinet Dupont"), content_type="application/json")
    dupont, weber = client_named("Cabinet Dupont")[0], client_named("Dr Weber")[0]
    at_dupont = claire.get("/console/history", {"client": dupont, "number": NUMBER}).content.decode()
    at_weber = claire.get("/console/history", {"client": weber, "number": NUMBER}).content.decode()
    assert "pris par Claire" in at_dupont
    assert "pris par Claire" not in at_weber


def test_who_called_before_is_named_to_this_client_alone(house: Path) -> None:
    claire = signed_in(cast.CLAIRE)
    for key, name in (("a", "Mme Girard"), ("b", "MME GIRARD"), ("c", "M. <Girard>"), ("d", "")):
        taken = {**message("Cabinet Dupont"), "message": key * 20, "caller_name": name}
        assert claire.post("/console/messages", taken, content_type="application/json").status_code == 201
    asked = (
        {"client": client_named(name)[0], "number": NUMBER, "short": "1"} for name in ("Cabinet Dupont", "Dr Weber")
    )
    shown = [claire.get("/console/history", each).content.decode() for each in asked]
    assert shown[0].count("Peut-être ") == 2
    assert "Peut-être MME GIRARD (message\u00a0: aujourd’hui " in shown[0]
    assert "Peut-être M. &lt;Girard&gt; (" in shown[0]
    assert "Girard" not in shown[1].replace("GIRARD", "Girard")


def test_lists_and_history_are_on_the_houses_clock_in_words(house: Path) -> None:
    """Atlas is in Cork, the house in Luxembourg: one hour apart all year."""
    claire = signed_in(cast.CLAIRE)
    claire.post("/console/messages", message("Atlas"), content_type="application/json")
    listed = claire.get("/console/fragments/messages").content.decode()
    Message.objects.update(taken_at=datetime(2020, 1, 15, 10, 57, tzinfo=UTC))
    asked = {"client": client_named("Atlas")[0], "number": NUMBER}
    history = claire.get("/console/history", asked).content.decode()
    opened = claire.get(f"/console/messages/{'m' * 20}").content.decode()
    short = claire.get("/console/history", {**asked, "short": "1"}).content.decode()
    for shown in (history, opened, short):
        assert "15 janvier 2020, 11\u00a0h\u00a057" in shown
    for shown in (listed, history):
        assert "Heures à l’horloge de la maison." in shown


def test_a_sentence_says_the_hour_as_its_language_does(house: Path) -> None:
    claire = signed_in(cast.CLAIRE)
    claire.post("/console/messages", message(), content_type="application/json")
    at = datetime(2026, 11, 24, 10, 57, tzinfo=UTC)
    messaging.record_transmission(house=demo_house.HOUSE, message="m" * 20, at=at, sent=True, delivered=True, why=None)
    assert "Remis à 11\u00a0h\u00a057" in claire.get("/console/fragments/messages").content.decode()
    claire.cookies["django_language"] = "de"
    assert "Zugestellt um 11:57" in claire.get("/console/fragments/messages").content.decode()


def config_of(browser: Client) -> dict[str, Any]:
    """What the page carries for its modules."""
    page = browser.get("/console").content.decode()
    found = re.search(r'<script id="config" type="application/json">(.*?)</script>', page, re.S)
    assert found is not None
    config: dict[str, Any] = json.loads(found.group(1))
    return config


def choose_keys(browser: Client, body: Any) -> tuple[int, Any]:
    answer = browser.post("/console/keys", body, content_type="application/json")
    return answer.status_code, answer.json()


def test_changed_keys_come_with_the_page_on_every_machine(house: Path) -> None:
    wanted = {"chords": {"hold": "Alt+m"}, "numbers": False}
    assert config_of(signed_in(cast.CLAIRE))["keys"]["chosen"] == {"chords": {}, "numbers": True}
    assert choose_keys(signed_in(cast.CLAIRE), wanted) == (200, wanted)
    assert config_of(signed_in(cast.CLAIRE))["keys"]["chosen"] == wanted
    assert config_of(signed_in(cast.CLAIRE))["keys"]["standard"]["forward"] == "F2"
    assert config_of(signed_in(cast.AOIFE))["keys"]["chosen"] == {"chords": {}, "numbers": True}
    assert choose_keys(signed_in(cast.CLAIRE), {}) == (200, {"chords": {}, "numbers": True})
    assert config_of(signed_in(cast.CLAIRE))["keys"]["chosen"] == {"chords": {}, "numbers": True}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"chords": {"hold": "F7"}}, "key_taken"),
        ({"chords": {"hold": "m"}}, "key_unfit"),
        ({"chords": {"dance": "F3"}}, "key_unknown"),
        ({"chords": {"hold": 3}}, "bad_request"),
        ({"chords": ["hold"]}, "bad_request"),
        ({"numbers": "yes"}, "bad_request"),
        ([], "bad_request"),
    ],
)
def test_a_key_that_cannot_be_is_refused_with_a_code(house: Path, body: Any, code: str) -> None:
    status, answer = choose_keys(signed_in(cast.CLAIRE), body)
    assert (status, answer["code"]) == (422, code)
    assert code == "bad_request" or f"refused_{code}" in WORDS


def test_keys_are_changed_by_the_secretarys_own_page_only(house: Path) -> None:
    body = {"chords": {"hold": "Alt+m"}}
    forged = signed_in(cast.CLAIRE, checked=True).post("/console/keys", body, content_type="application/json")
    assert forged.status_code == 403
    assert signed_in(cast.WEBER).post("/console/keys", body, content_type="application/json").status_code == 403
    assert signed_in(cast.CLAIRE).get("/console/keys").status_code == 405
    assert config_of(signed_in(cast.CLAIRE))["keys"]["chosen"]["chords"] == {}


READ = ("/console/ticket?seat=abc", "/console/drafts", "/console/number?text=15", "/console/history")
WRITTEN = (("post", "/console/messages"), ("post", "/console/keys"), ("put", "/console/drafts/call-1"))


def test_a_page_made_for_somebody_else_is_told_who_is_signed_in_and_changes_nothing(house: Path) -> None:
    """Claire's page is still open when Aoife signs in in the same browser."""
    page = config_of(signed_in(cast.CLAIRE))
    assert page["personName"] == "Claire"
    aoife = signed_in(cast.AOIFE)
    made_for = {"X-Person": page["person"]}
    bodies = {"/console/messages": message(), "/console/keys": {"numbers": False}}
    answers = [aoife.get(each, headers=made_for) for each in (*READ, "/console/fragments/messages")]
    for method, path in WRITTEN:
        body = bodies.get(path, {"body": {"text": "x"}})
        answers.append(getattr(aoife, method)(path, body, content_type="application/json", headers=made_for))
    answers.append(aoife.delete("/console/drafts/call-1", headers=made_for))
    answers.append(aoife.post(f"/console/messages/{'m' * 20}/send-again", headers=made_for))
    for answer in answers:
        found = answer.json()
        assert (answer.status_code, found["code"], found["name"]) == (409, "other_person", "Aoife")
        assert found["why"] == "Session ouverte maintenant dans ce navigateur\u00a0: Aoife. Rien n’a été enregistré."
    assert not Message.objects.exists()
    assert aoife.get("/console/drafts").json() == {"drafts": []}
    assert config_of(aoife)["keys"]["chosen"]["numbers"] is True
    answer = signed_in(cast.WEBER).get("/console/drafts", headers=made_for)  # who has no console at all is named too
    assert (answer.status_code, answer.json()["name"]) == (409, "Dr Weber")
    hers = {"X-Person": config_of(aoife)["person"]}
    kept = aoife.post("/console/messages", message(), content_type="application/json", headers=hers)
    assert kept.status_code == 201


def test_another_house_sees_nothing(house: Path) -> None:
    signed_in(cast.CLAIRE).post("/console/messages", message(), content_type="application/json")
    at = SystemClock().now()
    operations.open_house(slug="other", name="Other", language="fr", country="FR", time_zone="Europe/Paris", at=at)
    operations.add_person(
        email="eve@other.example",
        name="Eve",
        language="fr",
        roles=frozenset({Role.SECRETARY}),
        password="a long enough pass phrase",
        by=who.system_of(House.objects.get(slug="other")),
        at=at,
    )
    eve = Client()
    assert eve.login(username="eve@other.example", password="a long enough pass phrase")
    assert "Jeanne" not in eve.get("/console/fragments/messages").content.decode()
    history = eve.get("/console/history", {"client": client_named("Dr Weber")[0], "number": NUMBER}).content.decode()
    assert "Claire" not in history
    answer = eve.post("/console/messages", message(message="n" * 20), content_type="application/json")
    assert answer.json()["code"] == "no_such_client"


@pytest.mark.parametrize(
    ("typed", "found"),
    [("621 000 147", "+352 621 000 147"), ("+33 1 99 00 12 34", "+33 1 99 00 12 34"), ("12", None), ("", None)],
)
def test_numbers_are_read_by_the_clients_country(house: Path, typed: str, found: str | None) -> None:
    asked = {"text": typed, "client": client_named("Dr Weber")[0]}
    assert signed_in(cast.CLAIRE).get("/console/number", asked).json().get("display") == found


def test_the_page_carries_no_inline_code(house: Path) -> None:
    page = signed_in(cast.CLAIRE).get("/console").content.decode()
    assert " style=" not in page
    assert " onclick=" not in page
    assert page.count("<script") == page.count('type="application/json"') + page.count('type="module"')
