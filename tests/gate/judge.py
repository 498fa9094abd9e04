"""The judge: asks PyTorch, asks the oracles, counts what was compared, and raises what is wrong."""

from __future__ import annotations

import contextlib
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, seed, settings
from hypothesis.errors import FlakyFailure as Flaky
from hypothesis.strategies import SearchStrategy

from oracle.device import device_arithmetic, float64_target
from oracle.exact import NotPolynomial
from oracle.finding import Broken, Finding
from oracle.finite_difference import finite_difference, signed_direction
from oracle.known_issues import is_known, present_issues
from oracle.laws import Law
from oracle.notation import mathematics
from oracle.program import Program
from oracle.reproducer import AN_ANSWER
from oracle.route import ask, cotangents, leaves, torch_function
from oracle.simpler import simpler_programs
from oracle.target import Target
from oracle.verdict import Truths, Verdict, WrongKind, exactly, judge
from strategies.fresh import fresh
from tests.gate.expected import Expected, facts_of, touches, widening_facts
from tests.gate.store import Store


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


@dataclass
class Record:
    """What one property did on one device with one dtype.

    Attributes:
        device: the target, as text.
        examples: programs that were run.
        comparisons: everything that was compared: elements of gradients and outputs, laws, finite differences.
        elements: gradient elements among them.
        informative: those whose radius is small enough to tell something.
        worst: the largest error in radii.
        facts: what was measured of the arithmetic there.
        seconds: time for drawing, running and judging.
        found_after: after how many of these programs something was wrong, before Hypothesis looked for simpler ones.
        drawn: how often each operation was applied in a program that was compared.
        judged: how often in one with an informative gradient element.
    """

    property: str
    device: str
    dtype: str
    examples: int = 0
    comparisons: int = 0
    elements: int = 0
    informative: int = 0
    worst: float = 0.0
    seconds: float = 0.0
    found_after: int | None = None
    facts: dict[str, bool] = field(default_factory=dict)
    drawn: dict[str, int] = field(default_factory=dict)
    judged: dict[str, int] = field(default_factory=dict)

    def count(self, verdict: Verdict) -> None:
        """Count what was compared for ``verdict``, and its largest error unless something is wrong."""
        self.comparisons += verdict.elements + verdict.outputs
        self.elements += verdict.elements
        self.informative += verdict.informative
        if not verdict.wrong:
            self.worst = max(self.worst, verdict.worst)

    def count_operations(self, program: Program, judged: bool) -> None:
        """Count the operations of ``program``, which has been compared."""
        for application in program.applications:
            for counts in (self.drawn, self.judged) if judged else (self.drawn,):
                counts[application.operation] = counts.get(application.operation, 0) + 1


