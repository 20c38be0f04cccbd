# SPDX-License-Identifier: AGPL-3.0-or-later
"""Django common ground: houses, persons, scope, audit, outbox, live topics, permissions, secrecy, the exchange."""
