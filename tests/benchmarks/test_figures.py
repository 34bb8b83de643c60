"""What the benchmarks calculate beside what they measure."""

from __future__ import annotations

import time

import pytest

from benchmarks.compilation import Listener
from benchmarks.networks import N_TRAIN, TASKS
from benchmarks.searching.figure import curves
from benchmarks.searching.processes import joined


def test_operations_of_a_step_follow_the_formula() -> None:
    # 784-30-10, batch 10: forward and weight gradient for both layers, input gradient for the second alone.
    assert TASKS[2].flops == 2 * 10 * (2 * (784 * 30 + 30 * 10) + 30 * 10)
    assert TASKS[2].n_steps == 320  # which the loops of JAX and scikit-learn count by


def test_every_batch_is_full() -> None:
    assert [N_TRAIN % task.batch_size for task in TASKS] == [0] * len(TASKS)


def test_compilations_side_by_side_count_once() -> None:
    listener, now = Listener(), time.perf_counter()
    listener.spans = [(now, now + 2), (now + 1, now + 3), (now + 5, now + 6), (now + 5.2, now + 5.5)]
    assert listener.seconds == pytest.approx(4.0)


def test_a_sample_is_scaled_in_its_training_time_alone() -> None:
    side_by_side = [
        {"n_trials": 2, "wall_seconds": 5.0, "training_seconds": 3.0, "best": 0.5, "found": [[2.0, 0.5], [4.5, 0.25]]},
        {"n_trials": 2, "wall_seconds": 4.0, "training_seconds": 2.0, "best": 0.75, "found": [[3.0, 0.75]]},
    ]
    row = joined(side_by_side, 8)
    assert row["wall_seconds"] == pytest.approx(2.0 + 3.0 * 2)
    assert row["trials_per_second"] == pytest.approx(1.0)
    assert row["n_trained"] == 4
    assert row["best"] == 0.75
    assert row["curve"] == [[2.0, 0.5], [3.0, 0.75], [4.5, 0.75]]


def test_curves_begin_near_the_best_and_end_with_the_process() -> None:
    rows = {"one": {"best": 0.9, "wall_seconds": 9.0, "curve": [[1.0, 0.2], [3.0, 0.9]]}}
    points = curves({"a": {"title": "(a)", "rows": rows}})
    assert [(point["seconds"], point["score"]) for point in points] == [(3.0, 0.9), (9.0, 0.9)]
