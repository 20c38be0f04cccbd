# SPDX-License-Identifier: AGPL-3.0-or-later
"""The back office as an owner uses it: real pages, real forms; every save is noted and announced."""

import re
from html import unescape
from html.parser import HTMLParser

import pytest
from django.conf import settings
from django.utils import translation

from permanence.backstage import person_doors
from permanence.backstage.trail import ACTIONS, named
from permanence.clients import queries
from permanence.clients.models import Client, ForwardingCode, Instruction, Line, PortalUser
from permanence.foundation.models import AuditEntry, OutboxEvent, Person
from permanence.foundation.who import who_is
from permanence.kernel.system import SystemClock
from permanence.project.demo_cast import PASSWORD
from permanence.staff.models import Secretary
from permanence.switchboard.models import Trunk


class Form(HTMLParser):
    """The fields a browser would send back, read from the page itself."""

    def __init__(self, page):
        super().__init__()
        self.data = {}
        self._select = None
        self._textarea = None
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        name = found.get("name", "")
        if tag == "input" and name and "__prefix__" not in name and not name.startswith("_"):
            if found.get("type") in {"checkbox", "radio"}:
                if "checked" in found:
                    self.data[name] = found.get("value", "on")
            elif found.get("type") not in {"submit", "button"}:
                self.data[name] = found.get("value", "")
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and "selected" in found and "__prefix__" not in self._select:
            self.data[self._select] = found["value"]
        elif tag == "textarea" and "__prefix__" not in name:
            self._textarea = name
            self.data[name] = ""

    def handle_data(self, data):
        if self._textarea:
            self.data[self._textarea] += data.removeprefix("\r\n").removeprefix("\n")

    def handle_endtag(self, tag):
        if tag == "select":
            self._select = None
        if tag == "textarea":
            self._textarea = None


def fill(browser, url, **changes):
    """Open a form, change some fields, send it all back; gives the answer."""
    page = browser.get(url)
    assert page.status_code == 200
    return browser.post(url, {**Form(page.content.decode()).data, **changes})


def errors(answer):
    html = answer.content.decode()
    at_the_top = "".join(re.findall(r'aria-labelledby="wrong-title">(.*?)</section>', html, re.S))
    return re.findall(r"errorlist[^>]*>\s*<li[^>]*>(.*?)</li>", html, re.S) + re.findall(
        r"<li>(?!<)([^<]+)</li>", at_the_top
    )


def test_what_is_wrong_on_a_clients_page_stands_at_its_top_with_links(cast, marc):
    url = f"/backstage/clients/client/{cast.dupont}/change/"
    folds = len(re.findall("<details>", marc.get(url).content.decode()))
    html = fill(marc, url, day_1="99", max_wait_s="x").content.decode()
    links = re.findall(r'<li><a class="link" href="#([^"]+)">([^<]+)</a>', html)
    assert [anchor for anchor, _name in links] == ["id_day_1", "id_max_wait_s"]
    assert all(f'id="{anchor}"' in html for anchor, _name in links)
    assert len(re.findall("<details>", html)) == folds - 1  # the callers' group stands open
    assert "errornote" not in html
    new_site = {"site-TOTAL_FORMS": "1", "site-0-name": "", "site-0-address": "12 rue Haute"}
    html = fill(marc, f"{url}?part=directory", **new_site).content.decode()
    assert '<li><a class="link" href="#id_site-0-name">Lieux, ligne 1\u00a0: Nom</a>' in html
    assert 'id="id_site-0-name"' in html


@pytest.mark.parametrize(
    ("room", "leads"),
    [
        ("clients", "/backstage/accounts/"),
        ("switchboard", "/backstage/switchboard/trunk/"),
        ("staff", "/backstage/staff/pool/"),
        ("foundation", "/backstage/"),
    ],
)
def test_the_address_of_a_room_leads_to_where_its_rows_are_used(marc, room, leads):
    answer = marc.get(f"/backstage/{room}/")
    assert (answer.status_code, answer["Location"]) == (302, leads)
    assert marc.get("/backstage/nothing/").status_code == 404


