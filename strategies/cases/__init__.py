"""How applications of operations are drawn: one rule for each kind of operands and arguments."""

from strategies.cases.case import Case, Rule
from strategies.cases.elementwise import ELEMENTWISE
from strategies.cases.indexing import INDEXING
from strategies.cases.products import PRODUCTS
from strategies.cases.reductions import REDUCTIONS
from strategies.cases.structure import STRUCTURE

RULES: dict[str, Rule] = ELEMENTWISE | REDUCTIONS | STRUCTURE | INDEXING | PRODUCTS
"""Every rule by the name that ``Operation.case`` gives it."""

__all__ = ["RULES", "Case", "Rule"]
