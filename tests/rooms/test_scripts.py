# SPDX-License-Identifier: AGPL-3.0-or-later
"""Scripts of a client: versions nobody overwrites, publishing that refuses, red flags that wait for the doctor."""

import json
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction

from permanence.clients import queries
from permanence.clients import script_operations as acts
from permanence.clients import script_queries as scripts
from permanence.clients.models import RedFlagValidation
from permanence.clients.models import Script as ScriptRow
from permanence.clients.queries import ClientUnknown
from permanence.clients.rules.script import plain, read_text
from permanence.clients.rules.script_run import progress
from permanence.clients.rules.script_templates import TEMPLATES
from permanence.clients.script_words import fault_words
from permanence.foundation.models import AuditEntry, OutboxEvent
from permanence.reception.card import CallerShown, build_card
from permanence.reception.table import HouseSlice, SecretaryEntry, read_slice, write_slice
from permanence.switchboard import queries as switchboard
from tests.rooms.conftest import NOW

pytestmark = pytest.mark.django_db
TODAY = NOW.date()


def begin(cast, code="doctor", after=0, **fields):
    return acts.begin_from_template(
        **{"client": cast.weber, "language": "fr", "by": cast.marc, "at": NOW, **fields}, code=code, after=after
    )


def text_of(cast, version, client=None):
    found = {each.version: each.text for each in scripts.versions(house=cast.house, client=client or cast.weber)}
    return found[version]


def revised(cast, version, change, **fields):
    """The next version after `version`, with `change` applied to its JSON."""
    data = json.loads(text_of(cast, version))
    change(data)
    more = {"client": cast.weber, "after": version, "by": cast.marc, "at": NOW, **fields}
    return acts.write_draft(text=json.dumps(data), **more)


def publish(cast, version, at=NOW, by=None):
    acts.publish(client=cast.weber, version=version, by=by or cast.marc, at=at)


def validate(cast, version, **fields):
    script = read_text(text_of(cast, version))[0]
    more = {
        "client": cast.weber,
        "red_flags": acts.red_flags_text(script),
        "doctor": cast.recipients["Dr Weber"],
        "validated": TODAY,
        "by": cast.marc,
        "at": NOW,
        **fields,
    }
    acts.validate_red_flags(version=version, **more)


def of_dupont(cast):
    return queries.recipients(house=cast.house, client=cast.dupont)[0].id


def in_force(cast, client=None):
    entry = scripts.script_entry(house=cast.house, client=int(client or cast.weber))
    return None if entry is None else read_text(entry.text)[0]


@pytest.mark.parametrize("code", TEMPLATES)
@pytest.mark.parametrize("language", ["fr", "en", "de"])
def test_a_client_begins_with_a_template_that_may_be_published_at_once(cast, code, language):
    client = cast.weber if code in {"doctor", "dentist", "physiotherapist"} else cast.atlas
    version = begin(cast, code, client=client, language=language)
    acts.publish(client=client, version=version, by=cast.marc, at=NOW)
    assert in_force(cast, client).language == language


def test_without_a_language_it_is_the_one_the_client_is_usually_spoken_to(cast):
    first = queries.client(house=cast.house, client=cast.weber).languages[0]
    assert read_text(text_of(cast, begin(cast, language="")))[0].language == first


def test_nothing_is_in_force_before_it_was_published(cast):
    version = begin(cast)
    assert scripts.script_entry(house=cast.house, client=int(cast.weber)) is None
    publish(cast, version)
    entry = scripts.script_entry(house=cast.house, client=int(cast.weber))
    assert (entry.version, entry.validated_date) == (1, "")
    assert "samples" not in json.loads(entry.text)


def test_a_draft_after_it_leaves_what_is_in_force_and_a_version_is_never_overwritten(cast):
    publish(cast, begin(cast))
    before = text_of(cast, 1)
    revised(cast, 1, lambda data: data.update(title="Autre"))
    assert in_force(cast).title != "Autre"
    assert text_of(cast, 1) == before
    rows = scripts.versions(house=cast.house, client=cast.weber)
    assert [(each.version, each.in_force, each.draft) for each in rows] == [(2, False, True), (1, True, False)]
    publish(cast, 2)
    assert in_force(cast).title == "Autre"


