# SPDX-License-Identifier: AGPL-3.0-or-later
"""Import and export: an exported house comes back to the same, three bad lines in 5,000 save nothing, hostile files."""

import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from permanence.backstage import account_sheets as tables
from permanence.backstage.fault_words import LINES
from permanence.backstage.sheets import decoded, write_sheet
from permanence.backstage.transfers import bring_in, written
from permanence.clients import draft_operations as drafts
from permanence.clients import queries
from permanence.clients.agenda_queries import agendas_of
from permanence.clients.models import Client, Contact, Greeting, ImportDraft, Line, Quarantine, Site, WeeklyOpening
from permanence.foundation.models import AuditEntry, OutboxEvent
from tests.rooms.conftest import NOW
from tests.rooms.test_backstage_accounts import supervisor

__all__ = ("supervisor",)

PAGE, NOW_IT, OUT = "/backstage/accounts/transfers", "/backstage/accounts/import", "/backstage/accounts/export"

AGREED, UNTIL = "voice_message_agreed_date", "contract_until"
FIVE = " | ".join(f"+35221234{n}" for n in range(5))


@pytest.fixture
def marc(cast, browser_of):
    return browser_of(cast.marc)


def checked(kind, text, by, **more):
    return bring_in(kind=kind, text=text, dry=True, by=by, at=NOW, **more)


def brought(kind, text, by, **more):
    return bring_in(kind=kind, text=text, dry=False, by=by, at=NOW, **more)


def faults(done):
    return [(each.line, each.column, each.code) for each in done.faults]


def state_of(house):
    """Everything an import may touch."""
    return {
        table.__name__: list(table.objects.for_house(house).order_by("pk").values())
        for table in (Client, Line, WeeklyOpening, Greeting, Site, Contact)
    }


def upload(browser, text, client="", **more):
    raw = text if isinstance(text, bytes) else text.encode()
    return browser.post(
        f"{PAGE}?client={client}" if client else PAGE, {"file": SimpleUploadedFile("x.csv", raw), **more}
    )


def test_an_exported_house_comes_back_to_the_same(cast):
    before, events = state_of("demo"), OutboxEvent.objects.count()
    for kind, rows in (("clients", 3), ("sites", 4), ("contacts", 6)):
        done = brought(kind, decoded(written(kind=kind, by=cast.marc).encode()), cast.marc)
        assert (done.added, done.changed, done.unchanged, done.faults) == (0, 0, rows, ())
    assert (state_of("demo"), OutboxEvent.objects.count()) == (before, events)


def test_an_exported_house_opens_again_elsewhere(cast):
    """The same clients in a house that has none of them; numbers stay where they are, so they are left out."""
    texts = {kind: written(kind=kind, by=cast.marc) for kind in ("clients", "sites", "contacts")}
    without = re.sub(r"'?\+3(52|31|53)\d{8,9}(?=;)", "", texts["clients"])
    Client.objects.filter(pk=int(cast.other_client)).update(name="Somebody else")
    for kind, text in (("clients", without), ("sites", texts["sites"]), ("contacts", texts["contacts"])):
        done = brought(kind, decoded(text.encode()), cast.nadia)
        assert (done.faults, done.changed, done.unchanged) == ((), 0, 0)
    theirs = {row["name"]: row for row in tables.client_rows(cast.nadia.house_key)}
    for row in tables.client_rows(cast.marc.house_key):
        assert theirs[row["name"]] == {**row, "lines": ""}
    for rows in (tables.site_rows, tables.contact_rows):
        assert list(rows(cast.nadia.house_key)) == list(rows(cast.marc.house_key))


