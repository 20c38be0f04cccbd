# SPDX-License-Identifier: AGPL-3.0-or-later
"""Assembles the slices of the routing table from the rooms above and publishes them to the exchange."""
