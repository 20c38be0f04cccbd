# SPDX-License-Identifier: AGPL-3.0-or-later
"""What templates may ask of the common ground."""