def test_an_earlier_version_published_again_is_the_newest_version(cast):
    publish(cast, begin(cast))
    revised(cast, 1, lambda data: data.update(title="Autre"))
    publish(cast, 2, at=NOW + timedelta(minutes=1))
    publish(cast, 1, at=NOW + timedelta(minutes=2))
    rows = scripts.versions(house=cast.house, client=cast.weber)
    assert [(each.version, each.in_force) for each in rows] == [(3, True), (2, False), (1, False)]
    assert text_of(cast, 3) == text_of(cast, 1)


def test_two_who_write_at_once_the_second_is_told_and_nothing_is_lost(cast):
    begin(cast)
    revised(cast, 1, lambda data: data.update(title="De Claire"))
    with pytest.raises(acts.ScriptChanged):
        revised(cast, 1, lambda data: data.update(title="De Marc"))
    assert scripts.versions(house=cast.house, client=cast.weber)[0].title == "De Claire"


def test_what_is_not_sound_is_kept_as_a_draft_and_never_published(cast):
    publish(cast, begin(cast))
    version = revised(cast, 1, lambda data: data["routes"].pop())
    with pytest.raises(acts.ScriptRefused) as refused:
        publish(cast, version)
    assert {each.code for each in refused.value.faults} >= {"sample_unknown", "choice_unhandled"}
    assert in_force(cast).routes[-1].id == "paper"


def test_what_is_no_script_is_not_kept(cast):
    for text in ("", "[]", '{"format":1}', "x" * 50_000):
        with pytest.raises(acts.ScriptRefused):
            acts.write_draft(client=cast.weber, text=text, after=0, by=cast.marc, at=NOW)
    assert ScriptRow.objects.count() == 0


def test_sample_calls_run_before_publishing(cast):
    begin(cast)
    version = revised(cast, 1, lambda data: data["samples"][0]["expect"].update(route="sales"))
    with pytest.raises(acts.ScriptRefused) as refused:
        publish(cast, version)
    assert {(each.code, each.where) for each in refused.value.faults} == {
        ("sample_failed", json.loads(text_of(cast, version))["samples"][0]["name"])
    }


def test_a_recipient_who_left_or_of_another_client_refuses_the_script(cast):
    begin(cast)
    elsewhere = of_dupont(cast)
    version = revised(cast, 1, lambda data: data["routes"][0].update(recipient=elsewhere))
    with pytest.raises(acts.ScriptRefused) as refused:
        publish(cast, version)
    assert ("recipient_unknown", elsewhere) in {(each.code, each.what) for each in refused.value.faults}


def test_the_card_of_a_call_carries_the_script_and_the_slice_travels_whole(cast):
    publish(cast, begin(cast))
    validate(cast, 1)
    one = switchboard.client_slice(house=cast.house, client=cast.weber, version=7, at=NOW)
    assert read_slice(json.loads(json.dumps(write_slice(one)))) == one
    house = HouseSlice(house="demo", version=1, name="H", language="fr", secretaries=(), trunks=())
    secretary = SecretaryEntry(id="1", name="Claire", languages=("fr",))
    card = build_card(one, house, secretary, caller=CallerShown(), called_line="+352", at=NOW).plain()
    shown = read_text(card["script"]["text"])[0]
    assert (card["script"]["version"], card["script"]["validated_date"]) == (1, TODAY.isoformat())
    assert progress(shown, {}, heard="mal à la poitrine").red_flags == ("chest_pain",)


def test_a_slice_of_before_is_read_without_a_script(cast):
    plain_slice = write_slice(switchboard.client_slice(house=cast.house, client=cast.weber, version=7, at=NOW))
    del plain_slice["script"]
    assert read_slice(plain_slice).script is None


# ---------- red flags ----------


def test_red_flags_are_not_in_force_before_the_doctor_validated_them_with_a_date(cast):
    publish(cast, begin(cast))
    assert in_force(cast).red_flags == ()
    validate(cast, 1)
    assert [each.id for each in in_force(cast).red_flags][:2] == ["chest_pain", "breathless"]
    found = scripts.last_validation(house=cast.house, client=cast.weber)
    assert (found.doctor, found.validated_date) == ("Dr Weber", TODAY)


def test_a_list_changed_after_the_validation_leaves_the_validated_one_in_force(cast):
    publish(cast, begin(cast))
    validate(cast, 1)
    before = in_force(cast).red_flags
    version = revised(cast, 1, drop_flag)
    publish(cast, version, at=NOW + timedelta(minutes=1))
    assert in_force(cast).red_flags == before
    validate(cast, version)
    assert in_force(cast).red_flags == before[1:]
    assert RedFlagValidation.objects.count() == 2


