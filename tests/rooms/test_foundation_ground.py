# SPDX-License-Identifier: AGPL-3.0-or-later
"""Houses and persons, doors, audit trail, secrecy, tickets."""

import contextlib
import stat
from datetime import timedelta

import pytest
from django.contrib.auth import authenticate
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection, transaction
from django.http import HttpResponse
from django.test import RequestFactory
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from permanence.foundation import audit, live, operations, secrecy
from permanence.foundation.models import AuditEntry, LiveTouch, Person
from permanence.foundation.rules import Role, may_hear, retry_after
from permanence.foundation.seats import TicketKeyMissing, seat_ticket
from permanence.foundation.who import house_only, owner_only, portal_only, secretary_only, supervisor_only, who
from permanence.kernel.tickets import TicketRefused, read_ticket
from tests.rooms.conftest import OTHER_PASSWORD, SeededEntropy, person

DELETE_REFUSED = (
    "CREATE TRIGGER foundation_auditentry_no_delete BEFORE DELETE ON foundation_auditentry "
    "BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END"
)


def test_a_persons_name_and_house_come_as_by(cast):
    assert (cast.claire.name, cast.claire.house, cast.claire.roles) == ("Claire", "demo", {Role.SECRETARY})
    assert cast.marc.roles == {Role.OWNER, Role.SUPERVISOR}
    assert cast.dr_weber.roles == {Role.PORTAL_USER}
    assert (cast.claire.of_house, cast.dr_weber.of_house) == (True, False)


def test_login_is_the_email_whatever_its_case(cast):
    assert authenticate(username="Claire@Permanence.Example", password="demo").name == "Claire"
    assert authenticate(username="claire@permanence.example", password="wrong") is None


def test_the_demonstrations_password_opens_nothing_in_a_real_house(cast, settings):
    settings.DEMONSTRATION = False
    assert authenticate(username="claire@permanence.example", password="demo") is None
    assert authenticate(username="nadia@nadia.example", password=OTHER_PASSWORD).name == "Nadia"


def test_a_real_house_refuses_a_weak_password_and_the_documented_one(cast, now):
    for password in ("demo", "short", "nadia@nadia.example"):
        with pytest.raises(operations.PasswordWeak):
            operations.give_password(person=cast.nadia.person, password=password, by=cast.nadia, at=now)
    operations.give_password(person=cast.nadia.person, password="quite another sentence", by=cast.nadia, at=now)
    assert authenticate(username="nadia@nadia.example", password="quite another sentence")


def test_persons_of_another_house_are_out_of_reach(cast, now):
    with pytest.raises(operations.PersonUnknown):
        operations.give_password(person=cast.claire.person, password="a long sentence", by=cast.nadia, at=now)
    with pytest.raises(operations.PersonUnknown):
        operations.grant(person=cast.claire.person, role=Role.OWNER, by=cast.nadia, at=now)


def test_one_email_is_one_person_in_every_spelling(cast, now):
    with pytest.raises(operations.EmailTaken):
        operations.add_person(
            email="CLAIRE@permanence.example", name="X", language="fr", roles=frozenset(), by=cast.nadia, at=now
        )
    with pytest.raises(operations.EmailMalformed):
        operations.add_person(email="claire", name="X", language="fr", roles=frozenset(), by=cast.marc, at=now)


def test_the_last_owner_stays(cast, now):
    with pytest.raises(operations.LastOwner):
        operations.grant(person=cast.marc.person, role=Role.OWNER, held=False, by=cast.marc, at=now)
    operations.grant(person=cast.claire.person, role=Role.OWNER, by=cast.marc, at=now)
    operations.grant(person=cast.marc.person, role=Role.OWNER, held=False, by=cast.marc, at=now)
    assert not person("marc@permanence.example").roles & {Role.OWNER}


@pytest.mark.parametrize(
    ("door", "inside"),
    [
        (secretary_only, {"Claire"}),
        (supervisor_only, {"Marc"}),
        (owner_only, {"Marc"}),
        (portal_only, {"Dr Weber"}),
        (house_only, {"Claire", "Marc"}),
    ],
)
def test_doors_open_by_role(cast, door, inside):
    @door
    def view(request):
        return HttpResponse(who(request).name)

    opened = set()
    for name in ("claire", "marc", "dr_weber"):
        request = RequestFactory().get("/somewhere")
        request.user = Person.objects.get(pk=getattr(cast, name).person_key)
        with contextlib.suppress(PermissionDenied):
            opened.add(view(request).content.decode())
    assert opened == inside


def test_anonymous_is_sent_to_the_sign_in_page(client):
    answer = client.get("/backstage/clients/client/?q=1")
    assert (answer.status_code, answer["Location"].partition("?")[0]) == (302, "/login")
    assert client.get("/login").status_code == 200


def test_audit_trail_keeps_and_refuses_changes(cast, now):
    audit.note(by=cast.claire, at=now, action="test.noted", subject="x:1", client=cast.weber, detail={"at": now})
    row = AuditEntry.objects.get(action="test.noted")
    assert (row.by_name, row.client_key, row.detail) == ("Claire", int(cast.weber), {"at": now.isoformat()})
    if connection.vendor == "sqlite":
        connection.cursor().execute(DELETE_REFUSED)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        AuditEntry.objects.filter(pk=row.pk).update(action="test.forged")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        AuditEntry.objects.filter(pk=row.pk).delete()
    assert AuditEntry.objects.get(pk=row.pk).action == "test.noted"


