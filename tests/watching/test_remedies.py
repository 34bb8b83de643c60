"""Remedies: each gives a setup that is sound and trains, and changes what it says and nothing else."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import seedbed as sb
from seedbed.core.messages import catalogue
from seedbed.core.value import walk
from seedbed.training.cohorts import bind
from seedbed.training.trainer import Training
from seedbed.watching.remedies import HOLD_BACK, RANGE, REMEDIES, Cost, at_rate
from seedbed.watching.remedies.anatomy import hidden, spots

NAMES = """
    standardize center positive_bias he xavier lecun orthogonal relu leaky_relu elu selu tanh batchnorm
    lr_down lr_up lr_far_down lr_far_up lr_range warm_up clip adam sgd_momentum larger_batch no_softmax fit_output l2
    dropout early_stopping hold_back class_weight residual fewer_layers less_regularisation longer wider
""".split()


def setup(line: str, loss: sb.Loss | None = None, **rest: object) -> sb.Setup:
    given = {"optimizer": sb.SGD(0.1), "batch_size": 8, "epochs": 2, "preprocessing": ()} | rest
    return sb.Setup(network=sb.Network.parse(line), loss=loss or sb.CrossEntropy(), **given)  # type: ignore[arg-type]


SETUPS = {
    "deep": setup("linear 8 normal(1), sigmoid, linear 8 normal(1), sigmoid, linear 8, sigmoid, linear 8, linear out"),
    "straight": setup("linear 8, linear 4, linear out"),
    "single": setup("linear out, softmax"),
    "softmax": setup("linear 6, relu, linear out, softmax", optimizer=sb.RMSProp(0.01), penalty=sb.L2(0.1), patience=2),
    "regularised": setup("linear 6, relu, dropout 0.2, linear out", optimizer=sb.AdamW(0.01), penalty=sb.L1(0.1)),
    "convolution": setup(
        "conv 4 3, relu, maxpool 2, conv 4 3 bias=none, batchnorm, relu, flatten, linear 6, relu, linear out"
    ),
    "all_convolution": setup("conv 4 3, relu, conv out 1, globalavgpool"),
    "blocks": sb.Setup(
        network=sb.Network(
            [
                sb.Linear(6),
                sb.Tanh(),
                sb.Residual([sb.Linear(6), sb.ReLU(), sb.Linear(6)]),
                sb.Parallel([sb.Linear(3), sb.Chain([sb.Linear(3), sb.ReLU()])]),
                sb.Repeat(sb.Linear(6), 2),
                sb.Linear("out"),
            ]
        ),
        loss=sb.CrossEntropy(),
        optimizer=sb.SGD(0.1, schedule=sb.Cosine(), clip_norm=5.0),
        batch_size=64,
        epochs=2,
    ),
    "regression": setup("linear 6, relu, linear out, sigmoid", sb.QuadraticCost(), optimizer=sb.Adam(1.0)),
}  # fmt: skip


@pytest.fixture(scope="module")
def images() -> sb.data.Dataset:
    rng = np.random.default_rng(0)
    return sb.data.load((rng.normal(size=(60, 6, 6)), rng.integers(0, 3, 60)), task="classification")


@pytest.fixture(scope="module")
def quantities() -> sb.data.Dataset:
    x = np.random.default_rng(1).normal(size=(60, 3))
    return sb.data.load((x, x.sum(axis=1)), task="regression")


def test_the_names_are_these_and_each_has_a_title() -> None:
    assert sorted(REMEDIES) == sorted(NAMES)
    assert all(remedy.name == name and remedy.title for name, remedy in REMEDIES.items())
    titles = {key for key in catalogue("en") if key.startswith("remedy.")}
    assert titles == {f"remedy.{name}" for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("sick", SETUPS)
def test_what_it_gives_is_another_sound_setup(
    name: str, sick: str, images: sb.data.Dataset, quantities: sb.data.Dataset
) -> None:
    data = quantities if sick == "regression" else images
    before = SETUPS[sick]
    after = REMEDIES[name](before, data.task)
    if after is None:
        return
    assert not sb.same(before, after)
    bound = bind(after, data)  # raises where shapes do not fit
    assert jax.eval_shape(lambda: _losses(bound, data)).shape == (8,)


def _losses(bound: sb.Setup, data: sb.data.Dataset) -> jax.Array:
    x = jnp.asarray(data.train.x[:8], jnp.float32)
    y = jnp.asarray(data.train.y[:8], jnp.int32 if data.task == "classification" else jnp.float32)
    params = bound.network.init(data.shape, key=jax.random.key(0))
    outputs = bound.network.apply(params, x, training=True, key=jax.random.key(1))
    return bound.loss.per_example(outputs, y)


@pytest.mark.parametrize("name", sorted({*NAMES} - {RANGE, HOLD_BACK}))
def test_each_has_a_place_in_some_setup(name: str) -> None:
    tasks = {sick: "regression" if sick == "regression" else "classification" for sick in SETUPS}
    assert any(REMEDIES[name](one, tasks[sick]) is not None for sick, one in SETUPS.items())


def test_the_rate_of_a_range_test_is_only_known_with_data() -> None:
    assert all(REMEDIES[RANGE](one, "classification") is None for one in SETUPS.values())
    after = at_rate(SETUPS["blocks"], 0.012345)
    assert after.optimizer == SETUPS["blocks"].optimizer.replace(lr=0.012)


@pytest.mark.slow
@pytest.mark.parametrize("sick", ["convolution", "blocks"])
def test_remedied_setups_train(sick: str, images: sb.data.Dataset) -> None:
    changed = [after for one in REMEDIES.values() if (after := one(SETUPS[sick], images.task)) is not None]
    for trained in Training(changed, [0] * len(changed), images).run():
        assert np.isfinite(trained.history[:, 0, :2]).all()


def applied(name: str, before: sb.Setup, task: str = "classification") -> sb.Setup:
    after = REMEDIES[name](before, task)
    assert after is not None
    return after


@pytest.mark.parametrize(("name", "kind", "initializer"), [
    ("relu", "relu", "he_normal"), ("tanh", "tanh", "xavier_normal"), ("selu", "selu", "lecun_normal"),
    ("leaky_relu", "leaky_relu", "he_normal"), ("elu", "elu", "he_normal"),
])  # fmt: skip
def test_activations_change_in_all_hidden_layers_and_bring_their_initialiser(
    name: str, kind: str, initializer: str
) -> None:
    after = applied(name, SETUPS["blocks"]).network
    assert [spot.layer.kind for spot in spots(after) if not spot.has_weights] == [kind] * 3
    assert {spot.layer.weight.kind for spot in spots(after) if spot.has_weights} == {initializer}
    assert applied(name, SETUPS["straight"]).network.layers[1].kind == kind  # where there was none
    assert REMEDIES[name](applied(name, SETUPS["blocks"]), "classification") is None
    kept = applied(name, SETUPS["softmax"]).network if name != "relu" else SETUPS["softmax"].network
    assert kept.layers[-1].kind == "softmax"  # the outputs' own


def test_initialisers_reach_every_block_and_draw_no_biases() -> None:
    wild, bare = sb.Linear(4, sb.Normal(1), sb.Normal(1)), sb.Linear(4, bias=None)
    before = SETUPS["deep"].replace(
        network=sb.Network([wild, sb.ReLU(), bare, sb.Linear("out", bias=sb.Constant(0.5))])
    )
    layers = [layer for layer in applied("orthogonal", before).network.layers if isinstance(layer, sb.Linear)]
    assert [layer.bias for layer in layers] == [sb.Zeros(), None, sb.Constant(0.5)]
    assert {layer.weight.gain for layer in layers} == {2**0.5}
    inner = [v for _, v in walk(applied("xavier", SETUPS["blocks"]).network) if isinstance(v, sb.Linear)]
    assert len(inner) == 7 and all(layer.weight == sb.XavierNormal() for layer in inner)


def test_positive_biases_stand_in_front_of_relus_alone() -> None:
    layers = applied("positive_bias", SETUPS["convolution"]).network.layers
    assert layers[0].bias == sb.Constant(0.1) and layers[3].bias is None and layers[-1].bias == sb.Zeros()
    assert REMEDIES["positive_bias"](SETUPS["deep"], "classification") is None


def test_batch_norm_comes_between_weights_and_activation_once() -> None:
    after = applied("batchnorm", SETUPS["convolution"])
    kinds = [layer.kind for layer in after.network.layers]
    assert kinds == "conv batchnorm relu maxpool conv batchnorm relu flatten linear batchnorm relu linear".split()
    assert REMEDIES["batchnorm"](after, "classification") is None
    assert REMEDIES["batchnorm"](SETUPS["deep"].replace(batch_size=1), "classification") is None
    branches = applied("batchnorm", SETUPS["blocks"]).network.layers[4].branches
    assert [branch.kind for branch in branches] == ["chain", "chain"]


def test_the_output_is_put_right_for_the_task() -> None:
    sick = setup("linear 4, relu, linear 7, sigmoid", sb.MeanSquaredError())
    for task, loss in [("classification", sb.CrossEntropy()), ("multilabel", sb.BinaryCrossEntropy())]:
        after = applied("fit_output", sick, task)
        assert str(after.network) == "linear 4, relu, linear out" and after.loss == loss
    after = applied("fit_output", sick, "regression")
    assert after.loss == sick.loss and str(after.network) == "linear 4, relu, linear out"
    assert REMEDIES["fit_output"](setup("linear 4, relu, linear 3"), "classification") is None
    binary = setup("linear 4, relu, linear out", sb.BinaryCrossEntropy())
    assert REMEDIES["fit_output"](binary, "classification") is None


def test_a_softmax_goes_where_the_loss_has_its_own() -> None:
    assert str(applied("no_softmax", SETUPS["softmax"]).network) == "linear 6, relu, linear out"
    one = setup("linear 4, relu, linear 1, softmax", sb.MeanSquaredError())
    assert str(applied("no_softmax", one).network) == "linear 4, relu, linear 1"
    assert REMEDIES["no_softmax"](setup("linear out, softmax", sb.MeanSquaredError()), "classification") is None


def test_inputs_are_standardised_or_centred_once() -> None:
    raw = SETUPS["regression"]
    after = applied("standardize", raw, "regression")
    assert after.preprocessing == (sb.Standardize(), sb.StandardizeTarget())
    assert REMEDIES["standardize"](after, "regression") is None and REMEDIES["center"](after, "regression") is None
    shifted = raw.replace(preprocessing=[sb.MinMax(), sb.StandardizeTarget()])
    assert applied("standardize", shifted, "regression").preprocessing == after.preprocessing
    assert applied("standardize", SETUPS["convolution"]).preprocessing == (sb.Standardize(per="all"),)
    assert applied("center", shifted, "regression").preprocessing[1] == sb.Center()
    words = setup("embedding 5 4, flatten, linear out")
    assert REMEDIES["standardize"](words, "classification") is None  # numbers of categories are no quantities


def test_the_numbers_of_learning() -> None:
    sick = SETUPS["deep"]
    assert applied("lr_down", sick).optimizer == sb.SGD(0.01) and applied("lr_up", sick).optimizer == sb.SGD(1.0)
    assert [applied(f"lr_far_{way}", sick).optimizer.lr for way in ("down", "up")] == [0.001, 10.0]
    assert applied("warm_up", SETUPS["blocks"]).optimizer.schedule == sb.WarmUp(after=sb.Cosine())
    assert applied("clip", SETUPS["blocks"]).optimizer.clip_norm == 1.0
    assert applied("adam", SETUPS["blocks"]).optimizer == sb.Adam(1e-3, schedule=sb.Cosine(), clip_norm=5.0)
    assert applied("sgd_momentum", sick).optimizer == sb.SGD(0.1, momentum=0.9)
    assert applied("sgd_momentum", SETUPS["regression"]).optimizer == sb.SGD(0.01, momentum=0.9)
    assert [applied("larger_batch", SETUPS[n]).batch_size for n in ("deep", "blocks")] == [32, 256]
    assert applied("longer", sick).epochs == 6


def test_regularisation_comes_and_goes() -> None:
    assert applied("l2", SETUPS["deep"]).penalty == sb.L2(0.01)
    assert applied("l2", SETUPS["softmax"]).penalty == sb.L2(1.0)
    assert str(applied("dropout", SETUPS["convolution"]).network).count("dropout 0.5") == 2
    free = applied("less_regularisation", SETUPS["regularised"])
    assert free.penalty is None and free.optimizer.weight_decay is None and "dropout" not in str(free.network)
    assert applied("early_stopping", SETUPS["deep"].replace(epochs=50)).patience == 5


def test_the_structure_changes_as_it_says() -> None:
    deep = SETUPS["deep"]
    assert [layer.kind for layer in applied("residual", deep).network.layers] == [
        "linear", "sigmoid", "residual", "residual", "residual", "linear"
    ]  # fmt: skip
    half = applied("fewer_layers", deep).network
    assert len(hidden(deep.network)) == 4 and len(hidden(half)) == 2 and len(half.layers) == 5
    assert [spot.layer.units for spot in spots(applied("wider", SETUPS["blocks"]).network) if spot.has_weights] == [
        12, 12, 12, 6, 6, 12, "out"
    ]  # fmt: skip
    assert REMEDIES["fewer_layers"](SETUPS["single"], "classification") is None


def test_what_is_drawn_is_left_alone() -> None:
    space = setup("linear 4, relu, linear out", optimizer=sb.SGD(sb.log_uniform(1e-3, 1.0)))
    assert REMEDIES["lr_down"](space, "classification") is None
    assert applied("tanh", space).optimizer.lr == space.optimizer.lr


def test_changes_are_ordered_from_small_to_large() -> None:
    order = "lr_down warm_up larger_batch adam he tanh batchnorm residual".split()
    costs = [REMEDIES[name].cost for name in order]
    assert costs == sorted(costs) and len(set(costs)) == len(costs) and min(Cost) == Cost.RATE