letters = st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp"))
word = st.text(letters, max_size=30).map(lambda text: " ".join(text.split()))
hours = st.sampled_from(["", "08:00-12:00", "08:00-12:00, 14:00-18:30", "00:00-24:00", "20:00-06:00"])
accounts = st.fixed_dictionaries(
    {
        "name": word.filter(bool),
        "initials": st.sampled_from(["AB", "CD"]),
        "colour": st.integers(1, 8).map(str),
        "kind": st.sampled_from(["practitioner", "practice", "company", "association", "public_body"]),
        "sector": st.sampled_from(["health", "bank", "telecom", "other"]),
        "place": word,
        "specialty": word,
        "country": st.sampled_from(["FR", "LU", "IE"]),
        "time_zone": st.sampled_from(["Europe/Paris", "Europe/Dublin"]),
        "languages": st.sampled_from(["fr", "fr, de", "en, fr, de"]),
        "state": st.sampled_from(["prospect", "trial", "active", "suspended"]),
        "contract_from": st.dates().map(str) | st.just(""),
        "contract_notes": word,
        "open_always": st.sampled_from(["yes", "no"]),
        "greeting_fr": word,
        **dict.fromkeys(tables.DAYS, hours),
    }
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(accounts, max_size=4, unique_by=lambda one: one["name"]), st.sampled_from(["fr", "en"]))
def test_any_accounts_survive_the_way_out_and_in(cast, given_rows, language):
    with transaction.atomic():
        Client.objects.filter(house=cast.nadia.house_key).update(name="\x01")
        text = tables_text(given_rows, language)
        done = brought("clients", decoded(text.encode()), cast.nadia)
        doubled = [number for number, row in enumerate(given_rows, 2) if overlaps(row)]
        assert sorted({each.line for each in done.faults}) == doubled
        assert {each.code for each in done.faults} <= {"said_contradicts"}
        if doubled:
            transaction.set_rollback(True)
            return
        assert done.added == len(given_rows)
        out = {row["name"]: row for row in tables.client_rows(cast.nadia.house_key)}
        for row in given_rows:
            assert {column: out[row["name"]][column] for column in row} == row
        again = brought("clients", decoded(text.encode()), cast.nadia)
        assert (again.added, again.changed, again.unchanged, again.faults) == (0, 0, len(given_rows), ())
        transaction.set_rollback(True)


def overlaps(row):
    """Whether a night goes on into the next day's opening: the last of a day, beginning at twenty hours."""
    days = [row[day] for day in tables.DAYS]
    nights = zip(days, (*days[1:], days[0]), strict=True)
    return row["open_always"] == "no" and any(one == "20:00-06:00" and other == "00:00-24:00" for one, other in nights)


def tables_text(rows, language):
    return write_sheet(list(rows[0]) if rows else ["name"], rows, language=language)


def five_thousand(bad=()):
    lines = [f"Client {n:05d};company;other;Esch;+35226{n:06d};08:00-12:00;Maison {n}, bonjour." for n in range(5000)]
    for number, text in bad:
        lines[number - 2] = text
    return "\n".join(["name;kind;sector;place;lines;monday;greeting_fr", *lines])


BAD = (
    (17, "Client x;nothing;other;Esch;;;"),
    (2500, "Dr Weber;practitioner;health;Esch;+33199009999;;"),
    (5001, "Client y;company;other;Esch;twelve;25-99;"),
)


def test_three_bad_lines_in_five_thousand_are_named_and_nothing_is_saved(cast, marc):
    before = state_of("demo")
    with CaptureQueriesContext(connection) as asked:
        answer = upload(marc, five_thousand(BAD), kind="clients")
    page = answer.content.decode()
    assert answer.status_code == 422
    assert len(asked) <= 25
    found = re.findall(r'<td class="number">(\d+)</td><td class="code">(\w+)</td>', page)
    assert sorted(found) == [("17", "kind"), ("2500", "lines"), ("5001", "lines"), ("5001", "monday")]
    assert (state_of("demo"), ImportDraft.objects.count()) == (before, 0)


