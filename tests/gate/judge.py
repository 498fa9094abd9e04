"""The judge: asks PyTorch, asks the oracles, counts what was compared, and raises what is wrong."""

from __future__ import annotations

import contextlib
import zlib
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import given, seed, settings
from hypothesis.strategies import SearchStrategy

from oracle.arithmetic import Accumulation
from oracle.device import float64_target, has_storage
from oracle.exact import NotPolynomial
from oracle.finding import Broken, Finding
from oracle.finite_difference import finite_difference, in_float64, signed_direction
from oracle.known_issues import is_known, is_uncertain, issues_at, waivers_at
from oracle.laws import NEED_STORAGE, Law
from oracle.measured_arithmetic import device_arithmetic
from oracle.notation import mathematics
from oracle.operations import OPERATIONS
from oracle.program import Program
from oracle.route import NoAnswer, ReadAnswer, cotangents, leaves, read_answer, torch_function
from oracle.target import Target
from oracle.verdict import Mismatch, Raised, Truths, Verdict, exactly, judge
from strategies.fresh import fresh
from strategies.vocabulary import Vocabulary
from tests.gate.expected import Expected
from tests.gate.losses import explained, loss
from tests.gate.record import Record
from tests.gate.replay import replay
from tests.gate.store import Store
from tests.gate.wrong_answer import NotCertified, WrongAnswer


