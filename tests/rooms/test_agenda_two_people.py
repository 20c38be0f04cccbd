# SPDX-License-Identifier: AGPL-3.0-or-later
"""Two people set one agenda at the same time: the later one is told, and nothing that was just kept is gone."""

import pytest
from django.urls import reverse

from permanence.agenda.models import Agenda
from permanence.agenda.operations import setting
from permanence.agenda.queries import agendas
from permanence.agenda.queries.waiting import offer_minutes
from permanence.agenda.rules import kinds
from tests.rooms.sent_form import sent_form
from tests.rooms.test_agenda_day_differs import NOW, TUESDAY, Weber

pytestmark = pytest.mark.django_db


@pytest.fixture
def marc(cast, browser_of):
    """In the back office."""
    return Weber(cast, browser_of, portal=False)


@pytest.fixture
def doctor(cast, browser_of):
    """In his portal."""
    return browser_of(cast.dr_weber)


def sent(browser, address, page, field, do="save", **typed):
    return browser.post(address, sent_form(page, field=field) | typed | {"do": do})


@pytest.mark.parametrize("looks_first", [True, False])
def test_a_question_that_was_just_added_is_not_gone_by_a_later_save(cast, marc, doctor, looks_first):
    reason = marc.reasons[0]
    office = reverse("accounts:agenda-reason", args=[cast.weber, reason])
    portal = reverse("portal_agenda_reason", args=[cast.weber, marc.agenda, reason])
    opened = marc.browser.get(office)
    asks = {"contra_indications": "Êtes-vous enceinte ?"}
    assert sent(doctor, portal, doctor.get(portal), "minutes", **asks).status_code == 303
    step = "check" if looks_first else "save"
    late = sent(marc.browser, office, opened, "minutes", step, name="Consultation longue")
    assert late.status_code == 422
    kept = agendas.reason(by=cast.marc, client=cast.weber, reason=reason)
    assert [each.text for each in kept.contra_indications] == ["Êtes-vous enceinte ?"]
    form = late.context["form"]
    wanted = {form.fields[name].label for name in ("name", "contra_indications")}
    assert set(late.context["page"].otherwise) == wanted
    sent(marc.browser, office, late, "minutes", name="Consultation longue", **asks)
    kept = agendas.reason(by=cast.marc, client=cast.weber, reason=reason)
    assert (kept.name, [each.text for each in kept.contra_indications]) == (
        "Consultation longue", ["Êtes-vous enceinte ?"],
    )  # fmt: skip


@pytest.mark.parametrize("was_there", [True, False])
def test_a_day_that_somebody_closed_meanwhile_is_not_opened_again(cast, marc, doctor, was_there):
    marc.week(marc.opening(1, "08:00", "12:00"))

    def close(label):
        setting.set_exception(
            agenda=marc.agenda, day=TUESDAY, kind=kinds.ExceptionKind.CLOSED, label=label, by=cast.marc, at=NOW
        )

    if was_there:
        close("Pont")
    name = TUESDAY.isoformat() if was_there else "new"
    address = reverse("portal_agenda_day", args=[cast.weber, marc.agenda, name])
    opened = doctor.get(address)
    close("Formation")
    typed = {"kind": "replaced", "hours": "9-11"} | ({} if was_there else {"day": TUESDAY.isoformat()})
    steps = ("check", "save", "gone", "remove") if was_there else ("check", "save")
    for step in steps:
        late = sent(doctor, address, opened, "label", step, **typed)
        assert late.status_code == 422, step
    [kept] = agendas.kept_day(by=cast.marc, agenda=marc.agenda, day=TUESDAY)
    assert (kept.kind, kept.label) == (kinds.ExceptionKind.CLOSED, "Formation")
    late = sent(doctor, address, opened, "label", **typed)
    assert sent(doctor, address, late, "label", **typed).status_code == 303
    [kept] = agendas.kept_day(by=cast.marc, agenda=marc.agenda, day=TUESDAY)
    assert kept.kind is kinds.ExceptionKind.REPLACED


@pytest.mark.parametrize("step", ["check", "save"])
def test_what_somebody_else_set_of_an_agenda_is_not_set_back(cast, marc, browser_of, step):
    other = browser_of(cast.marc)
    address = reverse("accounts:agenda", args=[cast.weber, marc.agenda])
    opened = marc.browser.get(address)
    assert sent(other, address, other.get(address), "step", offer_minutes="30", step="20").status_code == 302
    late = sent(marc.browser, address, opened, "step", do=step, overbookings_per_day="3")
    assert late.status_code == 422
    row = Agenda.objects.get(pk=int(marc.agenda))
    assert (row.step, row.overbookings_per_day, offer_minutes(by=cast.marc, agenda=marc.agenda)) == (20, 0, 30)
    form = late.context["form"]
    assert set(late.context["page"].otherwise) == {
        form.fields[name].label for name in ("step", "overbookings_per_day", "offer_minutes")
    }
    assert sent(marc.browser, address, late, "step", overbookings_per_day="3").status_code == 302
