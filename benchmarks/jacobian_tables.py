"""The tables of the benchmark on Jacobians, and what is aimed at: met or missed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from rich import box
from rich.table import Table

from benchmarks.jacobian_cases import CASES, Aim
from seedbed.core.sizes import readable

SEEDBED = "Seedbed"
SLOWEST = 2.0  # times one jvp or vjp that a product may take
ROUNDING = 1e-4  # of the largest entry: single precision, in sums of up to 10⁵ numbers
ELEMENTS_PER_BLOCK = 100  # at least, for one more of Python's objects
WAYS = (("product", "jvp", "eager_jvp"), ("transposed_product", "vjp", "eager_vjp"))
NOTES = f"""\
Each row is from processes of its own, which before had found the Jacobian of x² at three numbers.
first: the first call, with tracing, compilation, and for asdex detection and colouring; CPU: of all its threads.
warm: a later call. Seedbed finds the structure anew in each; `Seedbed, compiled` is jax.jit(sb.jacobian(f)).
peak: the most resident memory in the first call above that before it. stored: bytes of the result.
not run: three times its bytes are more than a process may take. over its memory, its time: --gigabytes, --seconds.
error: of J v and Jᵀ u for random v and u from JAX's in double precision, to their largest entry; ≤ {ROUNDING:g} agrees.
Times are the shortest of the rounds, memory is the largest. In products the shortest call of many, in turns."""

Rows = Mapping[str, Mapping[str, Any]]


def table(rows: Rows) -> Table:
    """What the Jacobians took, a row for each contestant on each case."""
    shown = Table(box=box.MARKDOWN)
    for name in ("case (dense)", "contestant", "found"):
        shown.add_column(name, no_wrap=True)
    for name in ("first ms", "CPU ms", "warm ms", "peak MB", "stored", "error"):
        shown.add_column(name, justify="right", no_wrap=True)
    for case, row in rows.items():
        title = f"{CASES[case].title} ({readable(row['dense_bytes'])})"
        for contestant, found in row["contestants"].items():
            shown.add_row(title, contestant, *_cells(found, row["dense_bytes"]))
            title = ""
    return shown


def _cells(found: Mapping[str, Any], dense_bytes: int) -> list[str]:
    if "stopped" in found:
        why = {"refused": f"not run: {readable(dense_bytes)}", "time": "over its time", "memory": "over its memory"}
        return [why[found["stopped"]], *["-"] * 6]
    kind = found["kind"] if found.get("factors", 1) == 1 else f"{found['kind']} of {found['factors']}"
    times = [milliseconds(found[name]) for name in ("first_seconds", "first_cpu_seconds", "warm_seconds")]
    rest = [f"{found['peak_bytes'] / 1e6:.1f}", readable(found["stored_bytes"]), f"{max(found['errors']):.0e}"]
    return [kind, *times, *rest]


def products_table(rows: Rows) -> Table:
    """Seedbed's products beside jvp and vjp, in microseconds."""
    shown = Table(box=box.MARKDOWN)
    shown.add_column("case", no_wrap=True)
    for name in ("J v µs", "jvp µs", "ratio", "eager jvp µs", "Jᵀ u µs", "vjp µs", "ratio", "eager vjp µs"):
        shown.add_column(name, justify="right", no_wrap=True)
    for case, row in rows.items():
        if us := {name: 1e6 * seconds for name, seconds in row["products"].items()}:
            cells = []
            for own, other, eager in WAYS:
                cells += [f"{us[own]:.0f}", f"{us[other]:.0f}", f"{us[own] / us[other]:.2f}", f"{us[eager]:,.0f}"]
            shown.add_row(CASES[case].title, *cells)
    return shown


def verdicts(rows: Rows) -> list[str]:
    """For each aim whether it is met."""
    lines = []
    for case, row in rows.items():
        said = [*_of_aim(CASES[case].aim, row["contestants"].get(SEEDBED)), *_of_products(row["products"])]
        wrong = [one for one, found in row["contestants"].items() if max(found.get("errors", [0.0])) > ROUNDING]
        said += [(f"{', '.join(wrong)} not exact", False)] if wrong else [("all agree", True)]
        lines.append(f"{CASES[case].title}: " + "; ".join(f"{what}: {_word(is_met)}" for what, is_met in said))
    return lines


def _of_aim(aim: Aim | None, found: Mapping[str, Any] | None) -> Iterator[tuple[str, bool]]:
    if aim is None or found is None:
        return
    if "stopped" in found:
        yield f"a Jacobian ({found['stopped']})", False
        return
    yield found["kind"], found["kind"] == aim.kind
    if aim.factors > 1:
        yield f"{found['factors']} factors", found["factors"] == aim.factors
    if aim.seconds < math.inf:
        first, limit = milliseconds(found["first_seconds"]), milliseconds(aim.seconds)
        yield f"first call {first} of {limit} ms", found["first_seconds"] < aim.seconds
    for name in ("peak", "stored"):
        own, most = found[f"{name}_bytes"], getattr(aim, f"{name}_bytes")
        if most < math.inf:
            yield f"{name} {readable(own)} of {readable(most)}", own < most
    if aim.n_elements:
        blocks = found["python_blocks"]
        yield f"{blocks} Python objects", blocks * ELEMENTS_PER_BLOCK < aim.n_elements


def _of_products(products: Mapping[str, float]) -> Iterator[tuple[str, bool]]:
    for own, other, _ in WAYS if products else ():
        ratio = products[own] / products[other]
        yield f"{'J v' if other == 'jvp' else 'Jᵀ u'} {ratio:.2f} of {SLOWEST:g} {other}", ratio <= SLOWEST


def _word(is_met: bool) -> str:
    return "met" if is_met else "MISSED"


def milliseconds(seconds: float) -> str:
    """Three digits: 0.123, 12.3, 1,230."""
    ms = 1e3 * seconds
    return f"{ms:,.{max(0, 2 - math.floor(math.log10(max(ms, 1e-3))))}f}" if ms < 100 else f"{ms:,.0f}"
