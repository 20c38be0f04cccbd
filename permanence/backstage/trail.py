# SPDX-License-Identifier: AGPL-3.0-or-later
"""The audit trail in words: what each act is called, and of its details those that a person reads."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as now
from django.utils.translation import gettext_lazy as _

ACTIONS = {
    "calls.exported": _("exported the calls"),
    "client.changed": _("changed the client"),
    "client.exception_added": _("wrote an exception to the hours"),
    "client.greeting_set": _("wrote the phrase to say"),
    "client.hours_set": _("changed the opening hours"),
    "client.line_given": _("gave a number"),
    "client.opened": _("opened the client"),
    "client.portal_user_added": _("gave access to the portal"),
    "client.reason_added": _("wrote a reason"),
    "client.recipient_added": _("wrote a recipient"),
    "client.secretary_trained": _("noted a secretary as trained"),
    "client.secretary_untrained": _("noted a secretary as not trained"),
    "client.trained_only_set": _("changed whether trained secretaries only are asked"),
    "client.state_set": _("changed the client's state"),
    "client.voice_messages_agreed": _("noted the agreement to voice messages"),
    "client.waiting_set": _("changed the client's waiting times"),
    "house.changed": _("changed the house"),
    "house.opened": _("opened the house"),
    "instruction.retired": _("retired an instruction"),
    "instruction.revised": _("changed an instruction"),
    "instruction.written": _("wrote an instruction"),
    "message.acknowledged": _("acknowledged a message"),
    "message.answered": _("answered a message"),
    "message.read": _("read a message"),
    "message.sent_again": _("sent a message again"),
    "message.taken": _("took a message"),
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
READ_BY_PERSONS = ("name", "email", "number", "label", "day", "month", "language", "state", "agreed")


def named(action: str) -> str:
    """The act in words."""
    return str(ACTIONS.get(action, action))


def told(detail: Mapping[str, Any]) -> str:
    """Names, numbers, days and how many lines were added: keys of rows and of fields are for machines."""
    said = [str(detail[key]) for key in READ_BY_PERSONS if detail.get(key)]
    changed = [each for each in detail.values() if isinstance(each, Mapping)]
    for key, words in (("added", now("%(count)d added")), ("deleted", now("%(count)d deleted"))):
        if count := sum(int(each.get(key, 0)) for each in changed):
            said.append(words % {"count": count})
    return ", ".join(said)
