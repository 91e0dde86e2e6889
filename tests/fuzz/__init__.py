# SPDX-License-Identifier: AGPL-3.0-or-later
"""What may come from outside, in any bytes: each target says what must hold whatever they are.

`make fuzz` feeds them with what a coverage-guided fuzzer finds, the unit tests with what Hypothesis
makes up and with the first examples of each.
"""
