# SPDX-License-Identifier: AGPL-3.0-or-later
"""Invitations: a mail with a link that works once, and the first sign-in behind it."""

import logging
import re
from datetime import timedelta

import pytest
from django.core import signing
from django.test import Client as Browser

from permanence.dispatch import tasks
from permanence.dispatch.channels.email.relay import RelaySettings
from permanence.dispatch.rules import LEASE, MAX_ATTEMPTS
from permanence.foundation import invitations, operations
from permanence.foundation.logs import WithoutRows
from permanence.foundation.models import AuditEntry, Invitation, OutboxEvent, Person
from permanence.foundation.rules import Role
from permanence.kernel.system import SystemClock
from permanence.project.mail_sink import start_mail_sink
from permanence.staff import queries as staff
from tests.processes import free_port
from tests.rooms.conftest import NOW, SeededEntropy
from tests.rooms.test_backstage import errors, fill

PASSWORD = "quatre mots bien longs"
ZOE = "zoe@permanence.example"


def invite(cast, *, at=NOW, email=ZOE, roles=frozenset()):
    person = operations.add_person(email=email, name="zoe", language="de", roles=roles, by=cast.marc, at=at)
    return send(cast, person, at=at)


def send(cast, person, *, at=NOW):
    key = invitations.send_invitation(person=person, by=cast.marc, at=at, entropy=SeededEntropy(at.microsecond))
    return Invitation.objects.get(pk=int(key))


def link(row):
    return invitations.token_of(row)


def accept(token, *, at=NOW, name="Zoé", password=PASSWORD, language="fr"):
    return invitations.accept(token=token, name=name, password=password, language=language, at=at)


def test_the_link_gives_name_password_and_language_once(cast):
    row = invite(cast, roles=frozenset({Role.SUPERVISOR}))
    assert invitations.look(token=link(row), at=NOW).email == ZOE
    person = accept(link(row))
    assert (person.name, person.language, person.check_password(PASSWORD)) == ("Zoé", "fr", True)
    assert Role.SUPERVISOR in person.roles
    for again in (accept, lambda token: invitations.look(token=token, at=NOW)):
        with pytest.raises(invitations.InvitationUsed):
            again(link(row))
    assert Person.objects.get(pk=person.pk).check_password(PASSWORD)
    actions = list(AuditEntry.objects.filter(house__slug="demo").order_by("-pk").values_list("action", flat=True)[:3])
    assert actions == ["person.invitation_accepted", "person.invited", "person.added"]
    assert OutboxEvent.objects.filter(name="PersonChanged").exists()


def test_the_link_ends(cast):
    row = invite(cast)
    assert accept(link(row), at=row.expires_at - timedelta(seconds=1)).name == "Zoé"
    other = invite(cast, email="late@permanence.example")
    with pytest.raises(invitations.InvitationExpired):
        accept(link(other), at=other.expires_at)


def test_a_link_sent_again_replaces_the_one_before(cast):
    first = invite(cast)
    old = link(first)
    second = send(cast, str(first.person_id), at=NOW + timedelta(days=8))
    assert second.pk == first.pk
    with pytest.raises(invitations.InvitationReplaced):
        accept(old)
    assert accept(link(second), at=NOW + timedelta(days=9)).has_usable_password()


def test_a_revoked_link_opens_nothing_until_the_person_is_invited_again(cast):
    row = invite(cast)
    invitations.revoke_invitation(person=str(row.person_id), by=cast.marc, at=NOW)
    with pytest.raises(invitations.InvitationRevoked):
        accept(link(row))
    assert not Person.objects.get(pk=row.person_id).is_active
    again = send(cast, str(row.person_id))
    with pytest.raises(invitations.InvitationRevoked):
        accept(link(row))
    assert accept(link(again)).is_active


@pytest.mark.parametrize("forged", ["", "x", "1:1", ":::", "é", "a" * 4000, "\x00"])
def test_a_forged_link_is_nobodys(cast, forged):
    invite(cast)
    with pytest.raises(invitations.InvitationUnknown):
        invitations.look(token=forged, at=NOW)


@pytest.mark.parametrize("body", [[1, 1], ["x", 1], [10**30, 1], {"a": 1}, None, [1], [-1, 1], [True, True]])
def test_a_signature_of_another_kind_is_no_invitation(cast, body):
    invite(cast)
    token = signing.dumps(body, salt="another.salt")
    with pytest.raises(invitations.InvitationUnknown):
        invitations.look(token=token, at=NOW)
    with pytest.raises((invitations.InvitationUnknown, invitations.InvitationReplaced)):
        invitations.look(token=signing.dumps([999999999, 1] if body == [1, 1] else body, salt=invitations.SALT), at=NOW)


def test_refusals_of_an_acceptance_leave_the_link_good(cast):
    row = invite(cast)
    with pytest.raises(operations.PasswordWeak):
        accept(link(row), password="short")
    with pytest.raises(invitations.NameMissing):
        accept(link(row), name="  ")
    with pytest.raises(operations.LanguageUnknown):
        accept(link(row), language="xx")
    assert accept(link(row)).name == "Zoé"


