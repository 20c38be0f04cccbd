# SPDX-License-Identifier: AGPL-3.0-or-later
"""The client's screens, for a telephone first: his messages, each acknowledged and answered there."""
