"""Each trouble against theory, SciPy or PyTorch: what is shown of it, and that its remedy is one."""

import math

import jax.numpy as jnp
import numpy as np
import pytest
from scipy import integrate, optimize, special, stats

from seedbed.functions import FUNCTIONS, facts
from seedbed.network import HeNormal
from seedbed.recipe.explaining import small
from seedbed.recipe.explaining.activation import TROUBLES
from seedbed.recipe.explaining.depth import passage
from seedbed.recipe.explaining.small import SOUND, TOO_LARGE, learned
from seedbed.recipe.explaining.troubles.alike import alike
from seedbed.recipe.explaining.troubles.collapse import collapse
from seedbed.recipe.explaining.troubles.dead import dead
from seedbed.recipe.explaining.troubles.dips import dips
from seedbed.recipe.explaining.troubles.faint import faint
from seedbed.recipe.explaining.troubles.kept import kept
from seedbed.recipe.explaining.troubles.no_gradient import no_gradient
from seedbed.recipe.explaining.troubles.off_centre import off_centre
from seedbed.recipe.explaining.troubles.saturated import saturated
from seedbed.recipe.explaining.troubles.softmaxes import overflow, single, twice
from seedbed.recipe.explaining.troubles.straight import straight
from seedbed.recipe.explaining.troubles.vanishing import vanishing
from seedbed.reporting.explained.parts import Remedy
from seedbed.reporting.explained.plot import Plot
from seedbed.reporting.explained.words import Said
from tests.recipe.explaining.reading import column, part, rows, said


def test_every_activation_has_a_trouble_and_every_trouble_a_remedy():
    from seedbed.functions import ACTIVATIONS

    assert set(TROUBLES) == set(ACTIVATIONS)
    assert all(isinstance(trouble("relu").parts[-1], Remedy) for trouble in (dead, off_centre))


def test_vanishing():
    section = vanishing("sigmoid")
    ratios = dict(zip([row[0] for row in rows(section)], column(section, 3), strict=True))
    assert ratios["sigmoid"] < 0.25**9 and 0.3 < ratios["relu"] < 3 and 0.3 < ratios["selu"] < 3
    assert part(section, Plot).lines[0].y[0] == ratios["sigmoid"] == section.parts[0].values["ratio"]
    hardly = [one.key for one in section.parts if isinstance(one, Said)]
    assert "vanishing.hardly" in hardly
    assert "vanishing.hardly" not in [one.key for one in vanishing("tanh").parts if isinstance(one, Said)]
    # The remedy is the one whose gradient is nearest to that of the last layer.
    assert part(section, Remedy).said.values["best"] == min(
        ("tanh", "relu", "selu"), key=lambda name: abs(math.log(ratios[name]))
    )


@pytest.mark.parametrize(("name", "edge"), [("sigmoid", 5.9864), ("tanh", 2.9932)])
def test_saturated_is_the_normal_tail(name, edge):
    deviations = (
        10.0,
        5.0,
        1.0,
    )  # √100 weights of deviation 1; Xavier's of variance 1/100 on inputs of deviation 5 and 1
    expected = [2 * stats.norm.sf(edge / deviation) for deviation in deviations]
    assert column(saturated(name), 1) == pytest.approx(expected, abs=0.02)  # 100 units share 200 examples


def test_off_centre():
    section = off_centre("sigmoid")
    own, shifted, centred = column(section, 2)
    assert own == 1.0 and shifted < 0.01 and centred < 0.01  # 2 · 2^-20 for signs that are fair coins
    assert column(section, 1) == pytest.approx([0.5, 0.0, 0.0], abs=0.01)
    assert column(off_centre("relu"), 2)[0] == 1.0


def by_torch(name, rate, steps):
    """The same small network, trained by PyTorch's autograd from the same weights."""
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(small.SEED)
    x = torch.tensor(rng.normal(size=(small.EXAMPLES, small.INPUTS)), dtype=torch.float32)
    y = torch.tensor(np.argmax(x.numpy() @ rng.normal(size=(small.INPUTS, small.CLASSES)), axis=1))
    sizes = ((small.INPUTS, small.UNITS), (small.UNITS, small.CLASSES))
    params = []
    for size in sizes:
        w = torch.tensor(rng.normal(size=size) * np.sqrt(2 / size[0]), dtype=torch.float32, requires_grad=True)
        params += [w, torch.zeros(size[1], requires_grad=True)]
    w, b, v, c = params
    activation = getattr(torch, name)
    optimizer, first = torch.optim.SGD(params, lr=rate), None
    for _ in range(steps):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(activation(x @ w + b) @ v + c, y).backward()
        first = float(w.grad.norm()) if first is None else first
        optimizer.step()
    with torch.no_grad():
        silent = ((x @ w + b) < 0).all(dim=0).float().mean()
        return float(torch.nn.functional.cross_entropy(activation(x @ w + b) @ v + c, y)), first, float(silent)


@pytest.mark.parity
@pytest.mark.parametrize(("name", "rate", "steps"), [("relu", SOUND, 50), ("tanh", SOUND, 50), ("relu", TOO_LARGE, 8)])
def test_the_small_network_learns_as_pytorch_does(name, rate, steps):
    cost, first, silent = by_torch(name, rate, steps)
    found = learned(name, rate, steps)
    assert found.cost == pytest.approx(cost, rel=0.02)  # fifty steps in float32, in another order of sums
    assert found.gradient == pytest.approx(first, rel=1e-4)
    assert found.negative == pytest.approx(silent, abs=0.011)  # one unit in a hundred
    assert name != "relu" or found.dead == pytest.approx(silent, abs=0.011)