def drop_flag(data):
    gone = data["red_flags"].pop(0)["id"]
    without_flag(data, gone)


def without_flag(data, gone):
    data["samples"] = [each for each in data["samples"] if gone not in each["expect"].get("red_flags", [])]


def test_a_script_that_takes_a_question_from_under_a_validated_red_flag_is_refused(cast):
    publish(cast, begin(cast))
    validate(cast, 1)

    def without_fever(data):
        data["questions"] = [each for each in data["questions"] if each["id"] != "fever"]
        data["red_flags"] = [each for each in data["red_flags"] if each["id"] != "infant_fever"]
        data["samples"] = [
            each for each in data["samples"] if "infant_fever" not in each["expect"].get("red_flags", [])
        ]

    version = revised(cast, 1, without_fever)
    with pytest.raises(acts.ScriptRefused) as refused:
        publish(cast, version)
    assert [(each.code, each.where, each.what) for each in refused.value.faults] == [
        ("red_flag_in_force", "Fièvre d’un nourrisson", "")
    ]
    assert "Gardez-la comme brouillon" in fault_words(refused.value.faults[0])
    validate(cast, version)  # the doctor agrees to the shorter list: now it may
    publish(cast, version)


def with_breath(data, one_of=("yes",), choices=()):
    """One question more, and instead of all red flags one that depends on its answer."""
    kind = {"kind": "choice", "choices": list(choices)} if choices else {"kind": "yes_no"}
    place = next(n for n, each in enumerate(data["questions"]) if each["id"] == "name")
    data["questions"].insert(place, {"id": "breath", "ask": "Respire-t-il bien ?", "label": "Souffle", **kind})
    flag = {"id": "short", "label": "Souffle court", "say": "Raccrochez et composez le 112."}
    data["red_flags"] = [{**flag, "when": [{"question": "breath", "one_of": list(one_of)}]}]
    for each in data["samples"]:
        each["expect"].pop("red_flags", None)
        each["expect"].pop("asked", None)


def test_red_flags_validated_for_a_draft_leave_those_of_the_published_script_in_force(cast):
    publish(cast, begin(cast))
    validate(cast, 1)
    before = in_force(cast).red_flags
    version = revised(cast, 1, with_breath)
    validate(cast, version, validated=TODAY - timedelta(days=1))
    entry = scripts.script_entry(house=cast.house, client=int(cast.weber))
    assert (entry.version, entry.validated_date) == (1, TODAY.isoformat())
    assert in_force(cast).red_flags == before
    assert {"chest_pain", "stroke"} <= {each.id for each in before}
    publish(cast, version, at=NOW + timedelta(minutes=1))
    assert [each.id for each in in_force(cast).red_flags] == ["short"]


def test_red_flags_that_compare_an_answer_which_the_published_script_lacks_wait_too(cast):
    good, bad, blue = ({"code": code, "label": code} for code in ("good", "bad", "blue"))
    version = revised(cast, begin(cast), lambda data: with_breath(data, ["bad"], [good, bad]))
    publish(cast, version)
    validate(cast, version)
    before = in_force(cast).red_flags

    def with_blue(data):
        next(each for each in data["questions"] if each["id"] == "breath")["choices"].append(blue)
        data["red_flags"][0]["when"][0]["one_of"] = ["blue"]

    version = revised(cast, version, with_blue)
    validate(cast, version)
    assert in_force(cast).red_flags == before
    publish(cast, version, at=NOW + timedelta(minutes=1))
    assert in_force(cast).red_flags[0].when[0].one_of == ("blue",)


def test_a_flag_on_a_question_of_another_kind_does_not_fit(cast):
    version = revised(cast, begin(cast), with_breath)
    publish(cast, version)
    validate(cast, version)
    before = in_force(cast).red_flags

    def a_number(data):
        next(each for each in data["questions"] if each["id"] == "breath")["kind"] = "number"
        data["red_flags"][0]["when"] = [{"question": "breath", "at_least": 30.0}]

    version = revised(cast, version, a_number)
    validate(cast, version)
    assert in_force(cast).red_flags == before


