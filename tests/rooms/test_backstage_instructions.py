# SPDX-License-Identifier: AGPL-3.0-or-later
"""Instructions in the back office: what they are about, who has read them, and two persons who write at once."""

import re
from datetime import UTC, datetime
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from permanence.clients import instruction_fields, instructions, operations, queries, reading
from permanence.clients.models import Instruction, InstructionAcknowledgement
from permanence.clients.rules import Scope
from permanence.clients.rules.difference import side_by_side
from permanence.kernel.system import SystemClock
from tests.rooms.test_backstage import Form, errors, fill

MARKUP = "**Urgence** <img src=x onerror=alert(1)>\n- un\n- deux"


@pytest.fixture
def marc(cast, browser_of):
    return browser_of(cast.marc)


@pytest.fixture
def row(cast):
    """An instruction of Dr Weber's in its first version."""
    key = operations.write_instruction(
        client=cast.weber,
        text="Absente de 14 h à 16 h, urgences au Dr Klein.",
        author=cast.dr_weber.person,
        by=cast.marc,
        at=SystemClock().now(),
        scope=Scope(recipient=cast.recipients["Dr Weber"]),
    )
    return Instruction.objects.get(pk=key)


def page_of(row):
    return f"/backstage/clients/instruction/{row.pk}/change/"


def last(cast, row):
    return instructions.current(house=cast.house, client=cast.weber, instruction=str(row.pk))


def revise(cast, row, text, **more):
    operations.revise_instruction(
        client=cast.weber,
        instruction=str(row.pk),
        text=text,
        author=cast.dr_weber.person,
        by=cast.dr_weber,
        at=SystemClock().now(),
        **more,
    )


@given(st.text(max_size=60), st.text(max_size=60))
def test_both_texts_stand_whole_and_only_what_differs_is_marked(one, other):
    left, right = side_by_side(one, other)
    assert "".join(part.text for part in left) == one
    assert "".join(part.text for part in right) == other
    same = ["".join(part.text for part in side if not part.own) for side in (left, right)]
    assert same[0] == same[1]
    if one == other:
        assert not [part for part in (*left, *right) if part.own]


def test_what_an_instruction_is_about_is_chosen_among_the_clients_own(cast, marc, row):
    line = queries.client_file(house=cast.house, client=cast.weber, at=SystemClock().now()).lines[0]
    reason = queries.reasons(house=cast.house, client=cast.weber)[0].code
    answer = fill(marc, page_of(row), line=line, reason=reason, caller="621 000 147", acknowledge="on")
    assert (answer.status_code, errors(answer)) == (302, [])
    found = last(cast, row)
    assert found.scope == Scope(recipient=cast.recipients["Dr Weber"], line=line, reason=reason, caller="+352621000147")
    assert (found.version, found.acknowledge) == (2, True)
    again = Form(marc.get(page_of(row)).content.decode()).data
    assert (again["caller"], again["line"], again["began_from"]) == ("+352 621 000 147", line, "2")


def test_a_period_is_on_the_clients_clock(cast, marc):
    """Noon in Cork is noon on the page of an Irish client, and one hour more in Luxembourg."""
    key = operations.write_instruction(
        client=cast.atlas, text="Office closed", author=cast.niamh.person, by=cast.marc, at=SystemClock().now()
    )
    page = f"/backstage/clients/instruction/{key}/change/"
    period = {"starts_at_0": "2030-07-01", "starts_at_1": "12:00", "ends_at_0": "2030-12-01", "ends_at_1": "12:00"}
    assert fill(marc, page, **period).status_code == 302
    found = instructions.current(house=cast.house, client=cast.atlas, instruction=key)
    assert found.starts_at.isoformat() == "2030-07-01T11:00:00+00:00"
    assert found.ends_at.isoformat() == "2030-12-01T12:00:00+00:00"
    again = Form(marc.get(page).content.decode()).data
    assert (again["starts_at_1"], again["ends_at_1"]) == ("12:00:00", "12:00:00")
    assert "01/07/2030 12:00" in marc.get("/backstage/clients/instruction/").content.decode()


