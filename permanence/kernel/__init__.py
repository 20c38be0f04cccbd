# SPDX-License-Identifier: AGPL-3.0-or-later
"""Pure common ground: ids, spans, numbers, events, refusals, the protocols of time and chance."""
