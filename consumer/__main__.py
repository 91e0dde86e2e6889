# SPDX-License-Identifier: AGPL-3.0-or-later
"""``python -m consumer``: the console script without its file."""

from consumer.main import main

main()