@pytest.mark.parametrize(
    "wrong",
    [
        {"recipient": "999999"},
        {"line": "+33199009999"},
        {"reason": "no-such"},
        {"caller": "abc"},
        {"text": "\u202e"},
        {"text": MARKUP},
        {"text": "x" * 2001},
        {"starts_at_0": "2026-12-02", "starts_at_1": "10:00", "ends_at_0": "2026-12-01", "ends_at_1": "10:00"},
    ],
)
def test_what_cannot_be_is_refused_on_the_page_and_nothing_is_written(cast, marc, row, wrong):
    answer = fill(marc, page_of(row), **wrong)
    assert answer.status_code == 200
    assert errors(answer)
    assert last(cast, row).version == 1


def test_the_recipients_of_another_client_are_not_offered(cast, marc, row):
    page = marc.get(page_of(row)).content.decode()
    offered = set(re.findall(r'<option value="([^"]+)"', re.search(r'name="recipient".*?</select>', page, re.S)[0]))
    assert offered == {each.id for each in queries.recipients(house=cast.house, client=cast.weber)}


def test_the_second_of_two_sees_both_texts_and_keeps_hers(cast, marc, row):
    opened = Form(marc.get(page_of(row)).content.decode()).data
    revise(cast, row, "Absente de 14 h à 18 h, urgences au Dr Klein.")
    hers = {**opened, "text": "Absente de 14 h à 16 h, urgences au 112.", "priority": "7"}
    answer = marc.post(page_of(row), hers)
    page = answer.content.decode()
    assert (answer.status_code, last(cast, row).version) == (200, 2)
    assert "Dr Weber a écrit une autre version" in page
    assert re.findall(r"<mark>([^<]*)</mark>", page) == ["18", "Dr Klein.", "16", "112."]
    kept = Form(page).data
    assert (kept["text"], kept["priority"], kept["began_from"]) == (hers["text"], "7", "2")
    assert marc.post(page_of(row), kept).status_code == 302
    found = last(cast, row)
    assert (found.version, found.text, found.priority) == (3, hers["text"], 7)
    texts = Instruction.objects.filter(root=row.pk).order_by("version").values_list("text", flat=True)
    assert list(texts) == ["Absente de 14 h à 18 h, urgences au Dr Klein.", hers["text"]]


def compared(page):
    """What else is not the same in both versions: what it is, what stands now, hers and what is said of it."""
    rows = re.findall(r"<tr><th scope=.row.>(.*?)</th><td>(.*?)</td><td>(.*?)</td></tr>", page, re.S)
    return {what: (now, re.sub(r"<[^>]+>|\s+", " ", mine).split()) for what, now, mine in rows}


def test_what_the_other_changed_stays_where_the_second_touched_nothing(cast, marc, row):
    opened = Form(marc.get(page_of(row)).content.decode()).data
    line = queries.client_file(house=cast.house, client=cast.weber, at=SystemClock().now()).lines[0]
    scope = Scope(line=line, caller="+352621000147")
    ends = datetime(2030, 7, 1, 10, tzinfo=UTC)
    revise(cast, row, row.text, acknowledge=True, priority=4, scope=scope, ends_at=ends)
    told = marc.post(page_of(row), {**opened, "text": "La mienne", "priority": "2"})
    page = told.content.decode()
    found = compared(page)
    assert (told.status_code, len(found)) == (200, 6)
    assert found["À lire"] == ("oui", ["oui", "repris"])
    assert found["Priorité"] == ("4", ["2"])
    assert found["Jusqu’à"][0] == "01/07/2030 12:00"
    assert found["Seulement pour cet appelant"] == ("+352 621 000 147", ["+352", "621", "000", "147", "repris"])
    kept = Form(page).data
    assert (kept["acknowledge"], kept["priority"], kept["line"], kept["recipient"]) == ("on", "2", line, "")
    assert marc.post(page_of(row), kept).status_code == 302
    saved = last(cast, row)
    assert (saved.version, saved.text, saved.priority, saved.acknowledge) == (3, "La mienne", 2, True)
    assert (saved.scope, saved.starts_at, saved.ends_at) == (scope, None, ends)


