# SPDX-License-Identifier: AGPL-3.0-or-later
"""The back office on Django's admin, in plain words, for an owner."""