def test_every_act_of_the_loader_is_noted_in_its_house(cast):
    assert AuditEntry.objects.for_house("demo").filter(action="client.opened").count() == 3
    assert AuditEntry.objects.for_house("nadia").filter(action="client.opened").count() == 1


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(text=st.text(max_size=400), seed=st.integers(0, 1000))
def test_what_is_sealed_opens_for_the_same_house_and_purpose_only(data_folder, text, seed):
    sealed = secrecy.seal(text, house="demo", purpose="message.text", entropy=SeededEntropy(seed))
    assert secrecy.unseal(sealed, house="demo", purpose="message.text") == text
    secrecy.make_key("other", entropy=SeededEntropy(5))
    for house, purpose in (("demo", "message.answer"), ("other", "message.text"), ("nobody", "message.text")):
        with pytest.raises(secrecy.SealBroken):
            secrecy.unseal(sealed, house=house, purpose=purpose)


def test_an_altered_seal_does_not_open(data_folder, entropy):
    sealed = secrecy.seal("Rappeler avant 18 h", house="demo", purpose="message.text", entropy=entropy)
    assert "Rappeler" not in sealed
    for altered in (sealed[:-6] + "AAAA" + sealed[-2:], "2" + sealed[1:], "1.", "", "1.é", sealed[:20]):
        with pytest.raises(secrecy.SealBroken):
            secrecy.unseal(altered, house="demo", purpose="message.text")


def test_the_key_is_made_once_and_is_the_owners_alone(data_folder, entropy):
    secrecy.make_key("demo", entropy=entropy)
    path = secrecy.key_file("demo")
    first = path.read_bytes()
    secrecy.make_key("demo", entropy=entropy)
    assert (path.read_bytes(), len(first)) == (first, 32)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["house-demo.key"]


def test_a_rotated_key_seals_from_then_on_and_the_old_ones_go_on_opening(data_folder, entropy):
    seal = {"house": "demo", "purpose": "message.text", "entropy": entropy}
    text, audio = [secrecy.seal("first", **seal)], [secrecy.seal_bytes(b"first", **seal)]
    assert secrecy.versions("demo") == (1,)
    assert [secrecy.rotate_key("demo", entropy=entropy) for _ in range(2)] == [2, 3]
    text.append(secrecy.seal("third", **seal))
    audio.append(secrecy.seal_bytes(b"third", **seal))
    assert [each.partition(".")[0] for each in text] == ["1", "3"]
    opening = {"house": "demo", "purpose": "message.text"}
    assert [secrecy.unseal(each, **opening) for each in text] == ["first", "third"]
    assert [secrecy.unseal_bytes(each, **opening) for each in audio] == [b"first", b"third"]
    assert len({secrecy.key_file("demo", version).read_bytes() for version in (1, 2, 3)}) == 3
    secrecy.key_file("demo", 3).unlink()
    assert secrecy.unseal(text[0], **opening) == "first"
    with pytest.raises(secrecy.SealBroken):
        secrecy.unseal(text[1], **opening)


def test_a_seat_ticket_is_read_by_the_exchange_for_ten_minutes(settings, data_folder, now):
    asked = {"house": "demo", "secretary": "1", "name": "Claire", "seat": "s1", "rights": ("answer",), "at": now}
    with pytest.raises(TicketKeyMissing):
        seat_ticket(**asked)
    key = bytes(range(32))
    settings.PERMANENCE.ticket_key.parent.mkdir(parents=True)
    settings.PERMANENCE.ticket_key.write_bytes(key)
    ticket = seat_ticket(**asked)
    read = read_ticket(ticket, key, at=now + timedelta(minutes=9, seconds=59))
    assert (read.house, read.secretary, read.name, read.seat, read.rights) == ("demo", "1", "Claire", "s1", ("answer",))
    with pytest.raises(TicketRefused):
        read_ticket(ticket, key, at=now + timedelta(minutes=10))


def test_touches_are_rows_of_the_transaction_and_swept(cast, now):
    LiveTouch.objects.all().delete()  # what the cast wrote
    live.touch("house/demo/messages", f"client/{cast.weber}/messages", house_key=cast.claire.house_key, at=now)
    assert list(LiveTouch.objects.order_by("pk").values_list("topic", flat=True)) == [
        "house/demo/messages",
        f"client/{cast.weber}/messages",
    ]
    assert live.sweep(at=now + timedelta(minutes=59)) == 0
    assert live.sweep(at=now + timedelta(minutes=61)) == 2


@pytest.mark.parametrize(
    ("topic", "house", "roles", "clients", "heard"),
    [
        ("house/demo/messages", "demo", {Role.SECRETARY}, {"1"}, True),
        ("house/demo/messages", "other", {Role.OWNER}, {"1"}, False),
        ("house/demo/messages", "demo", {Role.PORTAL_USER}, {"1"}, False),
        ("client/1/messages", "demo", {Role.PORTAL_USER}, {"1"}, True),
        ("client/2/messages", "demo", {Role.PORTAL_USER}, {"1"}, False),
        ("client/1", "demo", {Role.SECRETARY}, {"1"}, False),
        ("person/1/x", "demo", {Role.OWNER}, {"1"}, False),
        ("", "demo", {Role.OWNER}, {"1"}, False),
    ],
)
def test_topics_are_heard_by_those_they_concern(topic, house, roles, clients, heard):
    assert may_hear(topic, house=house, roles=frozenset(roles), clients=frozenset(clients)) is heard


def test_retries_grow_to_ten_minutes():
    waits = [retry_after(attempts).total_seconds() for attempts in (1, 2, 3, 10, 11, 1000)]
    assert waits == [1, 2, 4, 512, 600, 600]
