# SPDX-License-Identifier: AGPL-3.0-or-later
"""English as written in Ireland and Britain."""
