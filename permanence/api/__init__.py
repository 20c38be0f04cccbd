# SPDX-License-Identifier: AGPL-3.0-or-later
"""Doors for other systems."""
