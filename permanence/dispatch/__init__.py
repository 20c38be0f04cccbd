# SPDX-License-Identifier: AGPL-3.0-or-later
"""Transmission: each message on its way to the persons it is for, by every channel they have."""
