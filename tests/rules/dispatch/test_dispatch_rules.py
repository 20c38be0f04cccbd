# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who is written to, when a try is repeated, what deliveries add up to."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from permanence.dispatch import rules
from permanence.dispatch.channels.email.relay import xtext
from permanence.dispatch.rules import Channel, DeliveryState, Reader, Route

EMAIL, PORTAL = Channel.EMAIL, Channel.PORTAL
DUPONT = Reader(person="1", email="dupont@dupont.example", language="fr", own=True)
LEMAIRE = Reader(person="2", email="lemaire@dupont.example", language="de", own=False)


def test_the_recipients_address_wins_and_only_his_own_portal_is_told():
    routes = rules.routes_for(email="Dupont@Dupont.example", readers=(DUPONT, LEMAIRE), language="en")
    assert routes == (
        Route(channel=EMAIL, address="Dupont@Dupont.example", language="fr"),
        Route(channel=PORTAL, address="1", language="fr"),
    )


def test_without_an_address_his_own_persons_are_written_to():
    routes = rules.routes_for(email="", readers=(DUPONT, LEMAIRE), language="en")
    assert [(each.channel, each.address) for each in routes] == [(EMAIL, "dupont@dupont.example"), (PORTAL, "1")]


def test_an_address_of_nobody_known_is_written_in_the_clients_language():
    (route,) = rules.routes_for(email="desk@atlas.example", readers=(), language="en")
    assert route == Route(channel=EMAIL, address="desk@atlas.example", language="en")


def test_nobody_at_all():
    assert rules.routes_for(email="", readers=(LEMAIRE,), language="fr") == ()


def test_back_off():
    minutes = [wait.total_seconds() / 60 for n in range(1, 8) if (wait := rules.retry_in(n)) is not None]
    assert minutes == [1, 5, 15, 60, 60, 60, 60]
    assert rules.retry_in(rules.MAX_ATTEMPTS) is None
    whole = sum((rules.retry_in(n) or timedelta() for n in range(1, rules.MAX_ATTEMPTS)), timedelta())
    assert timedelta(hours=20) < whole < timedelta(hours=24)


@pytest.mark.parametrize(
    ("deliveries", "sent", "delivered", "failed"),
    [
        ([], False, False, True),
        ([(PORTAL, DeliveryState.SENT, "")], True, False, False),
        ([(PORTAL, DeliveryState.SENT, ""), (EMAIL, DeliveryState.PENDING, "451 later")], False, False, False),
        ([(PORTAL, DeliveryState.SENT, ""), (EMAIL, DeliveryState.FAILED, "550 no")], False, False, True),
        ([(EMAIL, DeliveryState.SENT, ""), (EMAIL, DeliveryState.FAILED, "550 no")], True, False, False),
        ([(EMAIL, DeliveryState.BOUNCED, "5.1.1"), (PORTAL, DeliveryState.SENT, "")], True, False, True),
        ([(EMAIL, DeliveryState.DELIVERED, ""), (EMAIL, DeliveryState.SENT, "")], True, True, False),
    ],
)
def test_the_sum_of_deliveries(deliveries, sent, delivered, failed):
    found = rules.verdict(tuple(deliveries))
    assert (found.sent, found.delivered, found.failed) == (sent, delivered, failed)
    assert bool(found.why) == failed


@pytest.mark.parametrize(
    ("deliveries", "why"),
    [
        ([(PORTAL, DeliveryState.SENT, ""), (EMAIL, DeliveryState.PENDING, "")], ""),
        ([(EMAIL, DeliveryState.PENDING, "")], "no_mail_server"),
        ([(EMAIL, DeliveryState.PENDING, ""), (EMAIL, DeliveryState.FAILED, "550 no")], "no_mail_server"),
        ([(EMAIL, DeliveryState.FAILED, "550 no")], "550 no"),
        ([(EMAIL, DeliveryState.SENT, ""), (EMAIL, DeliveryState.PENDING, "")], ""),
        ([], "no_address"),
    ],
)
def test_without_a_mail_server_only_a_message_that_nobody_can_read_in_the_portal_failed(deliveries, why):
    found = rules.verdict(tuple(deliveries), mails=False)
    assert (found.failed, found.why) == (bool(why), why)


@given(st.text(max_size=60))
def test_xtext_is_printable_ascii_without_its_own_signs(text):
    # RFC 3461, section 4: xchar is any ASCII between "!" and "~" but "+" and "="
    coded = xtext(text)
    assert all("!" <= each <= "~" and each != "=" for each in coded)
    back = bytearray()
    rest = coded
    while rest:
        if rest[0] == "+":
            back.append(int(rest[1:3], 16))
            rest = rest[3:]
        else:
            back += rest[0].encode()
            rest = rest[1:]
    assert back.decode() == text


@pytest.mark.parametrize(
    ("country", "visit", "hours", "booked", "goes"),
    [
        ("FR", "2026-11-25 08:15", 4, "2026-11-20 12:00", "2026-11-24 19:45"),
        ("FR", "2026-11-25 07:00", 4, "2026-11-20 12:00", "2026-11-24 19:45"),
        ("FR", "2026-11-25 09:59", 4, "2026-11-20 12:00", "2026-11-24 19:45"),
        ("FR", "2026-11-25 10:00", 4, "2026-11-20 12:00", "2026-11-25 08:00"),
        ("FR", "2026-11-25 12:00", 4, "2026-11-20 12:00", "2026-11-25 08:00"),
        ("FR", "2026-11-25 08:15", 12, "2026-11-20 12:00", "2026-11-24 19:45"),
        ("FR", "2026-11-25 08:15", 13, "2026-11-20 12:00", "2026-11-24 19:15"),
        ("FR", "2026-11-25 09:30", 1, "2026-11-20 12:00", "2026-11-25 08:30"),
        ("FR", "2026-11-25 08:15", 24, "2026-11-20 12:00", "2026-11-24 08:15"),
        ("FR", "2026-11-25 06:00", 24, "2026-11-20 12:00", "2026-11-24 08:00"),
        ("IE", "2026-11-25 08:15", 4, "2026-11-20 12:00", "2026-11-24 20:45"),
        ("FR", "2026-11-25 08:15", 4, "2026-11-24 19:45", "2026-11-25 08:00"),
        ("FR", "2026-11-25 08:15", 4, "2026-11-25 01:00", "2026-11-25 08:00"),
        ("FR", "2026-03-29 08:15", 4, "2026-03-20 12:00", "2026-03-28 19:45"),
        ("FR", "2026-10-25 08:15", 6, "2026-10-20 12:00", "2026-10-24 19:45"),
    ],
)
def test_a_reminder_that_the_morning_would_bring_too_late_goes_out_the_evening_before(
    country, visit, hours, booked, goes
):
    """Between 20:00 (Ireland 21:00) and 8:00 nobody is written to."""
    zone = ZoneInfo("Europe/Paris" if country == "FR" else "Europe/Dublin")
    starts, at = (datetime.fromisoformat(each).replace(tzinfo=zone).astimezone(UTC) for each in (visit, booked))
    found = rules.remind_at(starts_at=starts, booked_at=at, hours=hours, country=country, time_zone=zone.key)
    assert f"{found.astimezone(zone):%Y-%m-%d %H:%M}" == goes
