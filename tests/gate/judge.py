"""The judge: asks PyTorch, asks the oracles, counts what was compared, and raises what is wrong."""

from __future__ import annotations

import contextlib
import time
import zlib
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

import pytest
from hypothesis import given, seed, settings
from hypothesis.errors import FlakyFailure as Flaky
from hypothesis.strategies import SearchStrategy

from oracle.device import device_arithmetic, float64_device, has_storage
from oracle.exact import NotPolynomial, exact
from oracle.finding import Broken, Finding
from oracle.finite_difference import finite_difference, signed_direction
from oracle.known_issues import is_known, present_issues
from oracle.laws import NEED_STORAGE, Law
from oracle.notation import mathematics
from oracle.program import Program
from oracle.route import NoAnswer, ReadAnswer, cotangents, leaves, read_answer, torch_function
from oracle.simpler import simpler_programs
from oracle.verdict import Raised, Truths, Verdict, certified, enclosed, exactly, judge
from strategies.fresh import fresh


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
        examples: programs that were run.
        comparisons: everything that was compared: elements of gradients and outputs, laws, finite differences.
        elements: gradient elements among them.
        informative: those whose radius is small enough to tell something.
        worst: the largest error in radii.
        seconds: time for drawing, running and judging.
        left_out: how often a law was not asked, as the device has no storages to look at.
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
    left_out: int = 0
    found_after: int | None = None
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
    """Judges programs, drawn from ``run_seed`` if that is given, on one device with one dtype; keeps the record."""

    def __init__(self, record: Record, run_seed: str | None = None) -> None:
        self.record = record
        self.run_seed = run_seed
        self.arithmetic = device_arithmetic(record.device, record.dtype)

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

        @settings(max_examples=max(1, round(share * settings().max_examples)))
        @given(fresh(programs))
        def property_holds(program: Program) -> None:
            self.record.examples += 1
            try:
                check(self, program)
            except Exception:  # noted, and raised again
                self.record.found_after = self.record.found_after or self.record.examples
                raise

        case = f"{self.record.property} {self.record.device} {self.record.dtype} {about}"
        given_function: Any = property_holds
        # Hypothesis stores failures by the function that failed, which is the same one for all properties.
        given_function.hypothesis.inner_test._hypothesis_internal_add_digest = case.encode()
        if self.run_seed is not None:
            property_holds = seed(zlib.crc32(f"{self.run_seed} {case}".encode()))(property_holds)
        property_holds()

    def exact(self, program: Program, route: str = "backward") -> None:
        """Output and gradients equal sympy's, bit for bit; at ties they are enclosed."""

        def truths(program: Program) -> Truths:
            try:
                return exactly(exact(program), self.certificate(program))
            except NotPolynomial:
                return self._enclosures(program)

        self._compare(program, route, truths)

    def exact_where_nothing_rounds(self, program: Program, route: str = "backward") -> None:
        """Outputs and gradients equal sympy's, bit for bit, wherever the certificate says that nothing rounds.

        Nothing is said of programs that are no polynomials near their inputs.
        """

        def truths(program: Program) -> Truths:
            return exactly(exact(program), certified(program, self.arithmetic.powers_are_exact))

        with contextlib.suppress(NotPolynomial):
            self._compare(program, route, truths)

    def certificate(self, program: Program) -> Truths:
        """The certificate that nothing in ``program`` rounds.

        Raises:
            NotCertified: if it may round although powers are exact on this device.
        """
        truths = certified(program, self.arithmetic.powers_are_exact)
        radii = [*(truth.radius for truth in truths.outputs), *(truth.radius for truth in truths.gradients.values())]
        if self.arithmetic.powers_are_exact and any(radius.any() for radius in radii):
            raise NotCertified(repr(program))
        return truths

    def enclosed(self, program: Program, route: str = "backward") -> ReadAnswer | None:
        """Output and gradients lie in their enclosures; what PyTorch said, None where a known issue makes it raise."""
        return self._compare(program, route, self._enclosures)

    def _enclosures(self, program: Program) -> Truths:
        return enclosed(program, flushes_subnormals=self.arithmetic.flushes_subnormals)

    def witnessed(self, program: Program) -> None:
        """Finite differences of PyTorch's forward agree that the definition is the function that PyTorch computes."""
        difference = finite_difference(program, signed_direction(program), float64_device(self.record.device))
        self.record.comparisons += 1
        assert difference.agrees_with_definition, (
            "PyTorch's forward and the definition are not the same function: along one direction finite differences"
            f" give {difference.coarse!r}, and the definition's derivative is {difference.enclosed!r} ±"
            f" {difference.bound!r}.\n\n{mathematics(program)}"
        )

    def law(self, program: Program, law: Law) -> None:
        """``law`` holds for ``program``, unless a known issue excuses it or the device cannot be asked."""
        if any(issue.excuses(law.__name__, program) for issue in present_issues()):
            return
        device = self.record.device
        if law in NEED_STORAGE and not has_storage(device):
            self.record.left_out += 1
            return
        self.record.comparisons += 1
        try:
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
            finding = Finding(program, device, law.__name__, "law", Broken(law, complaint))
            raise WrongAnswer(finding, lambda simpler: self.law(simpler, law))

    def _compare(self, program: Program, route: str, truths_of: Callable[[Program], Truths]) -> ReadAnswer | None:
        device = self.record.device
        truths = truths_of(program)

        def again(simpler: Program) -> None:
            self._compare(simpler, route, truths_of)

        try:
            answer = read_answer(program, device, route)
        except NoAnswer as none:
            if is_known(none.error, program):
                return None
            raised = Raised(str(none), none.moment)
            raise WrongAnswer(Finding(program, device, route, truths.tier, raised), again) from none.error
        verdict = judge(program, answer, truths)
        self.record.count(verdict)
        if verdict.wrong:
            raise WrongAnswer(Finding(program, device, route, truths.tier, verdict.wrong[0]), again)
        self.record.count_operations(program, verdict.informative > 0)
        return answer


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
        # A copy: while a finding is cut down, the record goes on counting.
        item.user_properties.append(("gradcert", asdict(record)))
    if record.comparisons == 0:
        pytest.fail(f"{record.property} compared nothing on {record.device} in {record.dtype}", pytrace=False)
    return result
