"""Networks of PyTorch that are watched: their signals against ours in float64, their findings against ours."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import seedbed as sb
from benchmarks.sick import CASES, Sick
from seedbed.data.preprocessor import Preprocessor
from seedbed.interop.torch import door
from seedbed.network.layer import is_running
from seedbed.recipe.diagnose import diagnose
from seedbed.training.cohorts import bind
from seedbed.training.member import Batch
from seedbed.training.observe import Observation
from seedbed.training.trainer import Training
from seedbed.watching.levels import FULL
from seedbed.watching.series import from_table, series_of
from seedbed.watching.signals import PER_LAYER, PER_MEMBER, PER_WEIGHT, Watch
from tests.training import by_hand

torch = pytest.importorskip("torch")
torch.set_num_threads(1)
nn = torch.nn
watch = sb.interop.torch.watch

pytestmark = pytest.mark.slow  # each of these trains networks

RNG = np.random.default_rng(0)
LR = 0.3
NO_EPOCH = {"train_loss": 1.0, "train_score": 0.5, "valid_loss": 1.0, "valid_score": 0.5}


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


def step(model: Any, optimizer: Any, criterion: Any, x: Any, y: Any) -> Any:
    optimizer.zero_grad()
    loss = criterion(model(x), y)
    loss.backward()
    optimizer.step()
    return loss


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
    """With a loss every second look runs the batch once more instead; the first step has none before it."""
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
    looks = [k for n, k in enumerate(range(0, 12, every)) if k and (not has_loss or n % 2)]
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
    with watch(model, optimizer, every=2) as watcher:  # without a loss every look compares
        for _ in range(7):
            step(model, optimizer, criterion, xs, ys)
            watcher.epoch(**NO_EPOCH)
    theirs = watcher.series
    np.testing.assert_allclose(theirs["cosine"], ours["cosine"], rtol=1e-6)
    assert np.isfinite(ours["cosine"][2::2, [0, 2]]).all() and np.isnan(ours["cosine"][0]).all()


def _as_ours(modules: list[Any]) -> list[Any]:
    """The modules, the weights behind a flattened image in the order of channels last."""
    if not any(isinstance(m, nn.Flatten) for m in modules):
        return modules
    last = nn.Linear(32, 3).double()
    with torch.no_grad():
        last.weight.copy_(modules[-1].weight.reshape(3, 8, 2, 2).permute(0, 2, 3, 1).reshape(3, 32))
        last.bias.copy_(modules[-1].bias)
    return [*modules[:-1], last]


class Threshold(nn.Module):
    """A step, of which PyTorch has none, with a slope of 0."""

    def forward(self, x: Any) -> Any:
        return (x > 0).to(x.dtype) + 0 * x


def module_of(layer: Any, params: Any, n_inputs: int) -> Any:
    """A layer of ours in PyTorch, with its weights."""
    if layer.kind == "linear":
        module = nn.Linear(n_inputs, layer.units)
        with torch.no_grad():
            module.weight.copy_(torch.tensor(np.asarray(params["weight"]).T))
            module.bias.copy_(torch.tensor(np.asarray(params["bias"])))
        return module
    return {
        "relu": nn.ReLU,
        "tanh": nn.Tanh,
        "sigmoid": nn.Sigmoid,
        "softmax": lambda: nn.Softmax(-1),
        "step": Threshold,
        "dropout": lambda: nn.Dropout(layer.rate),
    }[layer.kind]()


def optimizer_of(setup: Any, params: Any) -> Any:
    optimizer, decay = setup.optimizer, 0.0 if setup.penalty is None else setup.penalty.strength
    if optimizer.kind == "sgd":
        return torch.optim.SGD(params, optimizer.lr, optimizer.momentum or 0.0, weight_decay=decay)
    return {"adam": torch.optim.Adam, "rmsprop": torch.optim.RMSprop}[optimizer.kind](params, optimizer.lr)


LOSSES: dict[str, tuple[Callable[[], Any], Callable[[Any, Any], Any]]] = {
    "cross_entropy": (nn.CrossEntropyLoss, lambda z, t: (z.argmax(1) == t).double().mean()),
    "binary_cross_entropy": (nn.BCEWithLogitsLoss, lambda z, t: ((z > 0) == (t > 0.5)).double().mean()),
    "mean_squared_error": (nn.MSELoss, lambda z, t: 1 - (z - t).square().mean() / t.var(correction=0)),
}


def found_in(setup: sb.Setup, data: Any) -> list[sb.Finding]:
    """What the watcher finds in a setup that PyTorch trains, from the weights that ours begins with."""
    preprocessor = Preprocessor.fit(setup.preprocessing, data)
    setup = bind(setup, data, preprocessor.shape)
    make, score = LOSSES[setup.loss.kind]
    is_classes = setup.loss.kind == "cross_entropy"
    parts = []
    for part in (data.train, data.valid):
        x, y = np.asarray(preprocessor.x(part.x), np.float32), preprocessor.y(np.asarray(part.y))
        t = torch.tensor(y).long() if is_classes else torch.tensor(y, dtype=torch.float32).reshape(len(y), -1)
        parts.append((torch.tensor(x.reshape(len(x), -1)), t))
    (x, y), n = parts[0], (parts[0][0].shape[1],)
    torch.manual_seed(1)
    params, shapes = setup.network.init(n, key=jax.random.key(1)), [n, *setup.network.shapes(n)]
    row = zip(setup.network.layers, params, shapes, strict=False)
    model, criterion = nn.Sequential(*(module_of(layer, own, shape[-1]) for layer, own, shape in row)), make()
    optimizer = optimizer_of(setup, model.parameters())
    with watch(model, optimizer, loss=criterion, task=data.task) as watcher:
        for _ in range(setup.epochs):
            for rows in torch.randperm(len(x)).split(setup.batch_size):
                step(model, optimizer, criterion, x[rows], y[rows])
            outputs = predicted(model, *(part[0] for part in parts))
            told = [f(z, part[1]) for z, part in zip(outputs, parts, strict=True) for f in (criterion, score)]
            watcher.epoch(**dict(zip(NO_EPOCH, told, strict=True)))
            if not torch.isfinite(told[0]):
                break
    return watcher.findings(x.reshape(-1, *data.image_shape[:2]) if data.image_shape else x, y)


def predicted(model: Any, *batches: Any) -> list[Any]:
    model.eval()
    with torch.no_grad():
        outputs = [model(x) for x in batches]
    model.train()
    return outputs


def named(name: str) -> Sick:
    return next(case for case in CASES if case.name.startswith(name))


@pytest.mark.parametrize(("name", "epochs"), [("W03", 6), ("W11", 6), ("W13", 8), ("W19", 6)])
def test_what_is_found_first_is_what_we_find_first(name: str, epochs: int) -> None:
    case = named(name)
    setup = case.setup.replace(epochs=epochs)
    found = found_in(setup, case.data())
    ours = diagnose(setup, case.data(), members=1).findings
    assert (found[0].code, found[0].layers[:1]) == (ours[0].code, ours[0].layers[:1])
    assert found[0].code in case.expected


@pytest.mark.slow
@pytest.mark.parametrize("case", [case for case in CASES if case.name[:3] != "W21"], ids=lambda case: case.name[:3])
def test_sick_networks_are_named(case: Sick) -> None:
    """W21 is no network in PyTorch: its loss does not fit its task, which a test below asks for."""
    found = found_in(case.setup, case.data())
    assert found[0].code in case.expected


def test_of_a_sound_network_nothing_is_said() -> None:
    network = sb.Network.parse("linear 64, relu, linear 64, relu, linear out")
    setup = named("W19").setup.replace(network=network, optimizer=sb.SGD(0.1, momentum=0.9), batch_size=32, epochs=8)
    assert found_in(setup, named("W19").data()) == []


def small(*modules: Any, loss: Any = None, **options: Any) -> tuple[Any, Any, Any]:
    model = nn.Sequential(*modules)
    optimizer = torch.optim.SGD(model.parameters(), LR)
    return model, optimizer, watch(model, optimizer, loss=loss, **options)


X, Y = torch.randn(64, 4), torch.arange(64) % 3
CRITERION = nn.CrossEntropyLoss()


def hooks_of(model: Any, optimizer: Any, *others: Any) -> int:
    return sum(
        len(hooks)
        for thing in (*model.modules(), optimizer, *others)
        for name, hooks in vars(thing).items()
        if "hook" in name and isinstance(hooks, dict)
    )


def test_no_hook_stays() -> None:
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
    optimizer = torch.optim.SGD(model.parameters(), LR)
    before = hooks_of(model, optimizer, CRITERION)
    with watch(model, optimizer, loss=CRITERION, every=1) as watcher:
        assert hooks_of(model, optimizer, CRITERION) > before
        step(model, optimizer, CRITERION, X, Y)
        watcher.epoch(**NO_EPOCH)
    assert hooks_of(model, optimizer, CRITERION) == before
    step(model, optimizer, CRITERION, X, Y)
    watcher.close()  # once more is no harm
    assert len(watcher.signals) == 3
    with pytest.raises(sb.UsageError, match="expected an open watcher, got a closed one"):
        watcher.epoch(**NO_EPOCH)


def test_watching_changes_no_training() -> None:
    """The same weights with a watcher at every step, dropout and batch norm in the network, as without."""
    ends = []
    for is_watched in (False, True):
        torch.manual_seed(3)
        row = nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(inplace=True), nn.Dropout(0.3), nn.Linear(8, 3)
        model = nn.Sequential(*row)
        optimizer = torch.optim.Adam(model.parameters(), 0.01)
        watcher = watch(model, optimizer, loss=CRITERION, every=1) if is_watched else None
        for _ in range(5):
            step(model, optimizer, CRITERION, X, Y)
        ends.append([a.clone() for a in model.state_dict().values()])
    assert watcher is not None
    watcher.epoch(**NO_EPOCH)
    assert -3 <= watcher.series["gain"][0] <= 3
    for a, b in zip(*ends, strict=True):
        assert torch.equal(a, b)


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


class Functional(nn.Module):
    """Activations as functions between modules, a step that adds, and a module without weights of the user's own."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.c, self.own = nn.Conv2d(1, 4, 3, padding=1), nn.Linear(64, 6), nn.Linear(6, 3), Own()

    def forward(self, x: Any) -> Any:
        x = torch.flatten(nn.functional.max_pool2d(torch.relu(self.a(x)), 2), 1)
        x = torch.tanh(self.b(x))
        return torch.softmax(self.c(self.own(x + 1)), 1)


