# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the demonstration house knows beyond its clients: a script and its red flags, what is to be read, who is away.

Apart from the house itself, which the tests play in. Nothing of it stands between a newcomer and his first call: the
instruction that every secretary is to read is asked for half an hour later, and Atlas has none.
"""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction

from permanence.agenda.operations.day import ask_follow_up
from permanence.agenda.rules.follow_ups import Wanted
from permanence.clients import absences, queries, script_operations, script_queries
from permanence.clients import operations as clients
from permanence.clients.instructions import READ_AHEAD
from permanence.clients.rules.script import read_text
from permanence.foundation.models import House, Person
from permanence.foundation.operations import house_system
from permanence.foundation.who import Who, who_is
from permanence.kernel.clock import Entropy
from permanence.project import demo_cast as cast
from permanence.project.demo_agendas import add_agendas
from permanence.project.demo_house import HOUSE, Maker, load_demo_house
from permanence.project.demo_reminders import remind_patients
from permanence.project.demo_sos import add_night_practice

ASKED_AFTER = timedelta(minutes=30)
AWAY_IN_DAYS, AWAY_DAYS = 7, 5


@transaction.atomic
def load_demonstration(*, at: datetime, entropy: Entropy) -> None:
    """The demonstration house with all it knows; does nothing when it is there. Raises NotADemonstration."""
    there = House.objects.filter(slug=HOUSE, demonstration=True).exists()
    load_demo_house(at=at, entropy=entropy)
    if not there:
        add_night_practice(Maker(house_system(house=HOUSE), at))
        _script(at)
        _to_read(at)
        add_agendas(by=_somebody(cast.CLAIRE), at=at)
        remind_patients(by=_somebody(cast.CLAIRE), at=at, entropy=entropy)
        _absence(at)  # after the agendas: it leaves appointments to be looked after


def _somebody(email: str) -> Who:
    return who_is(Person.objects.select_related("house").get(email=email))


def _client(name: str) -> str:
    return next(each.id for each in queries.clients(house=HOUSE) if each.name == name)


def _recipient(client: str, name: str) -> str:
    return next(each.id for each in queries.recipients(house=HOUSE, client=client) if each.name == name)


def _script(at: datetime) -> None:
    """Dr Weber's script, in force, with the red flags that he validated."""
    owner, client = _somebody(cast.MARC), _client("Dr Weber")
    version = script_operations.begin_from_template(client=client, code="doctor", language="fr", by=owner, at=at)
    script_operations.publish(client=client, version=version, by=owner, at=at)
    [kept] = script_queries.versions(house=HOUSE, client=client)
    script, faults = read_text(kept.text)
    if script is None:
        raise ValueError(f"the demonstration's script: {faults}")
    view = queries.client(house=HOUSE, client=client)
    script_operations.validate_red_flags(
        client=client,
        version=version,
        red_flags=script_operations.red_flags_text(script),
        doctor=_recipient(client, "Dr Weber"),
        validated=at.astimezone(ZoneInfo(view.time_zone)).date(),
        by=owner,
        at=at,
    )


def _to_read(at: datetime) -> None:
    """The cabinet Dupont's next rule, which every secretary is to read before it begins."""
    author = _somebody(cast.DUPONT)
    clients.write_instruction(
        client=_client("Cabinet Dupont"),
        text="**À partir de demain**\u00a0: les vaccinations contre la grippe sont le mercredi après-midi.\n"
        "- Prendre le nom, la date de naissance et le numéro\n"
        "- Dire\u00a0: «\u00a0le cabinet vous rappelle avec une heure\u00a0»",
        author=author.person,
        starts_at=at + READ_AHEAD + ASKED_AFTER,
        priority=1,
        acknowledge=True,
        by=author,
        at=at,
    )


def _absence(at: datetime) -> None:
    """Dr Lemaire's holidays, announced by himself; Dr Dupont sees what is urgent."""
    by, client = _somebody(cast.LEMAIRE), _client("Cabinet Dupont")
    zone = ZoneInfo(queries.client(house=HOUSE, client=client).time_zone)
    first = at.astimezone(zone).date() + timedelta(days=AWAY_IN_DAYS)
    absence = absences.announce_absence(
        client=client,
        recipient=_recipient(client, "Dr Marc Lemaire"),
        starts=datetime.combine(first, time(), tzinfo=zone),
        ends=datetime.combine(first + timedelta(days=AWAY_DAYS), time(), tzinfo=zone),
        words="Le docteur Lemaire est en congé. Le docteur Dupont voit ses urgences.",
        urgent_to=_recipient(client, "Dr Anne Dupont"),
        announced_by=by.person,
        by=by,
        at=at,
    )
    ask_follow_up(
        client=client, absence=absence, wanted=Wanted.MOVE, words="De préférence la semaine suivante.", by=by, at=at
    )
