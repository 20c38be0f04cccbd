# SPDX-License-Identifier: AGPL-3.0-or-later
"""Permanence: the platform of a telephone answering service."""