class Own(nn.Module):
    def forward(self, x: Any) -> Any:
        return x * 2


def test_functions_between_modules_are_seen() -> None:
    model = Functional()
    optimizer = torch.optim.SGD(model.parameters(), LR, weight_decay=0.1)
    x = torch.randn(40, 1, 8, 8)
    with watch(model, optimizer, loss=CRITERION) as watcher:
        step(model, optimizer, CRITERION, x, Y[:40])
        watcher.epoch(**NO_EPOCH)
    names = watcher.series.names
    assert names[0].startswith("conv 4 ")
    assert names[1].startswith("view of maxpool2d")
    assert [name.split()[0] for name in names[2:]] == ["linear", "add", "own", "linear", "softmax"]
    assert watcher.series.weights == (0, 2, 5)
    assert watcher.findings(x, Y[:40])[0].code == "redundant_softmax"
    assert watcher.case(x, Y[:40]).setup.penalty == sb.L2(0.1)


class Two(nn.Module):
    """Two layers with a function between them."""

    def __init__(self, between: Callable[[Any], Any]) -> None:
        super().__init__()
        self.a, self.b, self.between = nn.Linear(4, 8), nn.Linear(8, 3), between

    def forward(self, x: Any) -> Any:
        return self.b(self.between(self.a(x)))


