# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is chosen for an address, a device or a calendar kept elsewhere: what it is called, and what is told there."""

from dataclasses import dataclass

from permanence.agenda.models import CalendarDevice, CalendarFeed
from permanence.agenda.models.interop import LABEL_LENGTH
from permanence.agenda.operations.acts import short
from permanence.agenda.refusals import HomesNotChosen, LabelMissing, NamesNotChosen
from permanence.foundation.who import Who


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """As it may be kept. `names`: patients' names; `homes`: beside them the addresses of visits at home."""

    label: str
    names: bool
    homes: bool


def choose(*, label: str, names: bool, homes: bool, by: Who, house_names: bool = False) -> Chosen:
    """What `by` chose: homes are never told without names. He whose agenda it is chooses them, nobody of the house;
    `house_names`: names the house may choose. Raises LabelMissing, WordsTooLong, NamesNotChosen, HomesNotChosen.
    """
    said = short(label, LABEL_LENGTH)
    if not said:
        raise LabelMissing("")
    if by.of_house and names and not house_names:
        raise NamesNotChosen("")
    if by.of_house and homes:
        raise HomesNotChosen("")
    return Chosen(label=said, names=names, homes=names and homes)


def choose_anew(row: CalendarFeed | CalendarDevice, *, names: bool, homes: bool) -> bool:
    """From now on this is told there; gives whether that is another thing than before. The row says it too."""
    before = row.names, row.homes
    row.names, row.homes = names, names and homes
    if before == (row.names, row.homes):
        return False
    type(row).objects.filter(pk=row.pk).update(names=row.names, homes=row.homes)
    return True