def test_five_thousand_clients_come_in_by_few_questions(cast):
    with CaptureQueriesContext(connection) as asked:
        done = brought("clients", five_thousand(), cast.marc)
    assert (done.added, done.faults) == (5000, ())
    assert len(asked) <= 240
    assert Client.objects.for_house("demo").filter(state="prospect").count() == 5000
    assert OutboxEvent.objects.filter(name="ClientChanged", body__client__gt="").count() >= 5000
    with CaptureQueriesContext(connection) as asked:
        again = brought("clients", five_thousand().replace("Esch", "Diekirch"), cast.marc)
    assert (again.changed, again.unchanged) == (5000, 0)
    assert len(asked) <= 240
    assert Client.objects.for_house("demo").filter(place="Diekirch").count() == 5000


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("name\nA", [(2, "kind", "needed"), (2, "sector", "needed")]),
        ("name;kind;sector\nA;company;other\nA;company;other", [(3, "name", "name_twice")]),
        ("name;kind;sector\n;company;other", [(2, "name", "needed")]),
        ("name;kind;sector;state\nA;company;other;ended", [(2, "state", "state_ended")]),
        ("name;state\nDr Weber;ended", [(2, "state", "state_ended")]),
        (
            "name;voice_message;duty_contact\nCabinet Dupont;yes;Dr X",
            [(2, AGREED, "consent_missing")],
        ),
        ("name;sector;duty_contact\nDr Weber;health;", [(2, "duty_contact", "consent_missing")]),
        (
            "name;contract_from;contract_until\nAtlas;2026-02-01;01/02/2026",
            [(2, UNTIL, "contract_backwards")],
        ),
        ("name;lines\nAtlas;+352 20 00 01 01", [(2, "lines", "line_taken")]),
        ("name;lines\nAtlas;+33 1 99 00 99 99", [(2, "lines", "line_taken")]),
        ("name;lines\nAtlas;+352261234\nDr Weber;+352261234", [(3, "lines", "line_twice")]),
        ("name;colour;max_wait_s\nAtlas;9;-1", [(2, "colour", "not_in_range"), (2, "max_wait_s", "not_in_range")]),
        ("name;open_always\nAtlas;perhaps", [(2, "open_always", "not_yes_or_no")]),
        ("name;contract_from\nAtlas;31.02.2026", [(2, "contract_from", "not_a_day")]),
        ("name;languages\nAtlas;en, klingon", [(2, "languages", "not_a_language")]),
        ("name;time_zone\nAtlas;Europe/Atlantis", [(2, "time_zone", "not_a_time_zone")]),
        (f"name;place\nAtlas;{'x' * 121}", [(2, "place", "too_long")]),
        (f"name;kind;sector\n{'x' * 121};company;other", [(2, "name", "too_long")]),
        ("name;tuesday\nAtlas;8-12-14", [(2, "tuesday", "hours_unclear")]),
        ("name;tuesday\nAtlas;8-12 10-14", [(2, "tuesday", "hours_overlap")]),
        ("name;place\nAtlas;Cork;more", [(2, "", "too_many_cells")]),
    ],
)
def test_what_is_wrong_in_a_line_is_named(cast, text, found):
    before = state_of("demo")
    done = brought("clients", text, cast.marc)
    assert sorted(faults(done)) == sorted(found)
    assert {code for _line, _column, code in found} <= set(LINES)
    assert state_of("demo") == before


@pytest.mark.parametrize(
    ("kind", "text", "found"),
    [
        ("agendas", "client;product;link\nNobody;A;https://a.example/", [(2, "client", "client_unknown")]),
        ("agendas", "client;product;link\nAtlas;A;http://a.example/", [(2, "link", "link_not_https")]),
        ("agendas", "client;product;link\nAtlas;A;https://x:y@a.example/", [(2, "link", "link_secret")]),
        ("agendas", "client;product;link\nAtlas;;https://a.example/", [(2, "product", "needed")]),
        (
            "agendas",
            "client;recipient;product;link\nAtlas;Dr Weber;A;https://a.example/",
            [(2, "recipient", "recipient_unknown")],
        ),
        (
            "agendas",
            "client;product;link\nAtlas;A;https://a.example/\nAtlas;B;https://b.example/",
            [(3, "recipient", "name_twice")],
        ),
        ("sites", "client;name\nNobody;A", [(2, "client", "client_unknown")]),
        ("sites", "client;name;lift\nAtlas;A;perhaps", [(2, "lift", "not_yes_or_no")]),
        ("sites", "client;name\nAtlas;A\nAtlas;A", [(3, "name", "name_twice")]),
        ("contacts", "client;name;numbers\nAtlas;A;nine", [(2, "numbers", "not_a_number")]),
        ("contacts", "client;name;number_for\nAtlas;A;everybody", [(2, "number_for", "not_a_choice")]),
        ("contacts", "client;name\nAtlas;", [(2, "name", "needed")]),
        (
            "contacts",
            f"client;name;numbers\nAtlas;A;{FIVE}",
            [(2, "numbers", "too_many_numbers")],
        ),
    ],
)
def test_what_is_wrong_with_a_site_or_a_contact_is_named(cast, kind, text, found):
    before = state_of("demo")
    assert faults(brought(kind, text, cast.marc)) == found
    assert state_of("demo") == before


def test_a_directory_holds_only_so_much(cast):
    text = "\n".join(["client;name", *(f"Atlas;site {n}" for n in range(40))])
    assert faults(checked("sites", text, cast.marc))[0][2] == "directory_full"


