# SPDX-License-Identifier: AGPL-3.0-or-later
"""Agendas in the formats of the world: iCalendar files and CalDAV."""