def test_what_both_changed_stays_hers_and_what_the_other_undid_is_undone(cast, marc, row):
    revise(cast, row, "Un.\nDeux.", acknowledge=True, ends_at=datetime(2030, 7, 1, 10, tzinfo=UTC))
    opened = Form(marc.get(page_of(row)).content.decode()).data
    revise(cast, row, "Un.\nTrois.", acknowledge=False, scope=Scope(caller="+352621000147"), ends_at=None)
    hers = {**opened, "text": "Un.\r\nDeux.", "caller": "621 000 148", "recipient": ""}
    page = marc.post(page_of(row), hers).content.decode()
    kept = Form(page).data
    assert (kept["text"], kept["caller"], "acknowledge" in kept) == ("Un.\nTrois.", "621 000 148", False)
    assert (kept["ends_at_0"], kept["ends_at_1"]) == ("", "")
    assert compared(page)["Seulement pour cet appelant"] == ("+352 621 000 147", ["+352", "621", "000", "148"])


@pytest.mark.parametrize("began", ["0", "77", "9" * 30, "-1", "x", ""])
def test_of_a_version_there_never_was_nothing_is_taken_over(cast, marc, row, began):
    opened = Form(marc.get(page_of(row)).content.decode()).data
    revise(cast, row, "Autre.", acknowledge=True)
    page = marc.post(page_of(row), {**opened, "began_from": began}).content.decode()
    kept = Form(page).data
    assert (last(cast, row).version, kept["text"], "acknowledge" in kept) == (2, row.text, False)


def test_who_writes_on_a_retired_instruction_keeps_her_words_as_a_new_one(cast, marc, row):
    opened = Form(marc.get(page_of(row)).content.decode()).data
    operations.retire_instruction(
        client=cast.weber, instruction=str(row.pk), author=cast.marc.person, by=cast.marc, at=SystemClock().now()
    )
    answer = marc.post(page_of(row), {**opened, "text": "Encore valable"})
    assert answer.status_code == 200
    kept = Form(answer.content.decode()).data
    assert kept["text"] == "Encore valable"
    assert marc.post(page_of(row), kept).status_code == 302
    new = Instruction.objects.get(text="Encore valable")
    assert (new.version, new.root_id, new.client_id) == (1, None, int(cast.weber))
    assert last(cast, row).retired
    assert marc.get(page_of(row)).status_code == 302


def test_a_version_written_between_the_check_and_the_save_is_not_written_over(cast, marc, row, monkeypatch):
    """The other's version comes in the very moment of the save: the operation refuses, the page says so."""
    opened = Form(marc.get(page_of(row)).content.decode()).data
    original = operations.revise_instruction
    came: list[str] = []

    def other_first(**fields):
        if not came:
            came.append("the other")
            raise instruction_fields.InstructionChanged("begun from version 1, the last is 2")
        return original(**fields)

    monkeypatch.setattr(operations, "revise_instruction", other_first)
    answer = marc.post(page_of(row), {**opened, "text": "La mienne"})
    assert answer.status_code == 302
    assert [last(cast, row).text, came] == ["La mienne", ["the other"]]


def test_a_new_one_is_written_for_the_client_of_the_address(cast, marc):
    url = f"/backstage/clients/instruction/add/?client={cast.weber}"
    words = "**Urgence**\n- un\n- CRP < 5"
    answer = fill(marc, url, text=words, caller="+352621000147", acknowledge="on", priority="5")
    assert (answer.status_code, errors(answer)) == (302, [])
    row = Instruction.objects.get(text=words)
    assert (row.client_id, row.caller, row.acknowledge, row.version) == (int(cast.weber), "+352621000147", True, 1)


@pytest.mark.parametrize("named", ["", "?client=x", "?client=999999", "?client={other}"])
def test_without_a_client_of_the_house_there_is_nothing_to_write_for(cast, marc, named):
    rows = Instruction.objects.count()
    url = "/backstage/clients/instruction/add/" + named.format(other=cast.other_client)
    for answer in (marc.get(url), marc.post(url, {"text": "x", "began_from": "0", "priority": "0"})):
        assert answer["Location"] == "/backstage/accounts/"
    assert Instruction.objects.count() == rows


