"""What is timed: one file for each kind of workload, one entry for each workload."""

from benchmarks.workloads.chains import CHAINS
from benchmarks.workloads.corpus import CORPUS
from benchmarks.workloads.elementwise import BROADCASTING, ELEMENTWISE, LAYOUTS
from benchmarks.workloads.polynomials import POLYNOMIALS
from benchmarks.workloads.products import PRODUCTS
from benchmarks.workloads.reductions import REDUCTIONS
from benchmarks.workloads.workload import Workload

WORKLOADS: dict[str, Workload] = {
    workload.name: workload
    for workload in (
        *POLYNOMIALS, *CHAINS, *ELEMENTWISE, *BROADCASTING, *LAYOUTS, *REDUCTIONS, *PRODUCTS, *CORPUS,
    )
}  # fmt: skip
"""Every workload by its name. To add one, add its entry to the tuple of its file."""
