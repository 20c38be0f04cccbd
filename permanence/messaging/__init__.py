# SPDX-License-Identifier: AGPL-3.0-or-later
"""Messages taken for a client: who called, for whom, how urgent, what was said, and what became of it."""