def test_the_owner_sees_how_it_is_set_and_who_has_read_it(cast, marc, row):
    revise(cast, row, "Avant", acknowledge=True)
    Instruction.objects.filter(root=row.pk).update(text=MARKUP)  # from before HTML was refused
    reading.acknowledge_instruction(instruction=str(row.pk), version=2, by=cast.claire, at=SystemClock().now())
    for path in (page_of(row), f"/backstage/clients/client/{cast.weber}/change/"):
        page = marc.get(path).content.decode()
        assert "<strong>Urgence</strong> &lt;img src=x onerror=alert(1)&gt;" in page
        assert "<li>un</li><li>deux</li>" in page
        assert "<img src=x" not in page
    facts = re.search(r'<dl class="facts">.*?</dl>', marc.get(page_of(row)).content.decode(), re.S)[0]
    read, missing = facts.split("<dt>")[1:]
    assert "Claire" in read
    assert "Aoife" in missing
    assert "Claire" not in missing


def test_another_houses_instruction_is_not_there(cast, marc):
    key = operations.write_instruction(
        client=cast.other_client, text="secret", author=cast.nadia.person, by=cast.nadia, at=SystemClock().now()
    )
    url = f"/backstage/clients/instruction/{key}/change/"
    assert marc.get(url).status_code == 404
    assert marc.post(url, {"text": "x", "began_from": "1", "priority": "0"}).status_code == 404
    assert instructions.current(house="nadia", client=cast.other_client, instruction=key).version == 1


def ending_of(row):
    return f"/backstage/clients/instruction/{row.pk}/delete/"


def test_an_instruction_is_ended_only_by_who_saw_the_version_that_ends(cast, marc, row):
    opened = Form(marc.get(ending_of(row)).content.decode()).data
    revise(cast, row, "Absente de 14 h à 18 h, urgences au 15.")
    answer = marc.post(ending_of(row), opened)
    assert (answer.status_code, last(cast, row).version, last(cast, row).retired) == (302, 2, False)
    page = marc.get(answer["Location"]).content.decode()
    assert cast.dr_weber.name in page
    assert re.search(r"<mark>18</mark> h, urgences au <mark>15\.</mark>", page)
    assert re.search(r"<mark>16</mark> h, urgences au <mark>Dr Klein\.</mark>", page)
    assert marc.post(ending_of(row), {"post": "yes"}).status_code == 302  # nor by who says nothing of what he saw
    assert not last(cast, row).retired
    assert marc.post(ending_of(row), Form(page).data)["Location"].endswith("/clients/instruction/")
    assert (last(cast, row).version, last(cast, row).retired) == (3, True)


def test_who_ends_what_another_changed_sees_all_that_changed_and_not_the_words_alone(cast, marc, row):
    opened = Form(marc.get(ending_of(row)).content.decode()).data
    ends_at = datetime(2030, 7, 1, 10, tzinfo=UTC)
    scope = Scope(recipient=cast.recipients["Dr Weber"], caller="+352621000147")
    revise(cast, row, row.text, acknowledge=True, priority=70, ends_at=ends_at, scope=scope)
    answer = marc.get(marc.post(ending_of(row), opened)["Location"])
    assert {each.what: (each.now, each.mine) for each in answer.context["apart"]} == {
        "Jusqu’à": ("01/07/2030 12:00", "–"),
        "Priorité": ("70", str(row.priority)),
        "À lire": ("oui", "non"),
        "Seulement pour cet appelant": ("+352 621 000 147", "–"),
    }
    table = re.search(r'<table class="table">(.*?)</table>', answer.content.decode(), re.DOTALL)[1]
    assert "+352 621 000 147" in unescape(table)


def test_what_somebody_has_read_can_be_ended_and_who_read_it_stays_known(cast, marc, row):
    revise(cast, row, "À lire.", acknowledge=True)
    reading.acknowledge_instruction(instruction=str(row.pk), version=2, by=cast.claire, at=SystemClock().now())
    page = marc.get(ending_of(row)).content.decode()
    assert "À lire." in page
    assert fill(marc, ending_of(row)).status_code == 302
    assert last(cast, row).retired
    assert InstructionAcknowledgement.objects.filter(instruction__root=row.pk).exists()


def test_what_was_ended_meanwhile_is_not_ended_again(cast, marc, row):
    opened = Form(marc.get(ending_of(row)).content.decode()).data
    by = {"author": cast.dr_weber.person, "by": cast.dr_weber, "at": SystemClock().now()}
    operations.retire_instruction(client=cast.weber, instruction=str(row.pk), **by)
    answer = marc.post(ending_of(row), opened)
    assert answer.status_code == 302
    assert marc.get(answer["Location"]).status_code == 302  # to the list: it is not there any more
    assert last(cast, row).version == 2