def test_the_name_of_the_other_houses_client_opens_one_of_our_own(cast):
    before = state_of("nadia")
    Client.objects.filter(pk=int(cast.other_client)).update(name="Theirs alone")
    before = state_of("nadia")
    done = brought("clients", "name;kind;sector\nTheirs alone;company;other", cast.marc)
    assert (done.added, done.changed) == (1, 0)
    assert faults(checked("contacts", "client;name\nDr Weber;A", cast.nadia)) == [(2, "client", "client_unknown")]
    assert state_of("nadia") == before


def test_columns_that_are_not_there_leave_what_there_is(cast):
    before = queries.client_file(house="demo", client=cast.weber, at=NOW)
    done = brought("clients", "name;place;lines;greeting_fr\nDr Weber;Esch;;", cast.marc)
    after = queries.client_file(house="demo", client=cast.weber, at=NOW)
    assert (done.changed, after.view.place) == (1, "Esch")
    assert (after.lines, after.greetings, after.hours, after.contacts) == (
        before.lines,
        before.greetings,
        before.hours,
        before.contacts,
    )


def test_a_number_in_quarantine_is_not_given_by_an_import(cast):
    Quarantine.objects.create(
        house_id=cast.marc.house_key,
        client_id=int(cast.weber),
        number="+352261234",
        since=NOW,
        until=(NOW + timedelta(days=1)).date(),
        reason="x",
    )
    assert faults(checked("clients", "name;lines\nAtlas;+352261234", cast.marc)) == [(2, "lines", "line_rests")]
    Quarantine.objects.update(until=NOW.date())
    assert brought("clients", "name;lines\nAtlas;+352261234", cast.marc).changed == 1
    assert Line.objects.get(number="+352261234").client_id == int(cast.atlas)
    assert not Quarantine.objects.exists()


def test_the_public_number_of_a_client_is_not_given_by_an_import(cast):
    Line.objects.filter(client=int(cast.weber)).update(public_number="+352261234")
    for name in ("Atlas", "Dr Weber"):
        done = brought("clients", f"name;lines\n{name};+352261234", cast.marc)
        assert faults(done) == [(2, "lines", "line_taken")]
    assert not Line.objects.filter(number="+352261234").exists()
    Line.objects.update(public_number="")
    Line.objects.filter(client=int(cast.other_client)).update(public_number="+352261234")
    assert faults(checked("clients", "name;lines\nAtlas;+352261234", cast.marc)) == []


def test_a_file_is_checked_then_brought_in_once(cast, marc):
    text = "name;kind;sector\nGarage Roth;company;other\nDr Weber;practitioner;health"
    page = upload(marc, "\ufeff" + text, kind="clients").content.decode()
    assert "import-now" in page
    assert not Client.objects.filter(name="Garage Roth").exists()
    events = OutboxEvent.objects.filter(name="ClientChanged").count()
    assert marc.post(NOW_IT).status_code == 200
    row = Client.objects.get(name="Garage Roth")
    assert (row.house_id, row.state, row.initials) == (cast.marc.house_key, "prospect", "GR")
    assert OutboxEvent.objects.filter(name="ClientChanged").count() == events + 1
    assert AuditEntry.objects.filter(action="client.opened", client_key=row.pk).count() == 1
    assert marc.post(NOW_IT).status_code == 422


def test_the_house_may_have_changed_since_the_check(cast, marc):
    assert upload(marc, "name;lines\nAtlas;+352261234", kind="clients").status_code == 200
    Line.objects.create(house_id=cast.marc.house_key, client_id=int(cast.dupont), number="+352261234")
    answer = marc.post(NOW_IT)
    assert answer.status_code == 422
    assert Line.objects.get(number="+352261234").client_id == int(cast.dupont)


def test_a_checked_file_waits_a_day_for_the_one_who_brought_it(cast):
    drafts.keep_draft(kind="clients", body="name\nA", by=cast.marc, at=NOW)
    with pytest.raises(drafts.DraftGone):
        drafts.waiting_draft(by=cast.nadia, at=NOW)
    with pytest.raises(drafts.DraftGone):
        drafts.waiting_draft(by=cast.marc, at=NOW + timedelta(days=1, seconds=1))
    drafts.keep_draft(kind="sites", body="b", by=cast.marc, at=NOW)
    assert drafts.waiting_draft(by=cast.marc, at=NOW) == ("sites", "b", None)
    assert ImportDraft.objects.count() == 1


