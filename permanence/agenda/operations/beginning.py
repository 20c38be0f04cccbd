# SPDX-License-Identifier: AGPL-3.0-or-later
"""A client's agenda begins: his first one with the usual reasons of his trade, if he wants them."""

from datetime import datetime

from django.db import transaction

from permanence.agenda.operations.reasons import set_reason
from permanence.agenda.operations.setting import open_agenda
from permanence.agenda.queries import agendas
from permanence.agenda.queries.views import AgendaView
from permanence.agenda.rules.usual import Trade, usual_reasons
from permanence.foundation.who import Who


@transaction.atomic
def begin_agenda(
    *, client: str, recipient: str, name: str, by: Who, at: datetime, trade: Trade = Trade.NONE, language: str = "en"
) -> AgendaView:
    """A new agenda; a client who has no reason yet gets those of `trade`, named in `language`.

    One who has some keeps them as they are. Raises as `setting.open_agenda` does.
    """
    made = open_agenda(client=client, recipient=recipient, name=name, by=by, at=at)
    if not agendas.reasons(by=by, client=client, retired=True):
        for reason in usual_reasons(trade, language=language, client=client):
            set_reason(client=client, reason=reason, by=by, at=at)
    return made
