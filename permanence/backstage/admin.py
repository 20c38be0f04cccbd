# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the back office shows."""

from permanence.backstage import scripts, skills
from permanence.backstage.accounts import ClientAdmin
from permanence.backstage.codes import ForwardingCodeAdmin
from permanence.backstage.house import AuditAdmin, OwnHouseAdmin, TrunkAdmin
from permanence.backstage.instructions import InstructionAdmin
from permanence.backstage.people import PersonAdmin
from permanence.backstage.pools import PoolAdmin
from permanence.backstage.site import site
from permanence.clients.models import Client, ForwardingCode, Instruction
from permanence.foundation.models import AuditEntry, House, Person
from permanence.staff.models import Pool
from permanence.switchboard.models import Trunk

site.pages = (*scripts.PAGES, *skills.PAGES)
site.register(Client, ClientAdmin)
site.register(Instruction, InstructionAdmin)
site.register(ForwardingCode, ForwardingCodeAdmin)
site.register(Person, PersonAdmin)
site.register(House, OwnHouseAdmin)
site.register(Pool, PoolAdmin)
site.register(Trunk, TrunkAdmin)
site.register(AuditEntry, AuditAdmin)

__all__ = ("site",)
