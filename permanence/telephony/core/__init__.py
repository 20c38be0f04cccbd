# SPDX-License-Identifier: AGPL-3.0-or-later
"""Call and leg state machines."""