@pytest.fixture
def marc(cast, browser_of):
    return browser_of(cast.marc)


def announced(name):
    return OutboxEvent.objects.filter(name=name).count()


@pytest.mark.parametrize(
    "path",
    [
        "",
        "clients/client/",
        "clients/client/add/",
        "clients/instruction/",
        "foundation/person/",
        "foundation/person/add/",
        "foundation/house/",
        "foundation/auditentry/",
        "switchboard/trunk/",
        "switchboard/trunk/add/",
    ],
)
def test_every_page_opens_for_the_owner_under_the_strict_policy(marc, path):
    answer = marc.get(f"/backstage/{path}")
    assert answer.status_code == 200
    assert "script-src 'self'" in answer["Content-Security-Policy"]
    page = answer.content.decode()
    assert not re.search(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)[^>]*>", page)
    assert not re.search(r"\son[a-z]+=", page)


@pytest.mark.parametrize("name", ["claire", "dr_weber"])
def test_the_back_office_is_for_the_owner(cast, browser_of, name):
    assert browser_of(getattr(cast, name)).get("/backstage/", follow=True).status_code == 403
    assert (
        browser_of(getattr(cast, name)).get(f"/backstage/clients/client/{cast.weber}/change/", follow=True).status_code
        == 403
    )


def test_the_other_houses_owner_sees_and_reaches_nothing_of_ours(cast, browser_of):
    nadia = browser_of(cast.nadia)
    page = nadia.get("/backstage/clients/client/").content.decode()
    assert "Cabinet Dupont" not in page
    assert page.count("Dr Weber") >= 1
    assert nadia.get(f"/backstage/clients/client/{cast.weber}/change/").status_code == 404
    assert nadia.get(f"/backstage/foundation/person/{cast.claire.person}/change/").status_code == 404
    assert "Claire" not in nadia.get("/backstage/foundation/auditentry/").content.decode()
    assert "loopback" not in nadia.get("/backstage/switchboard/trunk/").content.decode()
    own = nadia.get(f"/backstage/clients/client/{cast.other_client}/change/").content.decode()
    assert "Dr Anne Dupont" not in own


def test_a_client_saved_unchanged_stays_as_he_was(cast, marc):
    before = queries.client_file(house="demo", client=cast.dupont, at=SystemClock().now())
    answer = fill(marc, f"/backstage/clients/client/{cast.dupont}/change/")
    assert (answer.status_code, errors(answer)) == (302, [])
    assert queries.client_file(house="demo", client=cast.dupont, at=SystemClock().now()) == before


def test_a_changed_client_is_saved_noted_and_announced(cast, marc):
    events, entries = announced("ClientChanged"), AuditEntry.objects.count()
    answer = fill(
        marc,
        f"/backstage/clients/client/{cast.weber}/change/?part=lines",
        **{"line-TOTAL_FORMS": "2", "line-1-number": "+352 20 00 01-02", "line-1-label": "mobile"},
    )
    assert (answer.status_code, errors(answer)) == (302, [])
    account = queries.client_file(house="demo", client=cast.weber, at=SystemClock().now())
    assert account.lines == ("+35220000101", "+35220000102")
    assert announced("ClientChanged") == events + 1
    entry = AuditEntry.objects.latest("pk")
    assert AuditEntry.objects.count() == entries + 1
    assert (entry.by_name, entry.action, entry.client_key) == ("Marc", "client.changed", int(cast.weber))
    assert entry.detail == {"fields": [], "Line": {"added": 1, "changed": 0, "deleted": 0}}


