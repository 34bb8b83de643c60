"""Networks of PyTorch that are watched: what is found in them against what we find, and how a watcher is used."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import numpy as np
import pytest

import seedbed as sb
from benchmarks.sick import CASES, Sick
from seedbed.data.preprocessor import Preprocessor
from seedbed.interop.torch import door
from seedbed.recipe.diagnose import diagnose
from seedbed.training.cohorts import bind
from tests.interop.torch_networks import CRITERION, LR, NO_EPOCH, X, Y, nn, predicted, small, step, torch, watch

pytestmark = pytest.mark.slow  # each of these trains networks


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


def test_the_first_step_whose_loss_is_no_number_is_told_with_its_module() -> None:
    """At every step: the weights of the last layer are blown up in front of the seventh, the second of an epoch."""
    model, optimizer, watcher = small(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3), loss=CRITERION, every=2)
    for epoch in range(3):
        for i in range(5):
            if (epoch, i) == (1, 3):
                with torch.no_grad():
                    model[2].weight.mul_(1e39)
            step(model, optimizer, CRITERION, X, Y)
        model.eval()
        with torch.no_grad():
            CRITERION(model(X) * (torch.nan if epoch == 0 else 1), Y)  # of validation, which is none of training
        model.train()
        loss = 1.0 if epoch == 0 else float("nan")
        watcher.epoch(train_loss=loss, train_score=0.3, valid_loss=loss, valid_score=0.3)
    case = watcher.case(X, Y)
    assert (case.ended, case.broken, case.epoch_steps) == (8, 2, 5)
    (found,) = [one for root in watcher.findings(X, Y) for one in (root, *root.symptoms) if one.code == "non_finite"]
    assert found.layers == (2,) and "first, at step 4 of epoch 2; sound steps before it: 8" in str(found.evidence[0])


def test_a_step_between_two_looks_is_told_without_a_module() -> None:
    """Behind it all weights are spoilt: the look that comes next would accuse the first module."""
    model, optimizer, watcher = small(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3), loss=CRITERION, every=4)
    for i in range(12):
        step(model, optimizer, CRITERION, X * (torch.inf if i == 6 else 1), Y)
    watcher.epoch(**NO_EPOCH | {"train_loss": float("nan")})
    case = watcher.case(X, Y)
    assert (case.ended, case.broken) == (6, -1)


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
