# SPDX-License-Identifier: AGPL-3.0-or-later
"""The secretary's screen: calls only operations and queries of other rooms; the telephone part runs in the browser."""