def test_a_new_client_begins_with_the_houses_country_and_gets_a_line(cast, marc):
    page = marc.get("/backstage/clients/client/add/")
    data = Form(page.content.decode()).data
    assert (data["country"], data["time_zone"], data["languages"]) == ("LU", "Europe/Luxembourg", "fr")
    answer = fill(
        marc,
        "/backstage/clients/client/add/",
        name="Dr Klein",
        initials="kl",
        kind="practitioner",
        sector="health",
        languages="de, fr",
        **{"line-TOTAL_FORMS": "1", "line-0-number": "+352 20 00 01 09"},
    )
    assert (answer.status_code, errors(answer)) == (302, [])
    row = Client.objects.get(name="Dr Klein")
    assert (row.house_id, row.initials, row.languages) == (cast.marc.house_key, "KL", ["de", "fr"])
    assert Line.objects.get(number="+35220000109").house_id == cast.marc.house_key


@pytest.mark.parametrize(
    ("field", "value"),
    [("languages", "fr, klingon"), ("line-0-number", "twelve"), ("line-0-number", "+33199009999"), ("day_1", "8-99")],
)
def test_a_mistake_is_said_and_nothing_is_saved(cast, marc, field, value):
    events = announced("ClientChanged")
    part = "lines" if field.startswith("line-") else ""
    answer = fill(marc, f"/backstage/clients/client/{cast.weber}/change/?part={part}", **{field: value})
    assert answer.status_code == 200
    assert errors(answer)
    assert announced("ClientChanged") == events


def test_a_new_client_needs_few_words(cast, marc):
    answer = fill(
        marc,
        "/backstage/clients/client/add/",
        name="Dr Eva Klein",
        kind="practitioner",
        sector="health",
        day_0="8h-12h 14-18:30",
        day_6="24h",
        **{
            "line-0-number": "20 00 01 09",
            "recipient-0-name": "Dr Klein",
            "reason-0-label": "Résultats",
            "reason-1-label": "resultats",
        },
    )
    assert (answer.status_code, errors(answer)) == (302, [])
    row = Client.objects.get(name="Dr Eva Klein")
    account = queries.client_file(house="demo", client=str(row.pk), at=SystemClock().now())
    assert (row.initials, account.lines) == ("EK", ("+35220000109",))
    week = {day.weekday: [(each.opens, each.until) for each in day.intervals] for day in account.hours.week}
    assert week[0] == [("08:00", "12:00"), ("14:00", "18:30")]
    assert week[1] == [("08:00", "12:00"), ("14:00", "18:00")]
    assert week[6] == [("00:00", "24:00")]
    assert 5 not in week
    assert [(each.code, each.label) for each in account.reasons] == [
        ("resultats", "Résultats"),
        ("resultats-2", "resultats"),
    ]


def test_the_page_of_a_client_shows_what_the_secretary_will_see(cast, marc):
    page = marc.get(f"/backstage/clients/client/{cast.weber}/change/").content.decode()
    account = queries.client_file(house="demo", client=cast.weber, at=SystemClock().now())
    preview = page[page.index("preview-title") : page.index("preview-title") + 3000]
    assert account.greetings[0].text.split("{name}")[0] in preview
    assert account.instructions[0].text[:20] in preview


def steps_left(browser):
    page = browser.get("/backstage/").content.decode()
    return {
        code: "start__step--done" not in css
        for css, code in re.findall(r'class="row ([^"]*)"[^>]*id="step-(\w+)"', page)
    }


def test_the_start_page_says_what_a_house_still_lacks(cast, marc):
    left = steps_left(marc)
    assert not any(left[code] for code in ("client", "line", "hours", "greeting", "secretary", "trunk"))
    Line.objects.filter(client=cast.weber).delete()
    Trunk.objects.all().delete()
    left = steps_left(marc)
    assert left["line"]
    assert left["trunk"]
    assert "Dr Weber" in marc.get("/backstage/").content.decode()
    assert steps_left(marc)["call"]


