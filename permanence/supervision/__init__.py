# SPDX-License-Identifier: AGPL-3.0-or-later
"""The supervisor's screens: every call of the house, the callers to be called back. Tables of its own it has none."""
