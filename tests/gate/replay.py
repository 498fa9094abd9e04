"""Stored programs judged again, where what is expected of them was computed under other facts, perhaps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from oracle.arithmetic import DeviceArithmetic
from oracle.known_issues import known_holes
from oracle.program import Program
from tests.gate.expected import holes_differ, touches, widening_facts
from tests.gate.store import Store
from tests.gate.wrong_answer import WrongAnswer

if TYPE_CHECKING:
    from tests.gate.judge import Judge


def replay(judge: Judge, store: Store, check: Callable[[Judge, Program], None], about: str) -> None:
    """Run ``check`` on every program that ``store`` has of the judge's property, in its dtype, ``about`` the same.

    What is expected is looked up. Facts only make radii wider. So where one held when a program was stored and does
    not hold here, what it touches is computed anew, before it is judged. Where one holds here and did not then, what is
    right within the stored radii is right; only what is not is computed anew, and judged again. What known issues leave
    out at one target alone is computed anew too.
    """
    record = judge.record
    stored = DeviceArithmetic.from_json(store.facts(record.dtype))
    then, here = widening_facts(stored), widening_facts(judge.arithmetic)
    holes_then = known_holes(record.dtype, store.target)
    holes_here = known_holes(record.dtype, judge.target)
    for program, known in store.programs(record.property, record.dtype, about):
        too_wide = any(touches(fact, program) for fact in then - here)
        too_wide |= holes_differ(program, holes_then, holes_here)
        too_narrow = any(touches(fact, program) for fact in here - then)
        judge.expected.take(program, {} if too_wide else known)
        # What was lost is listed on the way, and all else is counted at the end.
        before = replace(record, losses=list(record.losses))
        try:
            judge.count(check, program)
        except WrongAnswer:
            if too_wide or not too_narrow or not known:
                raise
            judge.record.__dict__.update(before.__dict__)
            judge.expected.take(program)
            judge.count(check, program)
