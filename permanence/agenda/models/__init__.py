# SPDX-License-Identifier: AGPL-3.0-or-later
"""Tables of the agendas."""
