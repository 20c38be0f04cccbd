# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads of the agendas, scoped to the house and to what the asking person may see; frozen dataclasses come back."""
