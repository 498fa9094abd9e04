"""What pairs of times say: same, faster, slower or unclear.

Shared machines are noisy in one direction: what disturbs makes slower (Chen & Revels, *Robust benchmarking in noisy
environments*, 2016), and it comes and goes. So both sides are timed in turn, AB BA AB …, and three numbers are asked:
the ratio of the fastest rounds, the median of the ratios of pairs, and the share of pairs in which head took longer.
Neither estimator is the better one everywhere; a verdict needs both, and most pairs on its side. Whatever differs must
differ in the same way in two measurements running, the second one of twice as many pairs; what is unclear is measured
again, as the load may pass.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

Pairs = Sequence[tuple[float, float]]
"""Seconds of base and of head, for the same number of calls, taken one right after the other."""

PAIRS = 15
"""How many pairs are taken first; twice as many confirm."""

MEASUREMENTS = 5
"""How many measurements there are at most."""

FACTOR = 1.10
"""By how much both estimators must differ."""

MOST = 0.8
"""Which share of the pairs must agree."""

NOISY = 0.25
"""Beyond this share of unclear verdicts nothing is passed: the machine is too noisy."""


@dataclass(frozen=True)
class Comparison:
    """What some pairs say.

    Attributes:
        verdict: same, faster, slower or unclear: of head beside base.
        fastest: the ratio of the fastest rounds, head over base.
        typical: the median of the ratios of pairs.
        slower: the share of pairs in which head took longer.
        base, head: the fastest rounds, in seconds.
        pairs: how many were taken, over all measurements.
    """

    verdict: str
    fastest: float
    typical: float
    slower: float
    base: float
    head: float
    pairs: int


def said(pairs: Pairs) -> Comparison:
    """What ``pairs`` say by themselves, without confirmation."""
    base, head = (min(each) for each in zip(*pairs, strict=True))
    fastest = head / base
    typical = statistics.median(second / first for first, second in pairs)
    slower = sum(second > first for first, second in pairs) / len(pairs)
    if min(fastest, typical) > FACTOR and slower >= MOST:
        verdict = "slower"
    elif max(fastest, typical) < 1 / FACTOR and slower <= 1 - MOST:
        verdict = "faster"
    elif all(1 / FACTOR <= ratio <= FACTOR for ratio in (fastest, typical)):
        verdict = "same"
    else:
        verdict = "unclear"
    return Comparison(verdict, fastest, typical, slower, base, head, len(pairs))


def compared(take: Callable[[int], Pairs]) -> Comparison:
    """The verdict on what ``take`` measures, which gives as many pairs as it is asked for.

    "Same" stands at once; a difference stands once it is confirmed; all else is unclear in the end.
    """
    found = said(take(PAIRS))
    count = found.pairs
    for _ in range(MEASUREMENTS - 1):
        if found.verdict == "same":
            break
        before, found = found, said(take(2 * PAIRS))
        count += found.pairs
        if found.verdict == before.verdict != "unclear":
            return replace(found, pairs=count)
    return replace(found, verdict="same" if found.verdict == "same" else "unclear", pairs=count)
