# SPDX-License-Identifier: AGPL-3.0-or-later
"""SMS: how long one is, what it says, and how it is given to whichever provider the house has described."""
