"""What a strategy shrinks to."""

from __future__ import annotations

import random

from hypothesis import find, settings


def minimal(strategy, condition=lambda draw: True):
    """What ``strategy`` shrinks to among the draws that meet ``condition``."""
    return find(strategy, condition, settings=settings(max_examples=2000, database=None), random=random.Random(0))
