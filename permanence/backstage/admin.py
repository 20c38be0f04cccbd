# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the back office shows."""

from permanence.backstage.accounts import ClientAdmin, InstructionAdmin
from permanence.backstage.house import AuditAdmin, OwnHouseAdmin, TrunkAdmin
from permanence.backstage.people import PersonAdmin
from permanence.backstage.scripts import PAGES
from permanence.backstage.site import site
from permanence.clients.models import Client, Instruction
from permanence.foundation.models import AuditEntry, House, Person
from permanence.switchboard.models import Trunk

site.pages = PAGES
site.register(Client, ClientAdmin)
site.register(Instruction, InstructionAdmin)
site.register(Person, PersonAdmin)
site.register(House, OwnHouseAdmin)
site.register(Trunk, TrunkAdmin)
site.register(AuditEntry, AuditAdmin)

__all__ = ("site",)
