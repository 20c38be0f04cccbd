# SPDX-License-Identifier: AGPL-3.0-or-later
"""Django common ground: houses and persons, scope, audit trail, outbox, live topics, permissions, secrecy, the exchange's client."""
