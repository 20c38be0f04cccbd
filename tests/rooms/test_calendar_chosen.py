# SPDX-License-Identifier: AGPL-3.0-or-later
"""An address, a device and a calendar kept elsewhere are called and tell what was chosen: checked and said alike."""

import pytest
from django.utils import translation

from permanence.agenda import calendar_words, feed_words
from permanence.agenda.interop import devices, feeds, others
from permanence.agenda.interop.backends import Access
from permanence.agenda.models import CalendarDevice, CalendarFeed, OtherCalendar
from permanence.agenda.refusals import HomesNotChosen, LabelMissing, NamesNotChosen, WordsTooLong
from permanence.agenda.rules.calendars import BackendKind
from permanence.foundation.outside import Guard
from tests.rooms.agenda_cast import make_agenda_cast
from tests.rooms.messaging_cast import NOON
from tests.rooms.test_agenda_caldav_elsewhere import ENTROPY

pytestmark = pytest.mark.django_db
MODELS = {"feed": CalendarFeed, "device": CalendarDevice, "other": OtherCalendar}
WORDS = {"feed": feed_words, "device": feed_words, "other": calendar_words}


@pytest.fixture
def cast(db):
    return make_agenda_cast()


def make(cast, what, *, by=None, label=" iPhone\n de  Jean ", names=False, homes=False):
    told = {"label": label, "names": names, "homes": homes, "by": by or cast.dr_dupont, "at": NOON, "entropy": ENTROPY}
    if what == "feed":
        feeds.make_feed(agenda=cast.dupont, **told)
    elif what == "device":
        whose = {"person": cast.dr_dupont.person} if told["by"].of_house else {}
        devices.make_device(client=cast.cabinet.id, **whose, **told)
    else:
        there = Access(address="https://93.184.215.14/cal", user="u", password="p")
        others.add_calendar(
            agenda=cast.dupont, kind=BackendKind.CALDAV, access=there, guard=Guard(own=()), writes=True, **told
        )
    return MODELS[what].objects.get()


def refused(cast, what, **asked):
    """The refusal of one that is not made, and what is said of it in French."""
    with pytest.raises((LabelMissing, WordsTooLong, NamesNotChosen)) as told:
        make(cast, what, **asked)
    assert not MODELS[what].objects.exists()
    with translation.override("fr"):
        return type(told.value), WORDS[what].refused_words(told.value)


@pytest.mark.parametrize("what", list(MODELS))
@pytest.mark.parametrize(
    ("names", "homes", "kept"),
    [
        (False, False, (False, False)),
        (True, False, (True, False)),
        (True, True, (True, True)),
        (False, True, (False, False)),
    ],
)
def test_homes_are_told_beside_names_alone(cast, what, names, homes, kept):
    row = make(cast, what, names=names, homes=homes)
    assert (row.names, row.homes, row.label) == (*kept, "iPhone de Jean")


@pytest.mark.parametrize("what", list(MODELS))
def test_a_label_is_wanted_and_is_short(cast, what):
    for nothing in ("", "  \n"):
        kind, words = refused(cast, what, label=nothing)
        assert (kind, words.startswith("Écrivez")) == (LabelMissing, True)
    assert refused(cast, what, label="x" * 61) == (WordsTooLong, "60 caractères au plus.")


@pytest.mark.parametrize("what", list(MODELS))
def test_nobody_of_the_house_chooses_homes(cast, what):
    kind, words = refused(cast, what, by=cast.marc, homes=True)
    assert (kind, words.startswith("Les adresses des visites à domicile")) == (HomesNotChosen, True)


@pytest.mark.parametrize("what", ["feed", "device"])
def test_nor_names_where_he_takes_them_out(cast, what):
    kind, words = refused(cast, what, by=cast.marc, names=True, homes=True)
    assert (kind, words.startswith("Les noms")) == (NamesNotChosen, True)
