"""The passes of a program that are timed, each apart from the others."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor

from benchmarks.clocks import Clock, Work, host_clock
from benchmarks.records import case_name
from benchmarks.structure import Structure, structure
from benchmarks.workloads.workload import Workload
from oracle.finding import Finding
from oracle.measured_arithmetic import device_arithmetic
from oracle.program import Program
from oracle.route import NoAnswer, cotangents, leaves, read_answer, torch_function
from oracle.target import Target
from oracle.verdict import Mismatch, Raised, WrongKind, enclosed, judge

PASSES = ("primal", "forward", "backward", "total", "closed form")
"""``primal`` computes the outputs and records nothing; ``forward`` records the graph; ``backward`` asks a graph that is
kept for its gradients, with ``autograd.grad``, so that nothing is accumulated; ``total`` is a forward and a backward;
``closed form`` is the gradient by hand."""

ROUTE = "autograd.grad"
"""How the gradients are asked for that are judged before anything is timed."""


@dataclass(frozen=True)
class Case:
    """A workload of one size, in one dtype, on one device."""

    workload: Workload
    size: int
    dtype: str
    device: str

    @property
    def name(self) -> str:
        """What the case is called in the names of its tests."""
        return case_name(self.device, self.dtype, self.workload.name, self.size)

    @property
    def passes(self) -> tuple[str, ...]:
        """The passes that there are."""
        return PASSES if self.workload.closed_form else PASSES[:-1]


class WrongGradient(AssertionError):
    """The gradient is wrong, so that nothing is timed."""


@dataclass
class Prepared:
    """A case whose gradient is right, ready to be timed.

    Attributes:
        informative: the share of gradient elements of which the oracle could tell something.
        first: seconds of the first call of each pass in this process.

    Raises:
        WrongGradient: if it is not right.
    """

    case: Case
    program: Program = field(init=False)
    structure: Structure = field(init=False)
    informative: float = field(init=False)
    first: dict[str, float] = field(init=False)
    works: dict[str, Work] = field(init=False)

    def __post_init__(self) -> None:
        case = self.case
        self.program = case.workload.write(case.size, case.dtype)
        clock = host_clock(case.device)
        try:
            self.works = works(self.program, case)
            self.first = {name: _seconds(work, clock) for name, work in self.works.items()}
        except Exception:
            # The judge makes a finding of what PyTorch raises; the rest is a fault of the suite.
            _judged(self.program, case.device)
            raise
        self.informative = _judged(self.program, case.device)
        self.structure = structure(
            torch_function(self.program, case.device),
            leaves(self.program, case.device),
            cotangents(self.program, case.device),
        )


def _judged(program: Program, device: str) -> float:
    target = Target(device)
    truths = enclosed(program, device_arithmetic(target, program.dtype), target)

    def refused(wrong: Mismatch | WrongKind | Raised) -> WrongGradient:
        finding = Finding(program, target, ROUTE, truths.tier, wrong)
        return WrongGradient(f"not timed, as the gradient is wrong\n\n{finding.message}")

    try:
        verdict = judge(program, read_answer(program, Target(device), ROUTE), truths)
    except NoAnswer as none:
        raise refused(Raised(str(none), none.moment)) from none.error
    if verdict.wrong:
        raise refused(verdict.wrong[0])
    return verdict.informative / max(verdict.elements, 1)


def works(program: Program, case: Case) -> dict[str, Work]:
    """What to call for each pass of ``case``."""
    device = case.device
    function = torch_function(program, device)
    inputs = leaves(program, device)
    wanted = [inputs[index] for index in program.differentiated]
    given = cotangents(program, device)
    kept = function(*inputs)

    def primal() -> list[Tensor]:
        with torch.no_grad():
            return function(*inputs)

    def backward() -> tuple[Tensor | None, ...]:
        return torch.autograd.grad(kept, wanted, given, retain_graph=True, allow_unused=True)

    def total() -> tuple[Tensor | None, ...]:
        return torch.autograd.grad(function(*inputs), wanted, given, allow_unused=True)

    def closed_form() -> list[Tensor]:
        assert case.workload.closed_form is not None
        with torch.no_grad():
            return case.workload.closed_form(inputs, given[0])

    found: dict[str, Work] = {
        "primal": primal,
        "forward": lambda: function(*inputs),
        "backward": backward,
        "total": total,
        "closed form": closed_form,
    }
    return {name: found[name] for name in case.passes}


def _seconds(work: Work, clock: Clock) -> float:
    start = clock()
    work()
    return clock() - start