@pytest.mark.parametrize(
    ("step", "listed", "added"),
    [
        ("trunk", "/backstage/switchboard/trunk/", "/backstage/switchboard/trunk/add/"),
        ("portal", "/backstage/foundation/person/", "/backstage/foundation/person/add/?portal=1"),
    ],
)
def test_a_done_step_leads_to_what_there_is_and_one_to_do_to_an_empty_form(cast, marc, step, listed, added):
    def leads_to():
        page = marc.get("/backstage/").content.decode()
        return re.search(r'<a class="btn[^>]*href="([^"]*)"', page[page.index(f'id="step-{step}"') :])[1]

    assert leads_to() == listed
    Trunk.objects.all().delete()
    PortalUser.objects.update(active=False)
    assert leads_to() == added


def test_a_person_is_given_the_messages_of_a_client(cast, marc):
    answer = fill(
        marc,
        "/backstage/foundation/person/add/",
        name="Dr Weber",
        email="Weber.private@example.org",
        new_password="a long enough sentence",
        reads_for=cast.weber,
    )
    assert (answer.status_code, errors(answer)) == (302, [])
    person = Person.objects.get(email="weber.private@example.org")
    (access,) = queries.portal_access(house="demo", person=str(person.pk))
    assert (access.client.id, access.recipient, person.is_portal_user) == (cast.weber, None, True)
    nadia = marc.get("/backstage/foundation/person/add/").content.decode()
    assert f'<option value="{cast.other_client}"' not in nadia


def test_voice_messages_of_a_health_client_need_the_agreement(cast, marc):
    answer = fill(marc, f"/backstage/clients/client/{cast.dupont}/change/", voice_message="on")
    assert answer.status_code == 200
    assert errors(answer)


def test_a_changed_instruction_is_a_new_version(cast, marc):
    row = Instruction.objects.filter(client=cast.weber).earliest("pk")
    answer = fill(marc, f"/backstage/clients/instruction/{row.pk}/change/", text="Nouveau texte")
    assert (answer.status_code, errors(answer)) == (302, [])
    old, new = Instruction.objects.get(pk=row.pk), Instruction.objects.get(root=row.pk)
    assert old.text == row.text
    assert (new.version, new.text, new.author.name) == (2, "Nouveau texte", "Marc")
    page = marc.get("/backstage/clients/instruction/").content.decode()
    assert "Nouveau texte" in page
    assert row.text[:30] not in page


def test_a_new_instruction_is_written_on_the_clients_page(cast, marc):
    answer = fill(
        marc,
        f"/backstage/clients/client/{cast.weber}/change/?part=instructions",
        **{"instruction-TOTAL_FORMS": "4", "instruction-3-text": "Absente", "instruction-3-priority": "3"},
    )
    assert (answer.status_code, errors(answer)) == (302, [])
    first = queries.client_file(house="demo", client=cast.weber, at=SystemClock().now()).instructions[0]
    assert (first.text, first.author, first.version) == ("Absente", "Marc", 1)


def test_a_deleted_instruction_is_retired_not_erased(cast, marc):
    row = Instruction.objects.filter(client=cast.weber).earliest("pk")
    assert fill(marc, f"/backstage/clients/instruction/{row.pk}/delete/").status_code == 302
    assert Instruction.objects.get(pk=row.pk).text == row.text
    assert Instruction.objects.get(root=row.pk).retired


def test_a_new_person_answers_calls(cast, marc):
    events = announced("StaffChanged")
    answer = fill(
        marc,
        "/backstage/foundation/person/add/",
        name="Eva",
        email="Eva@Permanence.example",
        new_password="a long enough sentence",
        answers_calls="on",
        languages="de, en",
    )
    assert (answer.status_code, errors(answer)) == (302, [])
    eva = Person.objects.get(email="eva@permanence.example")
    secretary = Secretary.objects.get(person=eva)
    assert (secretary.languages, eva.is_secretary, eva.house_id) == (["de", "en"], True, cast.marc.house_key)
    assert eva.check_password("a long enough sentence")
    assert announced("StaffChanged") == events + 1


