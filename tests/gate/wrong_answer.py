"""What a property raises when PyTorch gives a wrong answer, and the finding that is made of it."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis.errors import FlakyFailure as Flaky

from oracle.finding import Finding
from oracle.program import Program
from oracle.simpler import simpler_programs


class WrongAnswer(AssertionError):
    """PyTorch gave a wrong answer. Its text is made when somebody reads it, not while Hypothesis shrinks."""

    def __init__(self, finding: Finding, check: Callable[[Program], None]) -> None:
        super().__init__()
        self.finding = finding
        self.check = check

    def __str__(self) -> str:
        return self.finding.message

    def smallest(self) -> Finding:
        """The finding of the simplest program on the way from this one that still gets a wrong answer."""
        finding = self.finding
        candidates = simpler_programs(finding.program)
        while (candidate := next(candidates, None)) is not None:
            try:
                self.check(candidate)
            except WrongAnswer as error:
                finding = error.finding
                candidates = simpler_programs(finding.program)
            except NotCertified:
                continue
        return finding


NOT_AGAIN = (
    "The same program got another answer when it was asked for again: the answer depends on what ran before, and so"
    " there is no reproducer."
)


def finding_of(error: BaseException) -> tuple[Finding, bool] | None:
    """The finding that made a property fail with ``error``, if one did, and whether it comes again.

    Hypothesis runs what failed again, and reports what does not come again as flaky.
    """
    if isinstance(error, WrongAnswer):
        return error.smallest(), True
    once = [each for each in error.exceptions if isinstance(each, WrongAnswer)] if isinstance(error, Flaky) else []
    return (once[0].finding, False) if once else None


class NotCertified(Exception):
    """A strategy promised that nothing rounds, and something may: a fault of the suite, not of PyTorch."""
