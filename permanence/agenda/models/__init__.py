# SPDX-License-Identifier: AGPL-3.0-or-later
"""Tables of the agendas."""

from permanence.agenda.models.elsewhere import BookedElsewhere

__all__ = ("BookedElsewhere",)