class Judge:
    """Judges programs at one target with one dtype, and keeps the record.

    Programs are drawn of the operations ``allowed``, from ``run_seed`` if that is given, and kept in ``store`` if that
    is given; or nothing is drawn, and those that are kept in the store ``replayed`` are judged again.
    """

    def __init__(
        self,
        record: Record,
        run_seed: str | None = None,
        store: Store | None = None,
        replayed: Store | None = None,
        allowed: tuple[str, ...] = tuple(OPERATIONS),
    ) -> None:
        self.record = record
        self.run_seed = run_seed
        self.store = store
        self.replayed = replayed
        self.allowed = allowed
        self.target = Target.parse(record.device)
        self.arithmetic = device_arithmetic(self.target, record.dtype)
        self.expected = Expected(self.arithmetic, self.target)
        record.facts = self.arithmetic.to_json()
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
            self._count_and_store(check, program, about)

        case = f"{self.record.property} {self.record.device} {self.record.dtype} {about}"
        given_function: Any = property_holds
        # Hypothesis stores failures by the function that failed, which is the same one for all properties.
        given_function.hypothesis.inner_test._hypothesis_internal_add_digest = case.encode()
        if self.run_seed is not None:
            property_holds = seed(zlib.crc32(f"{self.run_seed} {case}".encode()))(property_holds)
        property_holds()

    def each(
        self, programs: Callable[[], list[Program]], check: Callable[[Judge, Program], None], *, about: str
    ) -> None:
        """Run ``check`` on each of ``programs()``, which are the same in every run; made unless they are replayed."""
        if self.replayed is not None:
            replay(self, self.replayed, check, about)
            return
        for program in programs():
            self._count_and_store(check, program, about)

    def _count_and_store(self, check: Callable[[Judge, Program], None], program: Program, about: str) -> None:
        self.expected.take(program)
        shrinking = self.record.found_after is not None
        try:
            self.count(check, program)
        finally:
            if self.store is not None and not shrinking:
                self.store.put(self.record.property, self.record.dtype, about, program, self.expected.known)

    def count(self, check: Callable[[Judge, Program], None], program: Program) -> None:
        """Run ``check`` on ``program`` and count it."""
        record = self.record
        record.examples += 1
        for issue in waivers_at(self.target):
            if issue.is_met_by(program):
                record.met[issue.name] = record.met.get(issue.name, 0) + 1
        comparisons, reasons = record.comparisons, record.reasons()
        try:
            check(self, program)
        except Exception:  # noted, and raised again
            record.found_after = record.found_after or record.examples
            raise
        record.passed_over += record.comparisons == comparisons and record.reasons() > reasons

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

    def enclosed(self, program: Program, route: str = "backward") -> ReadAnswer | None:
        """Output and gradients lie in their enclosures; what PyTorch said, None where a known issue says otherwise."""
        return self._compare(program, route, self._enclosures)

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
        agrees = difference.agrees_with_definition or self.is_waived(in_float64(program), "wrong")
        assert agrees, (
            "PyTorch's forward and the definition are not the same function: along one direction finite differences"
            f" give {difference.coarse!r}, and the definition's derivative is {difference.enclosed!r} ±"
            f" {difference.bound!r}.\n\n{mathematics(program)}"
        )

    def law(self, program: Program, law: Law) -> None:
        """``law`` holds for ``program``, unless a known issue excuses it or the device cannot be asked."""
        if any(issue.excuses(law.__name__, program) for issue in issues_at(self.target)):
            self.record.unclaimed += 1
            return
        if self._is_unclaimed(program):
            return
        device = self.target.device
        if law in NEED_STORAGE and not has_storage(device):
            self.record.left_out += 1
            return
        try:
            with self.target.applied():
                complaint = law(
                    lambda: leaves(program, device),
                    torch_function(program, device),
                    lambda: cotangents(program, device),
                )
        except Exception as error:  # whatever it is, it is a finding: every law can be asked of every drawn program
            if is_known(error, program, self.target):
                self.record.unclaimed += 1
                return
            complaint = f"raised {type(error).__name__}: {error}"
        self.record.comparisons += 1
        if complaint is not None:
            finding = Finding(program, self.target, law.__name__, "law", Broken(law, complaint))
            self._object(finding, lambda simpler: self.law(simpler, law))

    def accurate(self, program: Program, route: str = "backward") -> None:
        """Output and gradients of one operation lie in the enclosures of sums in the wider format.

        Where they lie in those of sums that are kept in the dtype alone, a known issue must say that they are; what is
        lost goes into the record.
        """

        def again(simpler: Program) -> None:
            if len(simpler.applications) == 1:
                self.accurate(simpler, route)

        if self._is_unclaimed(program):
            return
        wide = self._expected(program, "wide sums")
        answer = self._answer(program, route, wide.tier, again)
        if answer is None:
            return
        verdict = judge(program, answer, wide)
        if verdict.wrong:
            demanded, truths = verdict, self._enclosures(program)
            verdict = judge(program, answer, truths)
            if verdict.wrong:
                self._object(Finding(program, self.target, route, truths.tier, verdict.wrong[0]), again)
                return
            for mismatch in demanded.wrong:
                assert isinstance(mismatch, Mismatch)  # of a right shape it is, or the enclosures had objected
                self._lost(program, route, answer, mismatch, again)
        self.record.count(verdict)
        self.record.count_operations(program, verdict.informative > 0)

    def _lost(
        self, program: Program, route: str, answer: ReadAnswer, mismatch: Mismatch, again: Callable[[Program], None]
    ) -> None:
        def within(kind: Accumulation) -> Verdict:
            return judge(program, answer, self._expected(program, kind.name))

        wrong = explained(mismatch, self.arithmetic.kept_in_dtype, within)
        lost = loss(program, self.record.device, wrong, issues_at(self.target))
        if lost is None:
            self._object(Finding(program, self.target, route, "enclosure", wrong), again)
            return
        self.record.losses.append(asdict(lost))

    def _answer(self, program: Program, route: str, tier: str, again: Callable[[Program], None]) -> ReadAnswer | None:
        """What PyTorch says, None where a known issue makes it raise, or a user's list waives that."""
        try:
            return read_answer(program, self.target, route)
        except NoAnswer as none:
            if is_known(none.error, program, self.target):
                self.record.unclaimed += 1
                return None
            raised = Raised(str(none), none.moment)
            self._object(Finding(program, self.target, route, tier, raised), again, none.error)
            return None

    def is_waived(self, program: Program, kind: str, said: str = "") -> bool:
        """Whether a user's list waives a finding of ``program`` (``KnownIssue.waives``); it is counted."""
        waivers = [issue for issue in waivers_at(self.target) if issue.waives(kind, said, program)]
        for issue in waivers:
            self.record.waived[issue.name] = self.record.waived.get(issue.name, 0) + 1
        return bool(waivers)

    def _object(self, finding: Finding, again: Callable[[Program], None], cause: BaseException | None = None) -> None:
        """Raise ``finding``, unless it is waived; ``again`` asks for a simpler program the same question."""
        said = {"law": finding.route, "raises": cause and str(cause)}.get(finding.kind) or ""
        if not self.is_waived(finding.program, finding.kind, said):
            raise WrongAnswer(finding, again) from cause

    def _is_unclaimed(self, program: Program) -> bool:
        """Whether a known issue covers part of ``program``, so that nothing is claimed of it; it is counted."""
        uncertain = is_uncertain(program, self.target)
        self.record.unclaimed += uncertain
        return uncertain

    def _compare(self, program: Program, route: str, truths_of: Callable[[Program], Truths]) -> ReadAnswer | None:
        if self._is_unclaimed(program):
            return None
        truths = truths_of(program)

        def again(simpler: Program) -> None:
            self._compare(simpler, route, truths_of)

        answer = self._answer(program, route, truths.tier, again)
        if answer is None:
            return None
        verdict = judge(program, answer, truths)
        self.record.count(verdict)
        if verdict.wrong:
            self._object(Finding(program, self.target, route, truths.tier, verdict.wrong[0]), again)
            return None
        self.record.count_operations(program, verdict.informative > 0)
        return answer


Check = Callable[[Judge, Program], None]


def for_programs(
    strategy: Callable[..., SearchStrategy[Program]], *, made_of: Vocabulary, share: float = 1, at_target: bool = False
) -> Callable[[Check], Callable[..., None]]:
    """Make a pytest test of a check: it runs on programs drawn from ``strategy(dtype=…)``, for each device and dtype.

    It is ``made_of`` the strategy's vocabulary. ``share`` of the profile's examples are drawn: less than 1 for programs
    that take long. ``at_target`` tells whether the strategy asks for the ``target`` too, to keep out of its known
    issues.
    """

    def decorate(check: Check) -> Callable[..., None]:
        def test(judge: Judge) -> None:
            options: dict[str, Any] = {"target": judge.target} if at_target else {}
            if made_of.has_choice:
                options["names"] = made_of.within(judge.allowed)
            judge.over(strategy(dtype=judge.record.dtype, **options), check, share)

        test.__name__ = check.__name__
        test.__doc__ = check.__doc__
        test.__module__ = check.__module__
        return pytest.mark.made_of(made_of)(test)

    return decorate