@pytest.mark.parametrize(
    "changes",
    [
        {"new_password": "short"},
        {"answers_calls": "on", "languages": ""},
        {"email": "claire@permanence.example"},
        {"email": "Claire@Permanence.example"},
    ],
)
def test_a_mistake_about_a_person_is_said(cast, marc, changes):
    data = {"name": "Eva", "email": "eva@permanence.example", "new_password": "a long enough sentence", **changes}
    answer = fill(marc, "/backstage/foundation/person/add/", **data)
    assert answer.status_code == 200
    assert errors(answer)
    assert not Person.objects.filter(name="Eva").exists()


@pytest.mark.parametrize("chosen", [{"languages": "fr"}, {"languages": "fr, de", "sectors": "health"}])
def test_whoever_is_given_languages_answers_calls_and_her_console_opens(cast, marc, browser_of, chosen):
    data = {"name": "Eva", "email": "eva@permanence.example", "new_password": "a long enough sentence"}
    answer = fill(marc, "/backstage/foundation/person/add/", **data, **chosen)
    assert (answer.status_code, errors(answer)) == (302, [])
    told = marc.get(answer["Location"]).content.decode()
    with translation.override("fr"):
        assert str(person_doors.CONSOLE) in unescape(told).partition("<main")[2]
    eva = browser_of(who_is(Person.objects.select_related("house").get(name="Eva")))
    assert eva.get("/", follow=True).status_code == 200
    assert eva.get("/console").status_code == 200


@pytest.mark.parametrize("chosen", [{}, {"sectors": "health"}])
def test_nobody_is_saved_who_could_open_nothing(cast, marc, chosen):
    data = {"name": "Eva", "email": "eva@permanence.example", "new_password": "a long enough sentence", **chosen}
    answer = fill(marc, "/backstage/foundation/person/add/", **data)
    assert answer.status_code == 200
    assert errors(answer)
    assert not Person.objects.filter(name="Eva").exists()


def test_who_answers_no_calls_any_more_keeps_another_door_or_signs_in_no_more(cast, marc):
    url = f"/backstage/foundation/person/{cast.claire.person}/change/"
    data = Form(marc.get(url).content.decode()).data
    without = {key: value for key, value in data.items() if key != "answers_calls"}
    refused = marc.post(url, without)
    assert refused.status_code == 200
    with translation.override("fr"):
        assert str(person_doors.NOTHING) in [unescape(each) for each in errors(refused)]
    assert Secretary.objects.get(pk=cast.claire_secretary).active
    assert marc.post(url, {**without, "is_supervisor": "on"}).status_code == 302
    claire = Person.objects.get(pk=cast.claire.person_key)
    assert (claire.is_secretary, claire.is_supervisor) == (False, True)
    assert marc.post(url, {key: value for key, value in without.items() if key != "is_active"}).status_code == 302


def test_a_reader_of_messages_is_changed_without_being_chosen_again(cast, marc):
    url = f"/backstage/foundation/person/{cast.dr_weber.person}/change/"
    answer = fill(marc, url, name="Anna Weber")
    assert (answer.status_code, errors(answer)) == (302, [])
    assert Person.objects.get(pk=cast.dr_weber.person_key).is_portal_user


def test_the_last_owner_cannot_lock_the_house(cast, marc):
    url = f"/backstage/foundation/person/{cast.marc.person}/change/"
    data = Form(marc.get(url).content.decode()).data
    for field in ("is_owner", "is_active"):
        answer = marc.post(url, {key: value for key, value in data.items() if key != field})
        assert answer.status_code == 200
        assert errors(answer)
    assert Person.objects.get(pk=cast.marc.person_key).is_owner


def test_who_is_stopped_from_signing_in_answers_no_calls(cast, marc):
    url = f"/backstage/foundation/person/{cast.claire.person}/change/"
    data = Form(marc.get(url).content.decode()).data
    assert data["languages"] == "fr, de"
    assert marc.post(url, {key: value for key, value in data.items() if key != "is_active"}).status_code == 302
    assert not Secretary.objects.get(pk=cast.claire_secretary).active
    assert not Person.objects.get(pk=cast.claire.person_key).is_active


