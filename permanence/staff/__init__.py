# SPDX-License-Identifier: AGPL-3.0-or-later
"""The house's people on duty: secretaries, supervisors, the owner, the pool, the history of presence."""