def test_a_list_whose_questions_are_all_there_is_in_force_at_once(cast):
    publish(cast, begin(cast))
    validate(cast, 1)
    version = revised(cast, 1, drop_flag)
    validate(cast, version)
    assert len(in_force(cast).red_flags) == 8
    assert in_force(cast).title == read_text(text_of(cast, 1))[0].title


def test_the_page_says_which_red_flags_are_in_force_and_which_wait_for_publishing(cast, browser_of):
    marc = browser_of(cast.marc)
    page = f"/backstage/scripts/{cast.weber}/"
    publish(cast, begin(cast))
    validate(cast, 1)
    version = revised(cast, 1, with_breath)
    waits = f"En vigueur dès que la version {version} sera publiée"
    plain_page = marc.get(page).content.decode()
    assert waits not in plain_page
    assert "ils attendent le médecin" in plain_page
    flags = acts.red_flags_text(read_text(text_of(cast, version))[0])
    form = {"act": "validate", "version": str(version), "doctor": cast.recipients["Dr Weber"], "red_flags": flags}
    shown = marc.post(page, {**form, "validated": TODAY.isoformat()}, follow=True).content.decode()
    assert waits in shown.replace("\u00a0", " ")
    assert "Les signes d’alerte sont en vigueur." not in shown
    assert "ils attendent le médecin" not in shown
    assert "En vigueur : 9 signes d’alerte" in shown.replace("\u00a0", " ")
    publish(cast, version, at=NOW + timedelta(minutes=1))
    after = marc.get(page).content.decode().replace("\u00a0", " ")
    assert waits not in after
    assert "En vigueur : 1 signe d’alerte" in after


def test_red_flags_validated_before_anything_is_published_wait_for_it(cast, browser_of):
    marc, page = browser_of(cast.marc), f"/backstage/scripts/{cast.weber}/"
    validate(cast, begin(cast))
    shown = marc.get(page).content.decode().replace("\u00a0", " ")
    assert "En vigueur dès que la version 1 sera publiée" in shown
    assert "En vigueur :" not in shown


def test_only_a_practitioner_of_this_client_validates_and_not_tomorrow(cast):
    begin(cast)
    for doctor in (
        of_dupont(cast),
        cast.other_recipient,
        "999999",
        "",
        "1 or 1=1",
    ):
        with pytest.raises(acts.DoctorUnknown):
            validate(cast, 1, doctor=doctor)
    with pytest.raises(acts.DateAhead):
        validate(cast, 1, validated=TODAY + timedelta(days=1))
    with pytest.raises(acts.RedFlagsChanged):
        validate(cast, 1, red_flags="[]")
    with pytest.raises(acts.ScriptUnknown):
        acts.validate_red_flags(
            client=cast.weber, version=9, red_flags="[]", doctor="1", validated=TODAY, by=cast.marc, at=NOW
        )
    assert RedFlagValidation.objects.count() == 0


def test_the_day_of_a_validation_is_the_clients_day(cast):
    begin(cast)
    late = NOW.replace(hour=23, minute=30)  # already the next day in Luxembourg
    validate(cast, 1, at=late, validated=TODAY + timedelta(days=1))
    assert RedFlagValidation.objects.get().validated_date == date(2026, 11, 25)


def test_red_flags_that_do_not_name_the_emergency_number_are_not_validated(cast):
    begin(cast)
    version = revised(cast, 1, lambda data: data["red_flags"][0].update(say="Venez demain."))
    with pytest.raises(acts.ScriptRefused):
        validate(cast, version)


# ---------- walls, trail, search ----------


def test_nobody_reaches_the_script_of_another_house(cast):
    begin(cast)
    for act in (
        lambda: begin(cast, after=1, by=cast.nadia),
        lambda: publish(cast, 1, by=cast.nadia),
        lambda: validate(cast, 1, by=cast.nadia),
        lambda: revised(cast, 1, lambda data: None, by=cast.nadia),
        lambda: acts.check(house=cast.other_house, client=cast.weber, text=text_of(cast, 1), on=TODAY),
    ):
        with pytest.raises(ClientUnknown):
            act()
    assert scripts.versions(house=cast.other_house, client=cast.weber) == ()
    assert scripts.script_entry(house=cast.other_house, client=int(cast.weber)) is None
    assert scripts.search(house=cast.other_house, text="ordonnance").places == ()
    assert scripts.versions(house=cast.house, client="x") == ()


