"""The recipe's steps with their evidence, for the terminal and the report alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from seedbed.core.distributions import Distribution
from seedbed.core.draw import distributions
from seedbed.core.messages import message
from seedbed.core.plain import to_line
from seedbed.data.dataset import PARTS, Dataset
from seedbed.data.temperature import cooled
from seedbed.recipe.candidates import Candidate
from seedbed.recipe.member import Member
from seedbed.recipe.results import Metrics, metrics
from seedbed.recipe.run import Held
from seedbed.reporting.evidence import Step
from seedbed.reporting.preprocessing import formula
from seedbed.reporting.wording import number
from seedbed.training.setup import Setup
from seedbed.training.trainer import Training
from seedbed.watching.finding import Finding


def data(dataset: Dataset, folds: Sequence[Dataset] = ()) -> Step:
    """What was read, and how it was split."""
    total = sum(len(getattr(dataset, name)) for name in PARTS)
    facts = [
        ("source", f"{dataset.name} ({dataset.source})" if dataset.source != dataset.name else dataset.name),
        ("rows", f"{total:,}: {_parts(dataset, folds)}"),
        ("features", _features(dataset)),
        ("target", _target(dataset)),
    ]
    return Step("data", (*facts, *(("notice", notice) for notice in dataset.notices)))


def preprocess(setup: Setup, dataset: Dataset, folds: Sequence[Dataset] = ()) -> Step:
    """What is done to inputs and targets."""
    own = "each fold's training part" if folds else f"the {len(dataset.train):,} training examples"
    fitted = f"fitted on {own} only"
    facts = [
        ("each member draws", repr(step))
        if isinstance(step, Distribution)
        else (step.kind.replace("_", " "), "; ".join(filter(None, (formula(step), fitted))))
        for step in setup.preprocessing
    ]
    return Step("preprocess", tuple(facts) or (("none", "inputs and targets stay as they are"),))


def network(setup: Setup, training: Training) -> Step:
    """The network and how it learns."""
    first = training.bound[0]
    size = first.network.n_params(training.preprocessor(first, training.groups[0].data).shape)
    # Places that share a draw are one fact, under the name that they share.
    drawn = dict.fromkeys(f"{what.name or place} from {_unnamed(what)}" for place, what in distributions(setup).items())
    facts = [
        ("layers", to_line(setup.network.layers)),
        ("parameters", f"{size:,}" + (" in the first member" if len(training.groups) > 1 else "")),
        ("loss", to_line(setup.loss)),
        ("optimizer", to_line(setup.optimizer)),
    ]
    if drawn:
        facts.append(("each member draws", "; ".join(drawn)))
    return Step("network", tuple(facts))


def train(training: Training, members: Sequence[Member]) -> Step:
    """What training did, how fast, and what became of the members."""
    is_ordered = not all(member.has_vote for member in members)
    outcomes = Counter(member.outcome for member in members)
    n_folds = len({id(group.data) for group in training.groups})
    n_structures = len({group.structure for group in training.groups})
    per_second = training.n_steps / max(training.wall_seconds - training.compile_seconds, 1e-9)
    scores = np.asarray([member.valid_score for member in members if member.is_sound])
    facts = [
        ("members", ", ".join(f"{count} {outcome}" for outcome, count in outcomes.items())),
        ("programs", f"one for each of {n_structures} structures" if n_structures > 1 else "one, for one structure"),
        ("time", f"{training.wall_seconds:.1f} s, of which {training.compile_seconds:.1f} s to plan and compile"),
        ("speed", f"{per_second:,.0f} network steps a second"),
    ]
    if training.interventions:
        facts.insert(1, ("changes on the way", "; ".join(map(str, training.interventions))))
    if n_folds > 1:
        how = ", which predict together" if not is_ordered else " in time; the last, which sees most rows, predicts"
        facts.insert(1, ("folds", f"{n_folds}{how}; each setup learns on all of them, and is validated out of fold"))
    if len(scores):
        middle, best = np.median(scores), scores.max()
        facts.append(("validation score", f"best {best:.4f}, median {middle:.4f} of {len(scores)} members"))
    return Step("train", tuple(facts))


def findings(found: Sequence[Finding], n_members: int) -> Step:
    """What keeps members from learning, the causes first."""
    facts = []
    for one in found:
        who = f"{len(one.members)} of {n_members} members" if n_members > 1 else ""
        evidence = "; ".join(map(str, one.evidence))
        behind = f"; and so: {', '.join(symptom.title.lower() for symptom in one.symptoms)}" if one.symptoms else ""
        facts.append((one.title.lower(), "; ".join(filter(None, (who, evidence))) + behind))
    return Step(
        "findings", tuple(facts) or (("nothing", "no member is kept from learning, as far as its signals tell"),)
    )


def result(results: dict[str, dict[str, Metrics]], dataset: Dataset, held: Held, best: Candidate, n_looks: int) -> Step:
    """The result on the test part, how often it was looked at until now, and what choosing on validation cost."""
    part = "test" if "test" in results else "validation"
    n_voting = len(set(held.ensemble)) * len(best.voting)
    facts = [
        ("best member", f"{_measured(part, 'best', results, held)} ({_numbered(best)})"),
        ("ensemble", f"{_measured(part, 'ensemble', results, held)} (of {n_voting} member{'s' * (n_voting > 1)})"),
    ]
    if part == "validation":
        return Step("result", (*facts, ("test examples", "none: the figures are of the part that chose the members")))
    metric = next(iter(results["test"]["best"]))
    gap = results["test"]["ensemble"][metric] - results["validation"]["ensemble"][metric]
    facts += [
        ("test against validation", f"{named(metric)} {signed(gap)} for the ensemble, which was chosen on validation"),
        ("test examples", f"{len(dataset.test):,}, looked at {_often(n_looks)}"),
    ]
    if held.temperature["ensemble"] != 1.0:
        facts.insert(3, ("calibration", _calibration(results["test"]["ensemble"], held, dataset)))
    return Step("result", tuple(facts))


def _often(n_looks: int) -> str:
    """How often the test part was looked at: also where training was interrupted, and told the best so far."""
    return "once" if n_looks == 1 else f"{n_looks:,} times: now, and when the training was interrupted before"


def _numbered(best: Candidate) -> str:
    """The networks that predict as the best, by their numbers."""
    numbers = [str(member.number) for member in best.voting]
    return f"member {numbers[0]}" if len(numbers) == 1 else f"the mean of members {', '.join(numbers)}"


def _calibration(after: Metrics, held: Held, dataset: Dataset) -> str:
    """What the temperature of the ensemble did to the log loss of the test part."""
    temperature = held.temperature["ensemble"]
    raw = cooled(dataset.task, held.test_ensemble, 1 / temperature)
    before = metrics(dataset.task, held.test_y, raw)["log_loss"]
    change = f"{named('log_loss')} {number(after['log_loss'])} on test, {number(before)} without it"
    return f"temperature {number(temperature, 3)} for the ensemble, fitted on validation: {change}"


def _measured(part: str, model: str, results: dict[str, dict[str, Metrics]], held: Held) -> str:
    """The metrics of a part, the first with its interval: what the others are worth follows from it."""
    ends = held.intervals.get(part, {}).get(model, {})
    texts = [f"{named(name)} {number(value)}" for name, value in results[part][model].items()]
    first = next(iter(results[part][model]))
    if first in ends:
        low, high = ends[first]
        texts[0] += f" (95 %: {number(low, 3)} to {number(high, 3)})"
    return ", ".join(texts)


def _unnamed(what: Any) -> str:
    return repr(replace(what, name=None))


def _parts(dataset: Dataset, folds: Sequence[Dataset]) -> str:
    """How many rows each part has; with folds those that they share out, and from how many to how many each has."""
    if not folds:
        return ", ".join(f"{len(getattr(dataset, name)):,} {_PART[name]}" for name in PARTS)
    sizes = {name: sorted(len(getattr(fold, name)) for fold in folds) for name in ("train", "valid")}
    ranges = {name: f"{n[0]:,}" if n[0] == n[-1] else f"{n[0]:,}–{n[-1]:,}" for name, n in sizes.items()}
    each = ", ".join(f"{ranges[name]} {_PART[name]}" for name in sizes)
    pool = len(dataset.train) + len(dataset.valid)
    return f"{pool:,} in {len(folds)} folds (each {each}), {len(dataset.test):,} {_PART['test']}"


_PART = {"train": "to train", "valid": "to validate", "test": "to test"}


def _features(dataset: Dataset) -> str:
    if dataset.image_shape is not None:
        return f"images of {' x '.join(map(str, dataset.image_shape))}"
    n = int(np.prod(dataset.shape))
    indicators = n - int(np.sum(dataset.numeric))
    return f"{n} numbers" if not indicators else f"{n}: {n - indicators} numbers, {indicators} indicators of categories"


def _target(dataset: Dataset) -> str:
    if dataset.task == "classification":
        return f"{dataset.n_classes} classes"
    names = ", ".join(map(str, dataset.target_names[:6])) + (", ..." if dataset.n_targets > 6 else "")
    kind = "label" if dataset.task == "multilabel" else "number"
    count = f"one {kind}" if dataset.n_targets == 1 else f"{dataset.n_targets} {kind}s"
    return f"{count}: {names}"


def named(metric: str) -> str:
    """The name of a metric in the reader's language."""
    return message(f"column.{metric}")


def signed(change: float) -> str:
    """A change with its sign."""
    size = f"{abs(change):.4f}" if abs(change) < 10 else number(abs(change))
    return ("+" if change >= 0 else "−") + size


def plain(step: Step) -> dict[str, Any]:
    """A step as plain data."""
    return {"name": step.name, "facts": [list(fact) for fact in step.facts]}
