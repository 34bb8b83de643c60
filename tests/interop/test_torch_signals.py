"""The signals of networks of PyTorch against ours in float64, and at which steps they are looked at."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import seedbed as sb
from seedbed.interop.torch import signals
from seedbed.network.layer import is_running
from seedbed.training.member import Batch
from seedbed.training.observe import Observation
from seedbed.training.trainer import Training
from seedbed.watching.levels import FULL
from seedbed.watching.series import from_table, series_of
from seedbed.watching.signals import PER_LAYER, PER_MEMBER, PER_WEIGHT, Watch, cosines
from tests.interop.torch_networks import CRITERION, LR, NO_EPOCH, X, Y, nn, predicted, small, step, torch, watch
from tests.training import by_hand

pytestmark = pytest.mark.slow  # each of these trains networks

RNG = np.random.default_rng(0)


def arrays(module: Any) -> dict[str, Any]:
    """The arrays of a module as ours: units last, windows first."""
    told = lambda a: np.asarray(a.detach())  # noqa: E731
    if isinstance(module, nn.BatchNorm1d):
        names = {"scale": "weight", "shift": "bias", "running_mean": "running_mean", "running_variance": "running_var"}
        return {ours: told(getattr(module, theirs)) for ours, theirs in names.items()}
    if not list(module.parameters()):
        return {}
    weight = told(module.weight)
    return {"weight": np.transpose(weight, (*range(2, weight.ndim), 1, 0)), "bias": told(module.bias)}


def ours_of(network: str, loss: Any, modules: list[Any], x: Any, y: Any) -> dict[str, Any]:
    """Our signals of a step of plain descent, from the weights of the modules."""
    setup = sb.Setup(network=sb.Network.parse(network), loss=loss, optimizer=sb.SGD(LR), precision="float64")

    def signals(params: Any, x: Any, y: Any) -> Any:
        mean = lambda p: jnp.mean(loss.per_example(setup.network.forward(p, x, training=True)[0], y))  # noqa: E731
        of_all = jax.grad(mean)(params)
        gradients = tuple({n: jnp.zeros_like(a) if is_running(n) else a for n, a in layer.items()} for layer in of_all)
        updates = jax.tree.map(lambda g: -LR * g, gradients)
        return Watch(FULL)(
            Observation(setup, x, y, None, None, Batch(x, y, None, None), (), params, gradients, updates)
        )

    with jax.enable_x64(True):
        params = tuple({n: jnp.asarray(a) for n, a in arrays(m).items()} for m in modules)
        return {name: np.asarray(a) for name, a in jax.jit(signals)(params, jnp.asarray(x), jnp.asarray(y)).items()}


SAME = {
    "vectors": (
        "linear 12, batchnorm, tanh, linear 9, relu, linear 7, sigmoid, linear 6, gelu, linear 3",
        lambda: [nn.Linear(5, 12), nn.BatchNorm1d(12), nn.Tanh(), nn.Linear(12, 9), nn.ReLU(), nn.Linear(9, 7),
                 nn.Sigmoid(), nn.Linear(7, 6), nn.GELU(), nn.Linear(6, 3)],
        (5,),
    ),
    "images": (
        "conv 6 3, elu, maxpool 2, conv 8 3x2 stride=2 padding=1, relu, flatten, linear 3",
        lambda: [nn.Conv2d(2, 6, 3, padding="same"), nn.ELU(), nn.MaxPool2d(2),
                 nn.Conv2d(6, 8, (3, 2), stride=2, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(32, 3)],
        (8, 6, 2),
    ),
}  # fmt: skip


@pytest.mark.parametrize("which", SAME)
def test_signals_are_ours(which: str) -> None:
    network, make, shape = SAME[which]
    torch.manual_seed(0)
    x, y = RNG.normal(size=(40, *shape)) * 2, RNG.integers(0, 3, 40)
    modules = [m.double() for m in make()]
    with torch.no_grad():
        modules[3].weight[1] = modules[3].weight[0]  # twins
        modules[3].bias[2] = -50.0  # dead, for a ReLU follows
    model, criterion = nn.Sequential(*modules), nn.CrossEntropyLoss()
    begun = ours_of(network, sb.CrossEntropy(), _as_ours(modules), x, y)
    optimizer = torch.optim.SGD(model.parameters(), LR)
    theirs = np.moveaxis(x, -1, 1) if len(shape) > 1 else x
    with watch(model, optimizer, loss=criterion) as watcher:
        step(model, optimizer, criterion, torch.tensor(theirs), torch.tensor(y))
        running = [b.clone() for b in model.buffers()]
        watcher.epoch(**NO_EPOCH)
    series, weights = watcher.series, list(watcher.series.weights)
    for name in (*PER_WEIGHT, *PER_LAYER, *PER_MEMBER, "histogram"):
        got = series[name][0]
        got, due = (got[weights] if name in PER_WEIGHT else got), begun[name]
        if name == "cosine":  # the first step has none
            assert np.isnan(got).all() and not begun["turns"].any()
            continue
        if name == "histogram" and which == "images":  # flattened, channels come first there: another sample
            got, due = got[:5], due[:5]
        np.testing.assert_allclose(got, due, rtol=1e-6, atol=1e-9, err_msg=name)
    assert 0 < series["twins"][0, 3] < 1 and 0 < series["dead"][0, 4] < 1
    assert [b.tolist() for b in running] == [b.tolist() for b in model.buffers()]


@pytest.mark.parametrize("every", [1, 2, 3])
@pytest.mark.parametrize("has_loss", [True, False])
def test_the_cosine_of_steps_is_that_of_numpy(every: int, has_loss: bool) -> None:
    """Of the odd looks; the very first has no step before it."""
    torch.manual_seed(0)
    model, criterion = nn.Sequential(nn.Linear(5, 8), nn.Tanh(), nn.Linear(8, 3)).double(), nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), 0.5, momentum=0.3)
    x, y = torch.tensor(RNG.normal(size=(12, 10, 5))), torch.tensor(RNG.integers(0, 3, (12, 10)))
    weights = lambda: [model[i].weight.detach().clone().numpy() for i in (0, 2)]  # noqa: E731
    path = [weights()]
    with watch(model, optimizer, loss=criterion if has_loss else None, every=every) as watcher:
        for batch, targets in zip(x, y, strict=True):
            step(model, optimizer, criterion, batch, targets)
            path.append(weights())
        watcher.epoch(**NO_EPOCH)
    did = [[b - a for a, b in zip(one, other, strict=True)] for one, other in pairwise(path)]
    looks = [k for n, k in enumerate(range(0, 12, every)) if n % 2]
    for j, place in enumerate((0, 2)):
        pairs = [(did[k - 1][j], did[k][j]) for k in looks]
        due = np.mean([np.sum(a * b) / np.linalg.norm(a) / np.linalg.norm(b) for a, b in pairs])
        np.testing.assert_allclose(watcher.series["cosine"][0, place], due, rtol=1e-9)


def test_the_cosine_of_steps_is_that_of_our_engine() -> None:
    """A population of one, and the same network in PyTorch with its weights, on the same batch in every step."""
    x, y = RNG.normal(size=(60, 5)), RNG.integers(0, 3, 60)
    data = sb.data.load((x, y), valid_share=0.2, test_share=0.2)
    n = len(data.train)
    network = sb.Network.parse("linear 8, tanh, linear out")
    setup = sb.Setup(
        network=network, loss=sb.CrossEntropy(), optimizer=sb.SGD(0.7), batch_size=n, epochs=7, preprocessing=(),
        precision="float64",
    )  # fmt: skip
    training = Training([setup], [0], data, observe=Watch(FULL, 2))
    training.run()
    ours = series_of(training.bound[0].network, training.results[0].params, training.results[0].seen, 0)
    begun = by_hand.first_params(setup, data, 0)
    model, criterion = nn.Sequential(nn.Linear(5, 8), nn.Tanh(), nn.Linear(8, 3)).double(), nn.CrossEntropyLoss()
    with torch.no_grad():
        for i in (0, 2):
            model[i].weight.copy_(torch.tensor(begun[i]["weight"].T))
            model[i].bias.copy_(torch.tensor(begun[i]["bias"]))
    optimizer = torch.optim.SGD(model.parameters(), 0.7)
    xs, ys = torch.tensor(np.asarray(data.train.x, np.float64)), torch.tensor(np.asarray(data.train.y)).long()
    with watch(model, optimizer, every=2) as watcher:  # an epoch is one step, so that every look compares
        for _ in range(7):
            step(model, optimizer, criterion, xs, ys)
            watcher.epoch(**NO_EPOCH)
    theirs = watcher.series
    np.testing.assert_allclose(theirs["cosine"], ours["cosine"], rtol=1e-6)
    assert np.isfinite(ours["cosine"][2::2, [0, 2]]).all() and np.isnan(ours["cosine"][0]).all()


@pytest.mark.parametrize("every", [1, 2, 3])
def test_over_the_epochs_they_are_those_of_our_engine(every: int) -> None:
    """The same batches from the same weights, four an epoch, and each half a mean over the same looks.

    With a cadence of 3 an epoch may have one look, so that every look tells all; in PyTorch from the second epoch on.
    """
    rng = np.random.default_rng(5)
    x, y = rng.normal(size=(200, 5)), rng.integers(0, 3, 200)
    data = sb.data.load((x, y), valid_share=0.1, test_share=0.1)
    size = len(data.train) // 4
    assert size >= 32 and 4 * size == len(data.train)  # enough to call units dead
    setup = sb.Setup(
        network=sb.Network.parse("linear 8, relu, linear 6, tanh, linear out"), loss=sb.CrossEntropy(),
        optimizer=sb.SGD(0.5, momentum=0.5), batch_size=size, epochs=3, preprocessing=(), precision="float64",
    )  # fmt: skip
    training = Training([setup], [0], data, observe=Watch(FULL, every))
    training.run()
    ours = series_of(training.bound[0].network, training.results[0].params, training.results[0].seen, 0)
    begun = by_hand.first_params(setup, data, 0)
    row = nn.Linear(5, 8), nn.ReLU(), nn.Linear(8, 6), nn.Tanh(), nn.Linear(6, 3)
    model = nn.Sequential(*row).double()
    with torch.no_grad():
        for i in (0, 2, 4):
            model[i].weight.copy_(torch.tensor(begun[i]["weight"].T))
            model[i].bias.copy_(torch.tensor(begun[i]["bias"]))
    optimizer = torch.optim.SGD(model.parameters(), 0.5, momentum=0.5)
    xs, ys = torch.tensor(np.asarray(data.train.x, np.float64)), torch.tensor(np.asarray(data.train.y)).long()
    with watch(model, optimizer, loss=CRITERION, every=every) as watcher:
        for epoch in range(3):
            for rows in torch.tensor(by_hand.order_of(setup, len(xs), epoch, 0)).long().split(size):
                step(model, optimizer, CRITERION, xs[rows], ys[rows])
            watcher.epoch(**NO_EPOCH)
    theirs, first = watcher.series, int(every == 3)
    assert set(theirs.values) == set(ours.values)
    for name, due in ours.values.items():
        np.testing.assert_allclose(theirs[name][first:], due[first:], rtol=1e-6, atol=1e-9, err_msg=name)
    assert np.isfinite(ours["gain"]).all() and np.isfinite(ours["dead"]).all()


@pytest.mark.parametrize(("size", "known"), [(1e-17, True), (1e-20, False), (0.0, False)])
def test_steps_too_small_for_a_product_have_no_cosine(size: float, known: bool) -> None:
    """In float32 squares of 1e-20 are no normal numbers: neither here nor in the engine a cosine is told."""
    rng = np.random.default_rng(2)
    steps = [size * rng.normal(size=(4, 3)).astype(np.float32) for _ in range(2)]
    lengths = [np.asarray([[float(torch.linalg.vector_norm(torch.tensor(a)))]]) for a in steps]
    product = np.asarray([[float(torch.dot(*(torch.tensor(a).reshape(-1) for a in steps)))]])
    least = np.asarray([signals.least(torch.zeros(4, 3)) * 12**0.5])
    theirs = signals.cosines(*lengths, product, least)[0, 0]
    ours, has_one = cosines(*(({"weight": jnp.asarray(a)},) for a in steps), [0])
    assert bool(has_one[0]) == known and (known or float(ours[0]) == 0)
    if not known:
        assert np.isnan(theirs)
        return
    a, b = (one.astype(np.float64) for one in steps)
    due = np.sum(a * b) / np.linalg.norm(a) / np.linalg.norm(b)
    np.testing.assert_allclose([theirs, ours[0]], due, rtol=1e-5)


def _as_ours(modules: list[Any]) -> list[Any]:
    """The modules, the weights behind a flattened image in the order of channels last."""
    if not any(isinstance(m, nn.Flatten) for m in modules):
        return modules
    last = nn.Linear(32, 3).double()
    with torch.no_grad():
        last.weight.copy_(modules[-1].weight.reshape(3, 8, 2, 2).permute(0, 2, 3, 1).reshape(3, 32))
        last.bias.copy_(modules[-1].bias)
    return [*modules[:-1], last]


def test_looks_come_at_the_cadence_and_in_training_alone() -> None:
    model, optimizer, watcher = small(nn.Linear(4, 3), loss=CRITERION, every=3)
    counts = []
    for i in range(7):
        predicted(model, X)
        step(model, optimizer, CRITERION, X, Y)
        predicted(model, X)
        counts.append(watcher._looks.n)
        if i == 3:
            watcher.epoch(**NO_EPOCH)
    assert counts == [1, 1, 1, 2, 2, 2, 3]
    watcher.epoch(**NO_EPOCH)
    watcher.epoch(**NO_EPOCH)
    assert np.isnan(watcher.series["gradient"][2]).all()
    again = from_table(watcher.signals, 3)
    np.testing.assert_array_equal(again["delta"], watcher.series["delta"])
    assert again.weights == watcher.series.weights == (0,)


def test_signals_do_not_depend_on_when_they_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two at a time, batches of two sizes among them, over three epochs, as all at the end."""
    told = []
    for most in (2, 256):
        monkeypatch.setattr("seedbed.interop.torch.looks.MOST", most)
        torch.manual_seed(3)
        model, optimizer, watcher = small(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 3), loss=CRITERION, every=1)
        for rows in [*torch.arange(64).split(40)] * 3:
            step(model, optimizer, CRITERION, X[rows], Y[rows])
            if len(rows) < 40:
                watcher.epoch(**NO_EPOCH)
        assert watcher._looks.n == 6
        told.append(watcher.series)
    for name, one in told[0].values.items():
        assert len(one) == 3
        np.testing.assert_allclose(one, told[1][name], rtol=1e-12, err_msg=name)
    assert np.isfinite(told[0]["gain"]).all() and (told[0]["dead"] == 0).all()


def test_small_batches_tell_of_dead_units_together() -> None:
    model, optimizer, watcher = small(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3), every=1)
    with torch.no_grad():
        model[0].weight[:2], model[0].bias[:2] = 0, -1
    for rows in torch.arange(32).split(8):
        step(model, optimizer, CRITERION, X[rows], Y[rows])
        watcher.epoch(**NO_EPOCH)
    dead = watcher.series["dead"][:, 1]
    assert np.isnan(dead[:3]).all() and dead[3] >= 0.25
