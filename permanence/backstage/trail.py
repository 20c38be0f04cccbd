# SPDX-License-Identifier: AGPL-3.0-or-later
"""The audit trail in words: what each act is called, and of its details those that a person reads."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as now
from django.utils.translation import gettext_lazy as _

from permanence.backstage.client_list import state_words

ACTIONS = {
    "announcement.added": _("kept a recorded announcement"),
    "announcement.uses_changed": _("changed where a recorded announcement is heard"),
    "announcement.withdrawn": _("withdrew a recorded announcement"),
    "call.called_back": _("noted a caller as called back"),
    "call.called_back_undone": _("noted a caller as not called back after all"),
    "call.red_flag": _("noted a red flag in a call"),
    "calls.exported": _("exported the calls"),
    "client.absence_announced": _("announced an absence"),
    "client.absence_withdrawn": _("withdrew an absence"),
    "agenda.corrected_elsewhere": _("corrected an appointment in an external agenda"),
    "agenda.recorded_elsewhere": _("recorded an appointment in an external agenda"),
    "agenda.undone_elsewhere": _("took out an appointment in an external agenda"),
    "agenda.opened": _("opened an agenda"),
    "agenda.changed": _("changed how an agenda is set"),
    "agenda.resource_added": _("added a room or equipment"),
    "agenda.openings_set": _("set the openings of an agenda"),
    "agenda.exception_set": _("set a day of an agenda apart"),
    "agenda.exception_cleared": _("made a day of an agenda ordinary again"),
    "agenda.reason_added": _("added a visit reason"),
    "agenda.reason_changed": _("changed a visit reason"),
    "agenda.reason_retired": _("retired a visit reason"),
    "agenda.held": _("held a slot"),
    "agenda.hold_booked": _("booked a held slot"),
    "agenda.hold_released": _("gave a held slot back"),
    "agenda.hold_hung_up": _("freed a held slot at the end of the call"),
    "agenda.hold_expired": _("freed a held slot whose time was over"),
    "agenda.blocked": _("blocked time in an agenda"),
    "agenda.unblocked": _("freed blocked time in an agenda"),
    "appointment.booked": _("booked an appointment"),
    "appointment.moved": _("moved an appointment"),
    "appointment.moved_away": _("moved an appointment to another agenda"),
    "appointment.cancelled": _("cancelled an appointment"),
    "appointment.confirmed": _("noted an appointment as confirmed"),
    "appointment.arrived": _("noted a patient as arrived"),
    "appointment.done": _("noted an appointment as done"),
    "appointment.no_show": _("noted that a patient did not come"),
    "client.agenda_put": _("wrote an external agenda"),
    "client.agenda_removed": _("removed an external agenda"),
    "client.agendas_imported": _("imported external agendas"),
    "client.changed": _("changed the client"),
    "client.contacts_imported": _("imported the directory"),
    "client.contact_put": _("wrote in the directory"),
    "client.contact_removed": _("removed from the directory"),
    "client.contract_set": _("changed the contract"),
    "client.copied": _("opened the client like another one"),
    "client.day_set": _("changed the hours of one day"),
    "client.ended": _("ended the contract"),
    "client.exported": _("exported everything of the client"),
    "client.exception_added": _("wrote an exception to the hours"),
    "client.greeting_removed": _("removed a phrase to say"),
    "client.forwarding_set": _("wrote down how a line is forwarded"),
    "client.greeting_set": _("wrote the phrase to say"),
    "client.hours_set": _("changed the opening hours"),
    "client.line_given": _("gave a number"),
    "client.opened": _("opened the client"),
    "client.portal_user_added": _("gave access to the portal"),
    "client.reason_added": _("wrote a reason"),
    "client.recipient_added": _("wrote a recipient"),
    "client.sites_imported": _("imported the sites"),
    "client.site_put": _("wrote a site"),
    "client.site_removed": _("removed a site"),
    "client.secretary_trained": _("noted a secretary as trained"),
    "client.secretary_untrained": _("noted a secretary as not trained"),
    "client.trained_only_set": _("changed whether trained secretaries only are asked"),
    "client.read_first_set": _("changed for how long those who have read are asked first"),
    "client.state_set": _("changed the client's state"),
    "client.voice_messages_agreed": _("noted the agreement to voice messages"),
    "client.waiting_set": _("changed the client's waiting times"),
    "clients.exported": _("exported clients or a directory"),
    "forwarding.daily_set": _("set the daily test of a forwarding"),
    "forwarding.test_asked": _("had a forwarding tested"),
    "forwarding.test_stopped": _("stopped the test of a forwarding"),
    "forwarding.watch_asked": _("watched for a test call"),
    "forwarding_code.added": _("added a forwarding code"),
    "forwarding_code.changed": _("changed a forwarding code"),
    "forwarding_code.removed": _("removed a forwarding code"),
    "house.changed": _("changed the house"),
    "house.opened": _("opened the house"),
    "instruction.acknowledged": _("read an instruction"),
    "instruction.retired": _("retired an instruction"),
    "instruction.revised": _("changed an instruction"),
    "instruction.written": _("wrote an instruction"),
    "message.acknowledged": _("acknowledged a message"),
    "message.answered": _("answered a message"),
    "message.read": _("read a message"),
    "message.sent_again": _("sent a message again"),
    "message.taken": _("took a message"),
    "patient.added": _("added a patient"),
    "patient.changed": _("changed a patient"),
    "patient.consent_noted": _("noted a consent"),
    "patient.death_noted": _("noted a death"),
    "patient.exported": _("took out all that is held on a patient"),
    "patient.identity_validated": _("validated an identity"),
    "patient.linked": _("linked a patient"),
    "patient.merged": _("merged two patients"),
    "patient.no_show_counted": _("counted an appointment not kept"),
    "patient.no_show_forgiven": _("forgave an appointment not kept"),
    "patient.no_show_rule_set": _("changed the rule on appointments not kept"),
    "patient.parted": _("parted two merged patients"),
    "patient.request_answered": _("noted the answer to what a patient asks by law"),
    "patient.request_noted": _("noted what a patient asks by law"),
    "patient.unlinked": _("undid the link of a patient"),
    "person.added": _("added a person"),
    "person.clients_chosen": _("chose the clients of a person"),
    "security.not_hers": _("asked in vain for what belongs to another client"),
    "person.invited": _("invited a person"),
    "person.invitation_accepted": _("accepted the invitation"),
    "person.invitation_revoked": _("took an invitation back"),
    "person.changed": _("changed a person"),
    "person.password_changed": _("changed the own password"),
    "person.password_given": _("gave a new password"),
    "person.role_granted": _("opened a door to a person"),
    "person.role_taken": _("closed a door to a person"),
    "proposal.proposed": _("proposed a change of an urgent path"),
    "proposal.approved": _("approved a change of an urgent path"),
    "proposal.refused": _("refused a change of an urgent path"),
    "proposal.taken_back": _("took a change of an urgent path back"),
    "proposal.overtaken": _("found a change of an urgent path overtaken"),
    "client.voice_messages_set": _("changed the voice messages and the duty contact"),
    "red_flags.answered": _("answered a doctor's remark on the red flags"),
    "red_flags.remarked": _("did not want the red flags as they are"),
    "red_flags.validated": _("recorded the doctor's validation of the red flags"),
    "script.drafted": _("wrote a version of the script"),
    "script.published": _("published a script"),
    "pool.added": _("added a pool"),
    "pool.changed": _("changed a pool"),
    "pool.removed": _("removed a pool"),
    "client.pool_set": _("gave the client to a pool"),
    "secretary.changed": _("changed a secretary"),
    "secretary.place_told": _("told where she works"),
    "secretary.made": _("made a secretary"),
    "trunk.added": _("added a carrier"),
    "trunk.changed": _("changed a carrier"),
    "trunk.removed": _("removed a carrier"),
}
"""Every act that is noted; one that is not here is shown by its code."""
READ_BY_PERSONS = (
    "name",
    "email",
    "number",
    "label",
    "day",
    "month",
    "language",
    "state",
    "agreed",
    "version",
    "validated",
    "author",
    "approved_by",
)


def named(action: str) -> str:
    """The act in words."""
    return str(ACTIONS.get(action, action))


def told(detail: Mapping[str, Any]) -> str:
    """Names, numbers, days and how many lines were added: keys of rows and of fields are for machines."""
    states = state_words()
    said = [
        states.get(str(detail[key]), str(detail[key])) if key == "state" else str(detail[key])
        for key in READ_BY_PERSONS
        if detail.get(key)
    ]
    changed = [each for each in detail.values() if isinstance(each, Mapping)]
    for key, words in (("added", now("%(count)d added")), ("deleted", now("%(count)d deleted"))):
        if count := sum(int(each.get(key, 0)) for each in changed):
            said.append(words % {"count": count})
    return ", ".join(said)
