# SPDX-License-Identifier: AGPL-3.0-or-later
"""The client's own pages: a message is there as soon as it is taken; the open pages are told to look."""
