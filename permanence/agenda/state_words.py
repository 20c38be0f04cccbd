# SPDX-License-Identifier: AGPL-3.0-or-later
"""The word for each state of an appointment: one, for the secretary, the doctor and the file alike."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

from permanence.agenda.rules.states import AppointmentState

STATES: Mapping[AppointmentState, str | Promise] = {
    AppointmentState.BOOKED: pgettext_lazy("appointment", "booked"),
    AppointmentState.CONFIRMED: pgettext_lazy("appointment", "confirmed"),
    AppointmentState.ARRIVED: pgettext_lazy("appointment", "arrived"),
    AppointmentState.DONE: pgettext_lazy("appointment", "done"),
    AppointmentState.NO_SHOW: pgettext_lazy("appointment", "did not come"),
    AppointmentState.CANCELLED: pgettext_lazy("appointment", "cancelled"),
}
