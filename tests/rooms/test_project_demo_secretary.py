# SPDX-License-Identifier: AGPL-3.0-or-later
"""The secretary who is played in the demonstration: what she decides, and where she never sits down."""

import collections
import json

import pytest

from permanence.kernel.system import SystemEntropy
from permanence.kernel.tickets import SeatTicket, sign_ticket
from permanence.messaging.rules import TEXT_LIMIT, MessageForm, Urgency
from permanence.project import cli, demo_cast, demo_command, demo_house
from permanence.project.secretary import plan, site
from permanence.project.secretary.browser_end import NoCandidate, read_far
from permanence.project.supervisor import folder, greeting, start
from tests.rooms.conftest import SeededEntropy

REASONS = [{"code": code, "label": label} for code, label in demo_house.MEDICAL.items()]
CARD = {
    "client": "1",
    "name": "Dr Weber",
    "called_line": demo_cast.WEBER_LINE,
    "caller": {"number": "+33639981234", "masked": False},
    "form": {"recipients": [{"id": "7", "name": "Dr Weber"}], "reasons": REASONS},
}
STATUS = {
    "version": 1,
    "demonstration": True,
    "web": "http://localhost:8000",
    "line": "ws://localhost:8001/line",
    "sip": {"host": "127.0.0.1", "port": 5060},
    "run": "nowhere",
}


@pytest.fixture
def entropy():
    return SeededEntropy()


@pytest.fixture
def running(tmp_path):
    """Gives a data folder whose lock is held and whose house published these facts."""
    folder.make_parts(tmp_path)
    lock = folder.Lock(tmp_path)
    lock.take()

    def publish(**changes):
        folder.write_status(tmp_path, {**STATUS, **changes})
        return tmp_path

    yield publish
    lock.release()


def test_she_answers_and_writes_like_a_person_and_always_in_time(entropy):
    answers = [plan.answer_after(12, entropy) for _ in range(2000)]
    notes = [plan.type_for(90, entropy) for _ in range(2000)]
    assert 1.5 <= min(answers) < max(answers) <= 8.4
    assert 3.0 <= min(notes) < max(notes) <= 63.0
    assert sum(answers) / 2000 == pytest.approx(3.5, abs=0.3)


def test_a_conversation_lasts_what_was_asked_for_whoever_ends_it(entropy):
    caller, secretary = demo_command.split_talk(132.0, both=True)
    talks = [(plan.talk_for(caller, entropy), plan.talk_for(secretary, entropy)) for _ in range(8000)]
    assert sum(min(pair) for pair in talks) / 8000 == pytest.approx(137.0, rel=0.04)
    assert sum(hers < his for his, hers in talks) / 8000 == pytest.approx(0.25, abs=0.02)
    assert demo_command.split_talk(132.0, both=False) == (132.0, 132.0)


def test_most_calls_become_messages_and_silence_becomes_none(entropy):
    found = collections.Counter(plan.outcome(CARD, heard=True, entropy=entropy) for _ in range(4000))
    assert found["message"] / 4000 == pytest.approx(0.7, abs=0.03)
    assert found["information"] / 4000 == pytest.approx(0.25, abs=0.03)
    assert found["wrong_number"] / 4000 == pytest.approx(0.05, abs=0.02)
    assert plan.outcome(CARD, heard=False, entropy=entropy) == "no_words"
    nobodys = {**CARD, "client": None}
    nobody_to_write_to = {**CARD, "form": {"recipients": [], "reasons": []}}
    assert {plan.outcome(nobodys, heard=True, entropy=entropy) for _ in range(50)} == {"wrong_number"}
    assert "message" not in {plan.outcome(nobody_to_write_to, heard=True, entropy=entropy) for _ in range(50)}


@pytest.mark.parametrize("language", ["fr", "en", "de"])
def test_every_message_fits_the_form_and_says_that_it_is_invented(language, entropy):
    noted = [plan.note(CARD, "call-1", language, entropy) for _ in range(400)]
    forms = [
        MessageForm(**{name: value for name, value in each.fields.items() if name not in {"call", "client"}})
        for each in noted
    ]
    assert all(form.text.startswith(("[Démonstration] ", "[Demonstration] ")) for form in forms)
    assert all(form.caller_name.split()[-1] in {"Exemple", "Spécimen", "Example", "Sample"} for form in forms)
    assert max(len(form.text) for form in forms) < TEXT_LIMIT
    assert {form.reason for form in forms} == {reason["code"] for reason in REASONS}
    assert {form.urgency for form in forms} == {urgency.value for urgency in Urgency}
    assert len({form.message for form in forms}) == 400
    assert all((form.recipient, form.caller_number, form.read_back) == ("7", "+33639981234", True) for form in forms)


