# SPDX-License-Identifier: AGPL-3.0-or-later
"""The cast of the agendas: cabinet Dupont (Paris) with two practitioners, Dr Weber (Luxembourg), and a second house.

Rows are made by the table where another room's operation is not what is tested.
"""

from dataclasses import dataclass

from permanence.agenda.models import Agenda
from permanence.callers.models import Patient
from permanence.clients.models import Client
from tests.rooms.messaging_cast import NOON, Cast, make_cast


@dataclass(frozen=True)
class AgendaCast:
    """`everybody`: the persons and clients of `messaging_cast`. Agendas and patients are ids."""

    everybody: Cast
    dupont: str
    lemaire: str
    weber: str
    jeanne: str
    paul: str
    greta: str

    def __getattr__(self, name):
        return getattr(self.everybody, name)


def patient(client, name, *, key=None, known=True, birth_date="1961-03-14"):
    row = Client.objects.get(pk=int(client))
    made = Patient.objects.create(
        house_id=row.house_id,
        client=row,
        key=key or f"patient-{name}".ljust(20, "x")[:40],
        birth_name=name,
        first_name="Jeanne",
        birth_date=birth_date,
        known=known,
        added_at=NOON,
        changed_at=NOON,
    )
    return str(made.pk)


def agenda(client, recipient, name, **more):
    row = Client.objects.get(pk=int(client))
    made = Agenda.objects.create(house_id=row.house_id, client=row, recipient_id=int(recipient), name=name, **more)
    return str(made.pk)


def make_agenda_cast():
    cast = make_cast()
    return AgendaCast(
        everybody=cast,
        dupont=agenda(cast.cabinet.id, cast.cabinet.doctor, "Dr Dupont"),
        lemaire=agenda(cast.cabinet.id, cast.lemaire_recipient, "Dr Lemaire"),
        weber=agenda(cast.weber.id, cast.weber.doctor, "Dr Weber"),
        jeanne=patient(cast.cabinet.id, "Hoffmann"),
        paul=patient(cast.cabinet.id, "Martin", known=False),
        greta=patient(cast.weber.id, "Schmit"),
    )
