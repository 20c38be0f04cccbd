# SPDX-License-Identifier: AGPL-3.0-or-later
"""The chance by which the persons of the demonstration act."""

import math
from collections.abc import Sequence

from permanence.kernel.clock import Entropy


def fraction(entropy: Entropy) -> float:
    """A number from 0 (included) to 1 (excluded)."""
    return int.from_bytes(entropy.token(6), "big") / (1 << 48)


def exponential(mean: float, entropy: Entropy) -> float:
    """A waiting time without memory, whose mean is `mean`: gaps between callers, talk, patience."""
    return -mean * math.log(1.0 - fraction(entropy))


def one_of[T](choices: Sequence[T], entropy: Entropy) -> T:
    """One of them, each as likely as the others."""
    return choices[int(fraction(entropy) * len(choices))]
