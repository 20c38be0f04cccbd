# SPDX-License-Identifier: AGPL-3.0-or-later
"""What other programs speak to: no screen, no session."""