@pytest.mark.parametrize(
    ("between", "layer", "code"),
    [
        (torch.relu, sb.ReLU(), None),
        (lambda z: nn.functional.relu(z, inplace=True), sb.ReLU(), None),
        (lambda z: nn.functional.elu(z, 0.5), sb.ELU(0.5), None),
        (torch.selu, sb.SELU(), None),
        (lambda z: nn.functional.leaky_relu(z, 0.2), sb.LeakyReLU(0.2), None),
        (lambda z: (z > 0).float(), sb.Step(), "step_activation"),
        (torch.sin, None, None),
    ],
)
def test_a_function_between_two_layers_is_a_layer(between: Callable[[Any], Any], layer: Any, code: str | None) -> None:
    model = Two(between)
    optimizer = torch.optim.SGD(model.parameters(), LR)
    watcher = watch(model, optimizer, loss=CRITERION)
    step(model, optimizer, CRITERION, X, Y)
    seen = watcher.case(X, Y).layers
    assert len(seen) == 3 and (layer is None or seen[1] == layer)
    assert [one.code for one in watcher.findings(X, Y)] == ([] if code is None else [code])


def test_two_layers_with_nothing_between_them_are_one() -> None:
    model, optimizer, watcher = small(nn.Linear(4, 8), nn.Linear(8, 3), loss=CRITERION)
    step(model, optimizer, CRITERION, X, Y)
    assert [one.code for one in watcher.findings(X, Y)] == ["no_nonlinearity"]


def test_a_closure_and_a_loss_of_ours_will_do() -> None:
    model, optimizer, watcher = small(
        nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1), loss=sb.MeanSquaredError(), task="regression"
    )

    def closure() -> Any:
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(X), X[:, :1])
        loss.backward()
        return loss

    optimizer.step(closure)
    watcher.epoch(**NO_EPOCH)
    assert np.isfinite(watcher.series["step"][0, 0]) and np.isnan(watcher.series["gain"][0])
    assert watcher.case(X, X[:, 0]).inputs.targets is not None