class Judge:
    """Judges programs at one target with one dtype, and keeps the record.

    Programs are drawn, from ``run_seed`` if that is given, and kept in ``store`` if that is given; or nothing is drawn,
    and those that are kept in the store ``replayed`` are judged again.
    """

    def __init__(
        self, record: Record, run_seed: str | None = None, store: Store | None = None, replayed: Store | None = None
    ) -> None:
        self.record = record
        self.run_seed = run_seed
        self.store = store
        self.replayed = replayed
        self.target = Target.parse(record.device)
        self.arithmetic = device_arithmetic(self.target, record.dtype)
        self.expected = Expected(self.arithmetic)
        record.facts = facts_of(self.arithmetic)
        if store is not None:
            store.put_facts(record.dtype, record.facts)

    def over(
        self,
        programs: SearchStrategy[Program],
        check: Callable[[Judge, Program], None],
        share: float,
        *,
        about: str = "",
    ) -> None:
        """Run ``check`` on drawn programs: on ``share`` of the profile's examples, and on one at least.

        Hypothesis would draw from the run's seed alone, so that every dtype gets the same programs; each gets its own,
        and so does whatever else the programs are ``about``.
        """
        if self.replayed is not None:
            replay(self, self.replayed, check, about)
            return

        @settings(max_examples=max(1, round(share * settings().max_examples)))
        @given(fresh(programs))
        def property_holds(program: Program) -> None:
            self.expected.take(program)
            shrinking = self.record.found_after is not None
            try:
                self.count(check, program)
            finally:
                if self.store is not None and not shrinking:
                    self.store.put(self.record.property, self.record.dtype, about, program, self.expected.known)

        if self.run_seed is not None:
            case = f"{self.run_seed} {self.record.property} {self.record.device} {self.record.dtype} {about}"
            property_holds = seed(zlib.crc32(case.encode()))(property_holds)
        property_holds()

    def count(self, check: Callable[[Judge, Program], None], program: Program) -> None:
        """Run ``check`` on ``program`` and count it."""
        self.record.examples += 1
        try:
            check(self, program)
        except Exception:  # noted, and raised again
            self.record.found_after = self.record.found_after or self.record.examples
            raise

    def exact(self, program: Program, route: str = "backward") -> None:
        """Output and gradients equal sympy's, bit for bit; at ties they are enclosed."""

        def truths(program: Program) -> Truths:
            try:
                return exactly(self._exact_values(program), self.certificate(program))
            except NotPolynomial:
                return self._enclosures(program)

        self._compare(program, route, truths)

    def exact_where_nothing_rounds(self, program: Program, route: str = "backward") -> None:
        """Outputs and gradients equal sympy's, bit for bit, wherever the certificate says that nothing rounds.

        Nothing is said of programs that are no polynomials near their inputs.
        """

        def truths(program: Program) -> Truths:
            return exactly(self._exact_values(program), self._expected(program, "certificate"))

        with contextlib.suppress(NotPolynomial):
            self._compare(program, route, truths)

    def certificate(self, program: Program) -> Truths:
        """The certificate that nothing in ``program`` rounds.

        Raises:
            NotCertified: if it may round although powers are exact on this device.
        """
        truths = self._expected(program, "certificate")
        radii = [*(truth.radius for truth in truths.outputs), *(truth.radius for truth in truths.gradients.values())]
        if self.arithmetic.powers_are_exact and any(radius.any() for radius in radii):
            raise NotCertified(repr(program))
        return truths

    def enclosed(self, program: Program, route: str = "backward") -> None:
        """Output and gradients lie in their enclosures."""
        self._compare(program, route, self._enclosures)

    def _enclosures(self, program: Program) -> Truths:
        return self._expected(program, "enclosure")

    def _exact_values(self, program: Program) -> Truths:
        values = self.expected.of(program, "exact")
        if values is None:
            raise NotPolynomial
        return values

    def _expected(self, program: Program, tier: str) -> Truths:
        truths = self.expected.of(program, tier)
        assert truths is not None  # of the exact tier alone there may be none
        return truths

    def witnessed(self, program: Program) -> None:
        """Finite differences of PyTorch's forward agree that the definition is the function that PyTorch computes.

        They are of no dtype, and not asked for again where programs are replayed.
        """
        if self.replayed is not None:
            return
        difference = finite_difference(program, signed_direction(program), float64_target(self.target))
        self.record.comparisons += 1
        assert difference.agrees_with_definition, (
            "PyTorch's forward and the definition are not the same function: along one direction finite differences"
            f" give {difference.coarse!r}, and the definition's derivative is {difference.enclosed!r} ±"
            f" {difference.bound!r}.\n\n{mathematics(program)}"
        )

    def law(self, program: Program, law: Law) -> None:
        """``law`` holds for ``program``, unless a known issue excuses it."""
        if any(issue.excuses(law.__name__, program) for issue in present_issues()):
            return
        device = self.target.device
        self.record.comparisons += 1
        try:
            with self.target.applied():
                complaint = law(
                    lambda: leaves(program, device),
                    torch_function(program, device),
                    lambda: cotangents(program, device),
                )
        except Exception as error:  # whatever it is, it is a finding: every law can be asked of every drawn program
            if is_known(error, program):
                return
            complaint = f"raised {type(error).__name__}: {error}"
        if complaint is not None:
            finding = Finding(program, self.target, law.__name__, "law", Broken(law, complaint))
            raise WrongAnswer(finding, lambda simpler: self.law(simpler, law))

    def _compare(self, program: Program, route: str, truths_of: Callable[[Program], Truths]) -> None:
        truths = truths_of(program)

        def again(simpler: Program) -> None:
            self._compare(simpler, route, truths_of)

        try:
            answer = ask(self.target, route, program)
        except Exception as error:  # whatever it is, it is a finding: every drawn program has a gradient
            if is_known(error, program):
                return
            raised = WrongKind(None, f"{type(error).__name__}: {error}", AN_ANSWER)
            raise WrongAnswer(Finding(program, self.target, route, truths.tier, raised), again) from error
        verdict = judge(program, answer, truths)
        self.record.count(verdict)
        if verdict.wrong:
            raise WrongAnswer(Finding(program, self.target, route, truths.tier, verdict.wrong[0]), again)
        self.record.count_operations(program, verdict.informative > 0)


Check = Callable[[Judge, Program], None]


def for_programs(
    strategy: Callable[..., SearchStrategy[Program]], *, share: float = 1
) -> Callable[[Check], Callable[..., None]]:
    """Make a pytest test of a check: it runs on programs drawn from ``strategy(dtype=…)``, for each device and dtype.

    ``share`` of the profile's examples are drawn: less than 1 for programs that take long.
    """

    def decorate(check: Check) -> Callable[..., None]:
        def test(judge: Judge) -> None:
            judge.over(strategy(dtype=judge.record.dtype), check, share)

        test.__name__ = check.__name__
        test.__doc__ = check.__doc__
        test.__module__ = check.__module__
        return test

    return decorate


def run_and_record(item: pytest.Function, record: Record) -> Any:
    """Wrap the call of a property (as a generator around it): time it, keep its record, refuse an empty one."""
    start = time.perf_counter()
    try:
        result = yield
    finally:
        record.seconds = time.perf_counter() - start
        item.user_properties.append(("gradcert", vars(record)))
    if record.comparisons == 0:
        pytest.fail(f"{record.property} compared nothing on {record.device} in {record.dtype}", pytrace=False)
    return result
