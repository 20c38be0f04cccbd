# SPDX-License-Identifier: AGPL-3.0-or-later
"""asyncio shells around the sans-IO cores."""