# -- its versions ------------------------------------------------------------------------------------------------------


def history_of(row):
    return f"/backstage/clients/instruction/{row.pk}/history/"


def rows_of(page):
    """The rows of the table of versions, without markup."""
    rows = re.findall(r"<tr>(<th scope=.row.>.*?)</tr>", page, re.S)
    return [" ".join(re.sub(r"<[^>]+>", " ", each).split()) for each in rows]


def test_the_history_of_an_instruction_is_its_versions_the_last_first(cast, marc, row):
    revise(cast, row, "Deux, CRP < 5.", acknowledge=True, starts_at=datetime(2030, 7, 1, 10, tzinfo=UTC))
    fill(marc, page_of(row), text="Trois.", acknowledge="")
    assert history_of(Instruction.objects.get(root=row.pk, version=3)) in marc.get(page_of(row)).content.decode()
    pages = [marc.get(history_of(each)).content.decode() for each in (row, *Instruction.objects.filter(root=row))]
    rows = rows_of(pages[0])
    assert [rows_of(each) for each in pages] == [rows] * len(pages)
    assert [each.split()[0] for each in rows] == ["3", "2", "1"]
    assert ("Marc" in rows[0], "Trois." in rows[0], "Dr Weber" in rows[1]) == (True, True, True)
    assert "Deux, CRP &lt; 5." in rows[1]
    assert "1er juil. 2030, 12:00" in rows[1]
    assert [each.endswith("oui") for each in rows] == [False, True, False]


def test_the_history_of_a_retired_instruction_is_still_there(cast, marc, row):
    revise(cast, row, "Deux.")
    assert fill(marc, ending_of(row)).status_code == 302
    assert marc.get(page_of(row)).status_code == 302, "it is changed no more"
    answer = marc.get(history_of(row))
    assert answer.status_code == 200
    page = answer.content.decode()
    rows = rows_of(page)
    assert [each.split()[0] for each in rows] == ["3", "2", "1"]
    assert "retirée" in rows[0]
    assert f'href="{page_of(row)}"' not in page


def test_the_versions_of_another_house_and_of_none_are_not_there(cast, marc, row):
    by = {"author": cast.nadia.person, "by": cast.nadia, "at": SystemClock().now()}
    foreign = operations.write_instruction(client=cast.other_client, text="secret", **by)
    for key in (foreign, "999999", "x"):
        assert marc.get(f"/backstage/clients/instruction/{key}/history/").status_code == 404
    with pytest.raises(instructions.InstructionUnknown):
        instructions.series(house=cast.house, client=cast.weber, instruction=foreign)
    with pytest.raises(instructions.InstructionUnknown):
        instructions.series(house=cast.house, client=cast.dupont, instruction=str(row.pk))


def test_where_django_noted_nothing_no_link_leads_to_an_empty_history(cast, marc):
    url = f"/backstage/clients/client/{cast.weber}/change/"
    link = f"/backstage/clients/client/{cast.weber}/history/"
    assert link not in marc.get(url).content.decode()
    assert fill(marc, url, place="Esch").status_code == 302
    assert link in marc.get(url).content.decode()


def test_html_is_refused_with_the_reason_on_the_clients_page_too(cast, marc):
    url = f"/backstage/clients/client/{cast.weber}/change/?part=instructions"
    rows = Form(marc.get(url).content.decode()).data["instruction-TOTAL_FORMS"]
    line = {f"instruction-{rows}-text": "<p>Bonjour</p>", f"instruction-{rows}-priority": "0"}
    answer = fill(marc, url, **line, **{"instruction-TOTAL_FORMS": str(int(rows) + 1)})
    assert answer.status_code == 200
    assert "«\u00a0&lt;p&gt;\u00a0» est du HTML" in answer.content.decode()
    assert not Instruction.objects.filter(text__contains="Bonjour").exists()


def test_every_door_is_refused_it_by_the_operation(cast, row):
    with pytest.raises(instruction_fields.InstructionHtml, match="<img src=x onerror"):
        revise(cast, row, MARKUP)