def test_weights_that_begin_alike_and_a_loss_that_does_not_fit_are_found() -> None:
    first = nn.Linear(4, 8)
    nn.init.zeros_(first.weight)
    model, optimizer, watcher = small(first, nn.Tanh(), nn.Linear(8, 3), loss=CRITERION)
    step(model, optimizer, CRITERION, X, Y)
    assert watcher.findings(X, Y)[0].code == "symmetric_units"
    bce = nn.BCEWithLogitsLoss()
    model, optimizer, watcher = small(nn.Linear(4, 1), loss=bce, task="regression")
    step(model, optimizer, bce, X, X[:, :1])
    assert watcher.findings(X, 5 * X[:, :1])[0].code == "loss_does_not_fit"


def test_a_loss_that_is_no_number_is_one_that_diverged() -> None:
    model, optimizer, watcher = small(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3), loss=CRITERION, every=1)
    for loss in (1.0, 1.5, float("nan")):
        step(model, optimizer, CRITERION, X if loss < 2 else X * torch.nan, Y)
        watcher.epoch(train_loss=loss, train_score=0.3, valid_loss=loss, valid_score=0.3)
    assert "non_finite" in {one.code for root in watcher.findings(X, Y) for one in (root, *root.symptoms)}
    assert np.isnan(watcher.series["gradient"][2]).all()


MODEL = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
SGD = torch.optim.SGD(MODEL.parameters(), LR)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((len, SGD), "expected a torch.nn.Module"),
        ((MODEL, MODEL), "expected an optimizer of torch.optim"),
        ((nn.Linear(2, 2), SGD), "got one that holds none of its weights\nhint: make the optimizer of"),
        ((MODEL, SGD, {"every": 0}), "every to be a whole number of steps, at least 1, got 0"),
        ((MODEL, SGD, {"task": "classify"}), "expected as task one of .* got 'classify'\nhint: did you mean"),
        ((MODEL, SGD, {"n_classes": 1}), "n_classes as a whole number, at least 2, got 1"),
        ((MODEL, SGD, {"loss": nn.BCELoss()}), "got BCELoss\nhint: BCEWithLogitsLoss without the sigmoid"),
        ((MODEL, SGD, {"loss": nn.MSELoss(reduction="sum")}), "a loss that is a mean, got MSELoss\\(reduction='sum'"),
    ],
)
def test_wrong_use_is_refused(arguments: tuple[Any, ...], message: str) -> None:
    model, optimizer, options = (*arguments, {})[:3]
    with pytest.raises(sb.UsageError, match=message):
        watch(model, optimizer, **options)
    assert hooks_of(MODEL, SGD) == 0


def test_modules_with_weights_that_are_not_known_are_named() -> None:
    model = nn.Sequential(nn.LSTM(4, 8), nn.Sequential(nn.Bilinear(2, 2, 2), nn.ReLU()))
    with pytest.raises(sb.UsageError, match=r"of Linear, Conv1d, .* alone, got 0 \(LSTM\), 1\.0 \(Bilinear\)"):
        watch(model, torch.optim.SGD(model.parameters(), LR))
    shared = nn.Linear(4, 4)
    model = small(shared, nn.Tanh(), shared)[0]
    with pytest.raises(sb.UsageError, match="each layer with weights to run once in a step, got 0 twice"):
        model(X)
    model = small(nn.Linear(4, 3))[0]
    with pytest.raises(sb.UsageError, match=r"vectors or images .* got examples \(5, 4\) → \(5, 3\) in 0 \(Linear\)"):
        model(torch.randn(2, 4, 5).movedim(1, -1))


def test_what_is_asked_too_early_or_of_too_little_is_said() -> None:
    model, optimizer, watcher = small(nn.Linear(4, 3))
    with pytest.raises(sb.UsageError, match="expected a step of training at least, got none"):
        _ = watcher.series
    step(model, optimizer, CRITERION, X, Y)
    with pytest.raises(sb.UsageError, match="expected an epoch with a look, got none"):
        _ = watcher.signals
    with pytest.raises(sb.UsageError, match=r"got none\nhint: watch\(model, optimizer, loss=criterion\)"):
        watcher.findings(X, Y)
    with pytest.raises(sb.UsageError, match="expected train_score as a number, got 'good'"):
        watcher.epoch(**NO_EPOCH | {"train_score": "good"})
    model, optimizer, watcher = small(nn.Linear(4, 3), loss=CRITERION)
    step(model, optimizer, CRITERION, X, Y)
    for y, message in ((Y[:3], "64 examples and 3 targets"), (Y + 9, "below 3"), (X[:, 0], "whole numbers as targets")):
        with pytest.raises(sb.UsageError, match=message):
            watcher.findings(X, y)


def test_without_pytorch_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "find_spec", lambda name: None)
    with pytest.raises(sb.UsageError, match=r"got no such package\nhint: pip install 'seedbed\[torch\]'"):
        watch(MODEL, SGD)