def test_who_has_a_password_is_not_invited(cast):
    with pytest.raises(invitations.HasAPassword):
        send(cast, cast.claire.person)
    row = invite(cast)
    operations.give_password(person=str(row.person_id), password=PASSWORD, by=cast.marc, at=NOW)
    with pytest.raises(invitations.InvitationUsed):
        accept(link(row))
    with pytest.raises(operations.PersonUnknown):
        send(cast, cast.nadia.person)
    with pytest.raises(operations.PersonUnknown):
        invitations.revoke_invitation(person=cast.nadia.person, by=cast.marc, at=NOW)


def test_an_owner_who_was_only_invited_does_not_keep_the_house(cast):
    invite(cast, roles=frozenset({Role.OWNER}))
    with pytest.raises(operations.LastOwner):
        operations.grant(person=cast.marc.person, role=Role.OWNER, held=False, by=cast.marc, at=NOW)


# the mail ---------------------------------------------------------------------------------------------------------


def mails(folder):
    return [path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.eml"))]


def test_the_mail_reaches_the_demonstrations_mailbox_and_its_link_signs_in(cast, settings):
    row = invite(cast, at=SystemClock().now(), roles=frozenset({Role.SUPERVISOR}))
    port = free_port()
    sink = start_mail_sink(data=settings.PERMANENCE.data, host="127.0.0.1", port=port)
    try:
        assert tasks.run_invitations(at=row.made_at, relay=RelaySettings(host="127.0.0.1", port=port)) == 1
        assert tasks.run_invitations(at=row.made_at, relay=RelaySettings(host="127.0.0.1", port=port)) == 0
    finally:
        sink.stop()
    (text,) = mails(settings.PERMANENCE.mailbox)
    assert "Permanence du Kirchberg" in text
    browser = Browser()
    listed = browser.get("/demo/mail").content.decode()
    name = re.search(r'href="(/demo/mail/[^"]+)"', listed)
    path = re.search(r'href="(/invitation/[^"]+)"', browser.get(name[1]).content.decode())
    page = browser.get(path[1]).content.decode()
    assert ZOE in page
    answer = browser.post(path[1], {"name": "Zoé", "password": PASSWORD, "again": PASSWORD, "language": "fr"})
    assert answer.status_code == 302
    assert answer["Location"] == "/supervision/calls"
    assert browser.get("/supervision/calls").status_code == 200
    row.refresh_from_db()
    assert row.sent_at is not None


def test_a_relay_that_is_away_is_asked_again_and_given_up_in_the_end(cast):
    row = invite(cast)
    nowhere = RelaySettings(host="127.0.0.1", port=free_port())
    assert tasks.run_invitations(at=NOW, relay=nowhere) == 1
    row.refresh_from_db()
    assert row.next_attempt_at == NOW + timedelta(minutes=1)
    assert row.why
    assert tasks.run_invitations(at=NOW, relay=nowhere) == 0
    Invitation.objects.update(attempts=MAX_ATTEMPTS - 1)
    assert tasks.run_invitations(at=NOW + timedelta(minutes=1), relay=nowhere) == 1
    row.refresh_from_db()
    assert row.next_attempt_at is None
    assert invitations.state_of(row, at=NOW) == "failed"


def test_two_workers_send_one_mail_and_a_killed_one_does_not_lose_it(cast):
    row = invite(cast)
    taken = invitations.take_due(at=NOW, lease=LEASE)
    assert taken is not None
    assert invitations.take_due(at=NOW, lease=LEASE) is None
    again = invitations.take_due(at=NOW + LEASE, lease=LEASE)
    assert again is not None
    invitations.finish(taken, at=NOW + LEASE, sent=True)  # the killed one comes back late: its lease is lost
    row.refresh_from_db()
    assert row.sent_at is None
    invitations.finish(again, at=NOW + LEASE, sent=True)
    row.refresh_from_db()
    assert row.sent_at == NOW + LEASE


def test_nothing_is_sent_for_what_was_revoked_accepted_or_replaced(cast):
    row = invite(cast)
    invitations.revoke_invitation(person=str(row.person_id), by=cast.marc, at=NOW)
    assert invitations.take_due(at=NOW, lease=LEASE) is None
    again = send(cast, str(row.person_id))
    taken = invitations.take_due(at=NOW, lease=LEASE)
    send(cast, str(row.person_id), at=NOW + timedelta(seconds=1))
    invitations.finish(taken, at=NOW, sent=True)
    again.refresh_from_db()
    assert again.sent_at is None  # the link in that mail is good no longer: the new one is still to be sent
    accept(link(again), at=NOW + timedelta(seconds=1))
    assert invitations.take_due(at=NOW + timedelta(seconds=1), lease=LEASE) is None


# the page ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def here(cast):
    return f"/invitation/{link(invite(cast, at=SystemClock().now()))}"


def test_looking_at_the_link_changes_nothing(cast, here):
    before = [list(table.objects.order_by("pk").values()) for table in (Invitation, Person, AuditEntry)]
    for method in ("get", "head"):
        assert getattr(Browser(), method)(here).status_code == 200
    assert [list(table.objects.order_by("pk").values()) for table in (Invitation, Person, AuditEntry)] == before


@pytest.mark.parametrize(
    "wrong",
    [
        {"again": "another one"},
        {"password": "court", "again": "court"},
        {"password": "permanence12", "again": "permanence12"},
        {"name": ""},
        {"language": "xx"},
        {"password": "demo" * 3000, "again": "demo" * 3000},
    ],
)
def test_a_mistake_on_the_page_is_said_and_keeps_the_link(cast, here, wrong):
    good = {"name": "Zoé", "password": PASSWORD, "again": PASSWORD, "language": "fr"}
    browser = Browser(headers={"accept-language": "fr"})
    answer = browser.post(here, {**good, **wrong})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert re.search(r'role="alert">.*<p>[^<]{10,}</p>', page)
    assert PASSWORD not in page
    assert not Person.objects.get(email=ZOE).has_usable_password()
    assert browser.post(here, good).status_code == 302


def test_a_link_that_is_no_good_says_why_and_what_to_do(cast, here):
    assert Browser().get("/invitation/nothing").status_code == 404
    Invitation.objects.update(revoked_at=NOW)
    answer = Browser().get(here)
    assert answer.status_code == 410
    assert ZOE not in answer.content.decode()
    assert Browser().post(here, {"name": "x", "password": PASSWORD, "again": PASSWORD}).status_code == 410


def test_the_link_does_not_stand_in_the_log(cast, here):
    written = []
    keeper = logging.Handler()
    keeper.setFormatter(WithoutRows("%(levelname)s %(message)s"))
    keeper.emit = lambda record: written.append(keeper.format(record))  # type: ignore[method-assign]
    logger = logging.getLogger("django.request")
    logger.addHandler(keeper)
    try:
        Browser().post(here, {})
    finally:
        logger.removeHandler(keeper)
    assert written == ["WARNING Unprocessable Content: /invitation/(left out)"]


def test_the_session_of_whoever_opens_the_link_is_not_taken_over(cast, here, browser_of):
    marc = browser_of(cast.marc)
    good = {"name": "Zoé", "password": PASSWORD, "again": PASSWORD, "language": "fr"}
    before = marc.session.session_key
    assert marc.post(here, good).status_code == 302
    assert marc.session.session_key != before
    assert marc.session["_auth_user_id"] == str(Person.objects.get(email=ZOE).pk)


# the back office --------------------------------------------------------------------------------------------------


def test_an_owner_invites_sends_again_and_revokes(cast, browser_of):
    marc = browser_of(cast.marc)
    url = "/backstage/foundation/person/add/"
    answer = fill(marc, url, email=ZOE, answers_calls="on", languages="fr", invite="on")
    assert answer.status_code == 302
    person = Person.objects.get(email=ZOE)
    assert (person.name, person.has_usable_password()) == ("zoe", False)
    assert [each.name for each in staff.secretaries(house="demo")] == ["Aoife", "Claire", "zoe"]
    row = Invitation.objects.get(person=person)
    listed = marc.get("/backstage/foundation/person/?q=zoe").content.decode()
    assert 'field-entry">-<' not in listed
    assert 'field-entry">-<' in marc.get("/backstage/foundation/person/?q=claire").content.decode()
    page = marc.get(f"/backstage/foundation/person/{person.pk}/change/").content.decode()
    again, revoke = re.findall(r'formaction="([^"]+)"', page)
    assert marc.post(again).status_code == 302
    row.refresh_from_db()
    assert row.number == 2
    assert marc.get(again).status_code == 405
    assert marc.post(revoke).status_code == 302
    row.refresh_from_db()
    assert row.revoked_at is not None
    assert [each.name for each in staff.secretaries(house="demo")] == ["Aoife", "Claire"]


def test_a_person_needs_a_name_only_where_nobody_is_invited(cast, browser_of):
    marc = browser_of(cast.marc)
    page = fill(marc, "/backstage/foundation/person/add/", email=ZOE, invite="", new_password=PASSWORD)
    assert page.status_code == 200
    assert errors(page)
    both = fill(
        marc, "/backstage/foundation/person/add/", email=ZOE, invite="on", new_password=PASSWORD, is_supervisor="on"
    )
    assert both.status_code == 302
    assert not Invitation.objects.exists()  # a password was given: there is nothing to choose


def test_the_other_houses_owner_cannot_send_or_revoke(cast, browser_of):
    row = invite(cast)
    operations.grant(person=cast.nadia.person, role=Role.OWNER, by=operations.house_system(house="nadia"), at=NOW)
    nadia = browser_of(cast.nadia)
    for what in ("send", "revoke"):
        answer = nadia.post(f"/backstage/foundation/person/{row.person_id}/invitation/{what}/")
        assert answer.status_code == 404
    row.refresh_from_db()
    assert (row.number, row.revoked_at) == (1, None)
