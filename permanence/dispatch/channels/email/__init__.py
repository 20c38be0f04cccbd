# SPDX-License-Identifier: AGPL-3.0-or-later
"""E-mail: what a mail says, how it reaches our relay, what the receipts say."""
