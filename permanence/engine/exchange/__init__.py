# SPDX-License-Identifier: AGPL-3.0-or-later
"""The exchange: SIP, reception, journal, bus, the line of the browsers."""