def test_a_withheld_number_and_a_client_without_reasons_make_a_message_too(entropy):
    bare = {**CARD, "caller": {"number": None}, "form": {**CARD["form"], "reasons": []}}
    fields = plan.note(bare, "call-1", "fr", entropy).fields
    assert (fields["caller_number"], fields["reason"], fields["read_back"]) == ("", "", False)


def test_the_second_secretary_is_the_one_who_can_answer_the_line_that_is_always_open():
    assert demo_command.SECRETARIES[demo_command.SECOND].email == demo_cast.AOIFE
    assert sorted(demo_command.SECRETARIES) == ["aoife", "claire"]


def test_no_house_and_no_real_house_is_played_in(tmp_path, running, capsys):
    assert cli.main(["demo", "--secretary", "--data", str(tmp_path / "none")]) == 1
    data = running(demonstration=False)
    assert cli.main(["demo", "--secretary", "--data", str(data)]) == 1
    assert capsys.readouterr().err.count("No demonstration house is running") == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"web": "http://192.0.2.7:8000"},
        {"web": "https://demo.example"},
        {"line": "ws://192.0.2.7:8001/line"},
        {"line": "wss://demo.example/line"},
    ],
)
def test_a_demonstration_that_others_see_is_not_played_in(changes, running, capsys):
    data = running(**changes)
    assert cli.main(["demo", "--secretary", "claire", "--scale", "0", "--data", str(data)]) == 1
    assert "no address of this machine alone" in capsys.readouterr().err


def test_she_needs_callers_or_a_post(running, capsys):
    assert cli.main(["demo", "--scale", "0", "--data", str(running())]) == 1
    assert "--scale" in capsys.readouterr().err


def test_the_help_says_who_can_be_played(capsys):
    with pytest.raises(SystemExit):
        demo_command.main(["--help"])
    said = " ".join(capsys.readouterr().out.split())
    assert "--secretary [WHO]" in said
    assert "aoife or claire (default: aoife)" in said


def test_the_last_words_of_a_start_name_her_only_where_she_can_be_played(tmp_path):
    here = greeting.words(start.demonstration_configuration(tmp_path, {}), ())
    seen = greeting.words(start.demonstration_configuration(tmp_path, {}, "192.0.2.7"), ())
    assert any("./run demo --secretary" in line for line in here)
    assert not any("--secretary" in line for line in seen)


def test_a_page_that_does_not_say_demonstration_is_left():
    def page(**config):
        return f'<p></p><script id="config" type="application/json">{json.dumps(config)}</script>'

    assert site.read_page(page(demonstration=True, csrf="c"))["csrf"] == "c"
    for text in (page(demonstration=False), page(demonstration="true"), page(), "<p>Sign in</p>"):
        with pytest.raises(site.NotHere):
            site.read_page(text)


def test_the_secretary_stands_in_her_ticket():
    ticket = SeatTicket(house="demo", secretary="42", name="Aoife", seat="s", rights=("answer",), issued=0, expires=600)
    assert site.secretary_in(sign_ticket(ticket, SystemEntropy().token(32))) == "42"


def test_only_a_candidate_that_can_be_used_is_taken():
    lines = [
        "v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", "m=audio 9 UDP/TLS/RTP/SAVPF 8", "c=IN IP4 0.0.0.0",
        "a=ice-ufrag:abcd", "a=ice-pwd:secret", "a=fingerprint:sha-256 aa:bb",
        "a=candidate:1 1 udp 1 192.0.2.7 5080 typ host", "a=candidate:2 1 udp 1 127.0.0.1 5081 typ host",
        "a=candidate:3 1 tcp 1 127.0.0.1 5082 typ host tcptype passive", "",
    ]  # fmt: skip
    sdp = "\r\n".join(lines)
    assert read_far(sdp).address == ("192.0.2.7", 5080)
    here = read_far(sdp, usable=lambda host: host.startswith("127."))
    assert (here.address, here.ufrag, here.password, here.fingerprint) == (
        ("127.0.0.1", 5081), "abcd", "secret", "AA:BB",
    )  # fmt: skip
    assert read_far(sdp, transport="tcp").address == ("127.0.0.1", 5082)
    with pytest.raises(NoCandidate):
        read_far(sdp, usable=lambda _: False)