def test_each_act_is_noted_and_announced_once(cast):
    publish(cast, begin(cast))
    validate(cast, 1)
    noted = AuditEntry.objects.filter(action__startswith="script.") | AuditEntry.objects.filter(
        action__startswith="red"
    )
    assert [each.action for each in noted.order_by("pk")] == [
        "script.drafted",
        "script.published",
        "red_flags.validated",
    ]
    told = [each for each in OutboxEvent.objects.order_by("-pk")[:3] if each.name == "ClientChanged"]
    assert len(told) == 3


def test_a_version_exists_once_in_the_database_too(cast):
    begin(cast)
    row = ScriptRow.objects.get()
    row.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save()


def test_search_finds_words_in_force_and_in_draft_without_accents(cast):
    publish(cast, begin(cast))
    begin(cast, "after_sales", client=cast.atlas, language="en")
    found = scripts.search(house=cast.house, text="MEDECIN DOIT-IL rappeler").places
    assert [(each.client_name, each.part, each.draft) for each in found] == [("Dr Weber", "pro_now", False)]
    assert {each.client for each in scripts.search(house=cast.house, text="serial number").places} == {cast.atlas}
    assert scripts.search(house=cast.house, text="serial number").places[0].draft
    assert scripts.search(house=cast.house, text=" ?! ").places == ()


def test_a_search_counts_what_it_does_not_name(cast, monkeypatch):
    publish(cast, begin(cast))
    begin(cast, "after_sales", client=cast.atlas, language="en")
    whole = scripts.search(house=cast.house, text="a")
    assert len(whole.places) == whole.total > 5
    monkeypatch.setattr(scripts, "FOUND_LIMIT", 5)
    found = scripts.search(house=cast.house, text="a")
    assert (len(found.places), found.total) == (5, whole.total)
    hers = scripts.search(house=cast.house, text="a", only=frozenset({cast.atlas}))
    assert {each.client for each in hers.places} == {cast.atlas}
    assert 0 < hers.total < whole.total


def test_the_page_says_that_there_are_more_than_it_names(cast, browser_of, monkeypatch):
    publish(cast, begin(cast))
    monkeypatch.setattr(scripts, "FOUND_LIMIT", 5)
    page = browser_of(cast.marc).get("/backstage/scripts/?q=a").content.decode()
    total = scripts.search(house=cast.house, text="a").total
    assert f"{total} " in page.partition('id="places-title"')[2][:40]
    assert 'role="status"' in page.partition('id="places-title"')[2]


def test_a_replaced_version_is_not_found_any_more(cast):
    publish(cast, begin(cast))
    revised(cast, 1, lambda data: data.update(title="Tout autre"))
    publish(cast, 2, at=NOW + timedelta(minutes=1))
    assert {each.version for each in scripts.search(house=cast.house, text="rendez-vous").places} == {2}


def test_where_a_recipient_is_used_is_every_route_and_alert_of_his_client(cast):
    publish(cast, begin(cast))
    key = cast.recipients["Dr Weber"]
    script = read_text(text_of(cast, 1))[0]
    expected = {each.id for each in script.routes if each.recipient == key} | {each.id for each in script.red_flags}
    found = scripts.uses_of_recipient(house=cast.house, client=cast.weber, recipient=key)
    assert {each.part for each in found} == expected
    assert scripts.uses_of_recipient(house=cast.house, client=cast.dupont, recipient=key) == ()
    assert scripts.uses_of_recipient(house=cast.other_house, client=cast.weber, recipient=key) == ()


def test_reads_ask_as_often_whatever_the_number_of_versions(cast, django_assert_num_queries):
    publish(cast, begin(cast))
    for version in range(1, 6):
        revised(cast, version, lambda data: data.update(title=f"Titre {len(data)}"))
    with django_assert_num_queries(1):
        scripts.versions(house=cast.house, client=cast.weber)
    with django_assert_num_queries(2):
        scripts.script_entry(house=cast.house, client=int(cast.weber))
    with django_assert_num_queries(2):
        scripts.search(house=cast.house, text="rendez-vous")
    assert plain(in_force(cast))["format"] == 1


def test_an_id_that_no_database_can_hold_is_an_unknown_client(cast):
    for strange in ("9" * 30, "-1", "one", ""):
        with pytest.raises(ClientUnknown):
            acts.write_draft(client=strange, text="{}", after=0, by=cast.marc, at=NOW)