def test_dead_units_come_by_too_large_a_rate_and_not_with_a_slope():
    own, sound, leaky, elu = column(dead("relu"), 2)
    assert own > 0.02 and sound == leaky == elu == 0.0


def test_faint_is_a_hundredth():
    section = faint("leaky_relu")
    assert said(section)["slope"] == pytest.approx(0.01) and said(section)["times"] == pytest.approx(100)
    assert column(section, 2)[0] > 0.02 and column(section, 2)[1] == 0.0 and column(section, 3) == [0, 0, 0]


def test_examples_grow_alike_as_the_arc_cosine_kernel_says():
    """Cho and Saul 2009, eq. (6) with n = 1: cos θ' = (sin θ + (π - θ) cos θ) / π for ReLU in a wide network."""
    cosine, expected = 0.0, []
    for _ in range(10):
        theta = math.acos(cosine)
        cosine = (math.sin(theta) + (math.pi - theta) * math.cos(theta)) / math.pi
        expected.append(cosine)
    wide = passage("relu", HeNormal(), width=600, n=60).likeness
    np.testing.assert_allclose(wide, expected, atol=0.06)  # 600 units are not infinitely many
    relu, tanh, selu = (line.y for line in part(alike("relu"), Plot).lines)
    np.testing.assert_allclose(relu, expected, atol=0.1)
    assert abs(tanh[-1]) < 0.02 and abs(selu[-1]) < 0.02


def test_layers_collapse_into_their_product_and_cannot_do_xor():
    section = collapse("linear")
    assert said(section)["difference"] < 1e-13 < 1 < said(section)["size"]
    table = [[float(cell) for cell in row[1:]] for row in rows(section)]
    np.testing.assert_allclose(table, [(0, 0.5, 0), (1, 0.5, 1), (1, 0.5, 1), (0, 0.5, 0)], atol=1e-12)
    from seedbed.recipe.explaining.troubles.collapse import one_for_all

    assert one_for_all("relu")[0] > 0.5  # with a bend between them the layers are no product


def test_a_step_has_no_gradient():
    section = no_gradient("step")
    assert column(section, 1)[0] == 0.0 and all(gradient > 0.1 for gradient in column(section, 1)[1:])
    assert all(cost < column(section, 2)[0] for cost in column(section, 2)[1:])


def test_selu_is_kept_by_lecun():
    first, last = np.array(column(kept("selu"), 1)), np.array(column(kept("selu"), 2))
    fit, he, tiny = last / first
    assert abs(fit - 1) < 0.1 and he > 2 and tiny < 1e-6
    assert said(kept("selu"))["unfit"] == he


@pytest.mark.parametrize(("name", "f"), [("gelu", stats.norm.cdf), ("silu", special.expit)])
def test_the_dip_is_where_scipy_finds_it(name, f):
    lowest = optimize.minimize_scalar(lambda x: x * f(x), bounds=(-3, 0), options={"xatol": 1e-10})
    section = dips(name)
    told = said(section)
    assert (told["x"], told["low"]) == pytest.approx((lowest.x, lowest.fun), abs=1e-6)
    assert told["share"] == pytest.approx(stats.norm.cdf(lowest.x), abs=1e-6)
    for x, y, slope in rows(section):
        assert y == pytest.approx(x * f(x), abs=1e-12)
        assert (slope <= 0) == (x <= lowest.x + 1e-6)


@pytest.mark.parametrize("place", range(5))
def test_how_bent_a_slope_is(place):
    slope, share = rows(straight("prelu"))[place]
    moment = lambda g: sum(integrate.quad(lambda x: g(x) * stats.norm.pdf(x), *ends)[0] for ends in ((-9, 0), (0, 9)))  # noqa: E731
    f = lambda x: x if x > 0 else slope * x  # noqa: E731
    variance = moment(lambda x: f(x) ** 2) - moment(f) ** 2
    assert share == pytest.approx(1 - moment(lambda x: x * f(x)) ** 2 / variance, abs=1e-4)


def test_overflow():
    section = overflow("softmax")
    assert said(section)["edge"] == pytest.approx(math.log(np.finfo(np.float32).max), abs=1e-4)
    right = ", ".join(f"{p:.3f}" for p in special.softmax([0.0, 1.0, 2.0]))
    assert [row[2] for row in rows(section)] == [right] * 6
    assert [row[1] for row in rows(section)] == [right] * 3 + ["NaN, NaN, NaN"] * 3


def test_softmax_of_one_number():
    for x, one, slope, pair, sigmoid in rows(single("softmax")):
        assert (one, slope) == (1.0, 0.0)
        assert pair == pytest.approx(special.expit(x), rel=1e-5) == pytest.approx(sigmoid, rel=1e-5)


def test_softmax_twice():
    section = twice("softmax")
    for logit, once, again, loss, loss_again in rows(section):
        p = special.softmax([logit] + [0.0] * 9)
        assert (once, again) == pytest.approx((p[0], special.softmax(p)[0]), rel=1e-5)
        assert (loss, loss_again) == pytest.approx((-math.log(once), -math.log(again)))
    assert said(section)["highest"] == pytest.approx(math.e / (math.e + 9), rel=1e-5)


def test_the_derivative_of_every_activation_agrees_with_its_facts():
    """What the pictures and the troubles call flat is what the facts call saturated."""
    for name in ("sigmoid", "elu", "gelu"):
        (_, edge), *_ = facts(name).saturation
        slopes = np.abs(FUNCTIONS[name].derivative(jnp.asarray([edge - 1e-3, edge + 1e-3], jnp.float32)))
        limit = 0.01 * facts(name).max_slope
        assert slopes[0] < limit < slopes[1]