def test_a_trunk_is_added_changed_and_removed(cast, marc):
    events = announced("TrunkChanged")
    answer = fill(
        marc, "/backstage/switchboard/trunk/add/", name="carrier", addresses="192.0.2.10\n192.0.2.64/28", country="FR"
    )
    assert (answer.status_code, errors(answer)) == (302, [])
    row = Trunk.objects.get(name="carrier")
    assert (row.addresses, row.house_id) == (["192.0.2.10", "192.0.2.64/28"], cast.marc.house_key)
    assert fill(marc, f"/backstage/switchboard/trunk/{row.pk}/change/", transport="tls").status_code == 302
    assert errors(fill(marc, f"/backstage/switchboard/trunk/{row.pk}/change/", addresses="carrier.example"))
    assert marc.post(f"/backstage/switchboard/trunk/{row.pk}/delete/", {"post": "yes"}).status_code == 302
    assert announced("TrunkChanged") == events + 3


def folded(html):
    """The sections of a page that are folded, and those whose fold stands open."""
    found = re.findall(r"<details([^>]*)>\s*<summary>(.*?)</summary>", html, re.DOTALL)
    said = [(re.sub(r"<[^>]+>", "", words).strip(), "open" in given) for given, words in found]
    return [words for words, is_open in said if not is_open], [words for words, is_open in said if is_open]


def test_a_new_trunk_asks_for_name_addresses_and_country_and_folds_the_rest(cast, marc):
    marc.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    url = "/backstage/switchboard/trunk/add/"
    shut, _open = folded(marc.get(url).content.decode())
    assert shut == [
        "Registration (leave empty for a trunk known by its address)",
        "Called number",
        "Our calls to the carrier",
        "Transport, encryption (TLS)",
    ]
    simple = fill(marc, url, name="carrier", addresses="192.0.2.10", country="FR")
    assert (simple.status_code, errors(simple)) == (302, [])
    nowhere = fill(marc, url, name="other", country="FR")
    shut, _open = folded(nowhere.content.decode())
    assert "Registration (leave empty for a trunk known by its address)" not in shut
    wrong = fill(marc, url, name="other", addresses="192.0.2.11", country="FR", keep_alive_s="-3")
    assert wrong.status_code == 200
    shut, _open = folded(wrong.content.decode())
    assert "Our calls to the carrier" not in shut, "where a fault is, nothing is folded"
    assert "Transport, encryption (TLS)" in shut


def test_what_a_trunk_has_is_not_folded_away(cast, marc):
    marc.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    row = Trunk.objects.create(
        house_id=cast.marc.house_key, name="reg", country="LU", registrar="sip.example", transport="tls"
    )
    shut, _open = folded(marc.get(f"/backstage/switchboard/trunk/{row.pk}/change/").content.decode())
    assert shut == ["Called number", "Our calls to the carrier"]


def test_the_house_is_renamed(cast, marc):
    answer = fill(marc, f"/backstage/foundation/house/{cast.marc.house_key}/change/", name="Permanence du Grund")
    assert (answer.status_code, errors(answer)) == (302, [])
    assert announced("HouseChanged") == 1
    assert marc.get("/backstage/foundation/house/add/").status_code == 403


def test_changing_ones_own_password_is_noted_and_a_refused_one_is_not(cast, marc):
    noted = AuditEntry.objects.filter(action="person.password_changed")
    given = {"new_password1": "another long enough sentence", "new_password2": "another long enough sentence"}
    refused = fill(marc, "/backstage/password_change/", old_password="not his", **given)
    assert (refused.status_code, noted.count()) == (200, 0)
    answer = fill(marc, "/backstage/password_change/", old_password=PASSWORD, **given)
    assert answer.status_code == 302
    entry = noted.get()
    assert (entry.by_name, entry.subject) == ("Marc", f"foundation.person:{cast.marc.person}")
    assert (entry.house.slug, entry.detail) == ("demo", {})
    assert Person.objects.get(pk=cast.marc.person).check_password("another long enough sentence")
    with translation.override("fr"):
        assert named("person.password_changed") in marc.get("/backstage/foundation/auditentry/").content.decode()