def test_a_directory_goes_and_comes_as_cards(cast, marc):
    cards = marc.post(f"/backstage/accounts/{cast.weber}/cards")
    assert cards["Content-Type"].startswith("text/vcard")
    before = state_of("demo")
    page = upload(marc, cards.content, client=cast.weber)
    assert page.status_code == 200
    assert marc.post(NOW_IT).status_code == 200
    assert state_of("demo") == before
    assert upload(marc, cards.content, client=cast.atlas).status_code == 200
    assert marc.post(NOW_IT).status_code == 200
    ours, theirs = (
        {(row.name, tuple(row.numbers), row.function, row.number_for) for row in Contact.objects.filter(client=key)}
        for key in (int(cast.weber), int(cast.atlas))
    )
    assert ours <= theirs


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"PK\x03\x04" + b"x" * 100,
        b"name;kind\nM\xfcller;company",
        b"\x00" * 50,
        b"x" * (40 * 1024 * 1024),
        b"name;" * 5000,
        b'"' * 10_000,
        b"name\n" + b"\xef\xbb\xbf" * 3,
    ],
    ids=["empty", "workbook", "encoding", "zeros", "40 MB", "columns", "quotes", "marks"],
)
def test_a_hostile_file_is_refused_in_words_and_nothing_is_kept(cast, marc, raw):
    before = state_of("demo")
    for kind in ("clients", "sites", "contacts", "agendas"):
        answer = upload(marc, raw, kind=kind)
        assert answer.status_code == 422
        assert re.search(r'role="alert"|id="t-faults"', answer.content.decode())
    assert (state_of("demo"), ImportDraft.objects.count()) == (before, 0)


def test_what_leaves_is_noted_and_cannot_be_computed(cast, marc):
    Client.objects.filter(pk=int(cast.weber)).update(place='=HYPERLINK("https://evil.example")')
    noted = AuditEntry.objects.filter(action="clients.exported")
    answer = marc.post(OUT, {"kind": "clients"})
    text = answer.content.decode("utf-8-sig")
    assert (answer.status_code, noted.count()) == (200, 1)
    assert ";'=HYPERLINK" in text.replace("\"'=", "'=")
    assert ";=HYPERLINK" not in text.replace('"', "")
    assert "'+35220000101" in text


def test_only_an_owner_moves_files(cast, browser_of, supervisor):
    for somebody in (supervisor, browser_of(cast.claire), browser_of(cast.dr_weber)):
        assert somebody.get(PAGE).status_code == 403
        assert upload(somebody, "name\nA", kind="clients").status_code == 403
        for address in (NOW_IT, OUT, f"/backstage/accounts/{cast.weber}/cards"):
            assert somebody.post(address, {"kind": "clients"}).status_code == 403
    nadia = browser_of(cast.nadia)
    assert nadia.post(f"/backstage/accounts/{cast.weber}/cards").status_code == 404
    assert upload(nadia, "BEGIN:VCARD\nFN:A\nEND:VCARD", client=cast.weber).status_code == 404
    assert "Dupont" not in nadia.post(OUT, {"kind": "contacts"}).content.decode()


def test_an_unknown_kind_is_no_kind(cast, marc):
    assert upload(marc, "name\nA", kind="persons").status_code == 400
    assert upload(marc, "BEGIN:VCARD\nFN:A\nEND:VCARD", kind="cards").status_code == 400
    assert marc.post(OUT, {"kind": "persons"}).status_code == 400


def test_external_agendas_go_out_and_come_back_to_the_same(cast):
    given = "client;recipient;product;link;remark\nCabinet Dupont;;Doctolib;https://www.doctolib.fr/d;=code\n"
    given += "Cabinet Dupont;Dr Anne Dupont;Maiia;https://app.maiia.com/;\n"
    done = brought("agendas", given, cast.marc)
    assert (done.added, done.changed, done.unchanged, done.faults) == (2, 0, 0, ())
    out = written(kind="agendas", by=cast.marc)
    assert ";=code" not in out
    again = brought("agendas", decoded(out.encode()), cast.marc)
    assert (again.added, again.changed, again.unchanged, again.faults) == (0, 0, 2, ())
    changed = brought("agendas", decoded(out.replace("/d;", "/e;").encode()), cast.marc)
    assert (changed.added, changed.changed, changed.unchanged) == (0, 1, 1)
    assert agendas_of("demo", int(cast.dupont))[0].link == "https://www.doctolib.fr/e"
    assert agendas_of("demo", int(cast.weber)) == ()
    assert brought("agendas", given, cast.nadia).faults[0].code == "client_unknown"