def test_the_audit_trail_is_only_read(cast, marc):
    entry = AuditEntry.objects.for_house("demo").latest("pk")
    assert marc.get(f"/backstage/foundation/auditentry/{entry.pk}/change/").status_code == 200
    assert marc.post(f"/backstage/foundation/auditentry/{entry.pk}/change/", {"action": "x"}).status_code == 403
    assert marc.post(f"/backstage/foundation/auditentry/{entry.pk}/delete/", {"post": "yes"}).status_code == 403


def test_the_audit_trail_speaks_in_words(cast, marc):
    fill(marc, f"/backstage/clients/client/{cast.weber}/change/", max_wait_s="240")
    page = marc.get("/backstage/foundation/auditentry/").content.decode()
    with translation.override("fr"):
        assert named("client.changed") in page
    assert "Dr Weber" in page
    assert "client.changed" not in page
    noted = set(AuditEntry.objects.values_list("action", flat=True))
    assert noted - set(ACTIONS) == set()


@pytest.mark.parametrize(
    "action", ["announcement.withdrawn", "client.day_set", "call.called_back", "call.called_back_undone"]
)
def test_every_act_is_said_in_every_language(action):
    said = set()
    for language in ("en", "fr", "de"):
        with translation.override(language):
            said.add(named(action))
    assert action not in said
    assert len(said) == 3


CODES = "/backstage/clients/forwardingcode/"


def test_an_owner_corrects_a_forwarding_code(cast, marc):
    code = {"operator": "post", "access": "fixed", "kind": "all", "activate": "*70*{number}#", "deactivate": "#70#"}
    answer = fill(marc, f"{CODES}add/", **code)
    assert (answer.status_code, errors(answer)) == (302, [])
    row = ForwardingCode.objects.get()
    assert (row.house_id, row.country, row.activate) == (cast.marc.house_key, "LU", "*70*{number}#")
    assert AuditEntry.objects.latest("pk").action == "forwarding_code.added"
    again = fill(marc, f"{CODES}add/", **code)
    assert again.status_code == 200
    assert errors(again)
    answer = fill(marc, f"{CODES}{row.pk}/change/", activate="*71*{number}#")
    assert (answer.status_code, ForwardingCode.objects.get().activate) == (302, "*71*{number}#")
    assert marc.post(f"{CODES}{row.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not ForwardingCode.objects.exists()
    assert AuditEntry.objects.latest("pk").action == "forwarding_code.removed"


@pytest.mark.parametrize(("field", "value"), [("activate", "112"), ("deactivate", "15"), ("query", "0{number}")])
def test_a_forwarding_code_that_calls_somebody_is_refused(cast, marc, field, value):
    code = {"activate": "*70*{number}#", "deactivate": "#70#", field: value}
    answer = fill(marc, f"{CODES}add/", **code)
    assert answer.status_code == 200
    assert errors(answer)
    assert not ForwardingCode.objects.exists()


def test_a_public_number_of_a_client_becomes_no_line(cast, marc):
    line = Line.objects.filter(client=cast.weber).first()
    Line.objects.filter(pk=line.pk).update(public_number="+35226000001")
    for page in (f"/backstage/clients/client/{cast.dupont}/change/?part=lines", "/backstage/clients/client/add/"):
        answer = fill(marc, page, name="X", **{"line-TOTAL_FORMS": "1", "line-0-number": "+352 26 00 00 01"})
        assert answer.status_code == 200
        assert errors(answer)
    assert not Line.objects.filter(number="+35226000001").exists()
