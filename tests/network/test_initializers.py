"""Initialisers: their statistics against SciPy's distributions, the fan rule, padding, and the fixed points."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from seedbed.network import (
    Constant,
    HeNormal,
    HeUniform,
    Initializer,
    LeCunNormal,
    LeCunUniform,
    Network,
    Normal,
    Orthogonal,
    RandomUniform,
    XavierNormal,
    XavierUniform,
    Zeros,
)  # fmt: skip

KEY = jax.random.key(3)
SHAPE = (300, 200)
N = 300 * 200
NORMAL = [(HeNormal, 2 / 300), (XavierNormal, 2 / 500), (LeCunNormal, 1 / 300)]
UNIFORM = [(HeUniform, 2 / 300), (XavierUniform, 2 / 500), (LeCunUniform, 1 / 300)]
RANDOM: list[Initializer] = [Normal(0.3), RandomUniform(0.3), *(c() for c, _ in NORMAL + UNIFORM)]


def draw(initializer: Initializer, shape: tuple[int, ...] = SHAPE, **options: object) -> np.ndarray:
    return np.asarray(jax.jit(lambda i: i.sample(shape, key=KEY, dtype=jnp.float32, **options))(initializer))


def assert_follows(numbers: np.ndarray, distribution: object) -> None:
    # Kolmogorov and Smirnov: passed by chance once in a thousand keys, and the key is fixed
    assert stats.kstest(numbers.ravel(), distribution.cdf).statistic < 1.95 / np.sqrt(numbers.size)


@pytest.mark.parametrize(("cls", "variance"), NORMAL)
@pytest.mark.parametrize("gain", [1.0, 0.5])
def test_scaled_normal(cls: type[Initializer], variance: float, gain: float) -> None:
    numbers = draw(cls(gain=gain))
    assert_follows(numbers, stats.norm(0, gain * np.sqrt(variance)))
    # the deviation of a sample variance is √(2/n) of it: 0.6 %; three of them
    assert numbers.var() == pytest.approx(gain**2 * variance, rel=0.02)


@pytest.mark.parametrize(("cls", "variance"), UNIFORM)
@pytest.mark.parametrize("gain", [1.0, 0.5])
def test_scaled_uniform(cls: type[Initializer], variance: float, gain: float) -> None:
    numbers, a = draw(cls(gain=gain)), gain * np.sqrt(3 * variance)
    assert_follows(numbers, stats.uniform(-a, 2 * a))
    assert np.abs(numbers).max() <= a
    assert numbers.var() == pytest.approx(gain**2 * variance, rel=0.02)


def test_normal_and_uniform_know_no_fan() -> None:
    assert_follows(draw(Normal(0.3, gain=2.0)), stats.norm(0, 0.6))
    assert_follows(draw(RandomUniform(0.3, gain=2.0)), stats.uniform(-0.6, 1.2))


def test_zeros_and_constant() -> None:
    np.testing.assert_array_equal(draw(Zeros(), (2, 3)), np.zeros((2, 3)))
    np.testing.assert_array_equal(draw(Constant(0.1), (3,)), np.full(3, 0.1, np.float32))


@pytest.mark.parametrize("shape", [(50, 20), (20, 50), (30, 30), (3, 3, 4, 6)])
def test_orthogonal(shape: tuple[int, ...]) -> None:
    matrix = draw(Orthogonal(gain=2.0), shape).reshape(-1, shape[-1])
    short = matrix if matrix.shape[0] >= matrix.shape[1] else matrix.T
    # float32: 1e-7 times the square root of the length
    np.testing.assert_allclose(short.T @ short, 4.0 * np.eye(short.shape[1]), atol=1e-5)


def test_orthogonal_favours_no_direction() -> None:
    keys = jax.random.split(KEY, 500)
    corner = jax.vmap(lambda key: Orthogonal().sample((2, 2), key=key, dtype=jnp.float32)[0, 0])(keys)
    # the corner is the cosine of a uniform angle
    assert stats.kstest(np.asarray(corner), stats.arcsine(-1, 2).cdf).statistic < 1.95 / np.sqrt(500)


@pytest.mark.parametrize("initializer", RANDOM, ids=repr)
@settings(max_examples=5, deadline=None)
@given(real=st.sampled_from([(1, 1), (5, 2)]), padded=st.sampled_from([(5, 3), (6, 7)]))
def test_padding_changes_no_real_weight(
    initializer: Initializer, real: tuple[int, int], padded: tuple[int, int]
) -> None:
    wide = draw(initializer, padded, fan=real)
    np.testing.assert_array_equal(draw(initializer, real), wide[: real[0], : real[1]])


def test_padding_holds_for_biases_and_for_filters() -> None:
    he = HeNormal()
    np.testing.assert_array_equal(draw(he, (4,), fan=(9, 4)), draw(he, (7,), fan=(9, 4))[:4])
    real = draw(he, (3, 3, 2, 4), fan=(18, 36))
    np.testing.assert_array_equal(real, draw(he, (3, 3, 5, 6), fan=(18, 36))[:, :, :2, :4])


@pytest.mark.parametrize("cls", [HeNormal, XavierUniform, LeCunNormal])
def test_fan_and_gain_may_be_traced(cls: type[Initializer]) -> None:
    def sample(gain: jax.Array, fan_in: jax.Array) -> jax.Array:
        return cls(gain=gain).sample((5, 4), key=KEY, dtype=jnp.float32, fan=(fan_in, 4))

    both = jax.jit(jax.vmap(sample))(jnp.array([1.0, 2.0]), jnp.array([3, 5]))
    np.testing.assert_allclose(both[0], draw(cls(), (5, 4), fan=(3, 4)), rtol=1e-6)
    np.testing.assert_allclose(both[1], draw(cls(gain=2.0), (5, 4)), rtol=1e-6)


def test_precision_does_not_change_the_draw() -> None:
    single = draw(HeNormal(), (6, 5))
    with jax.enable_x64(True):
        double = HeNormal().sample((6, 5), key=KEY, dtype=jnp.float64)
        assert double.dtype == jnp.float64
        np.testing.assert_allclose(double, single, rtol=3e-7)  # the last digit of float32
    assert HeNormal().sample((6, 5), key=KEY, dtype=jnp.bfloat16).dtype == jnp.bfloat16


@pytest.mark.parametrize(("line", "low", "high"), [
    ("relu", 0.8, 1.25), ("tanh", 0.0, 0.4), ("selu", 0.9, 1.1),
])  # fmt: skip
def test_signal_ten_layers_down(line: str, low: float, high: float) -> None:
    # He keeps the second moment for ReLU, LeCun keeps mean 0 and variance 1 for SELU; LeCun lets tanh shrink.
    weight = "he_normal" if line == "relu" else "lecun_normal"
    network = Network.parse(", ".join([f"linear 256 weight={weight}, {line}"] * 10))
    x = jax.random.normal(jax.random.key(0), (64, 256))
    params = jax.jit(lambda: network.init((256,), key=KEY))()
    *_, before, last = jax.jit(network.activations)(params, x)
    # The second moment in front of the last function is that of what its linear layer read, for He times 2.
    moments = {"relu": jnp.mean(before**2) / 2, "tanh": jnp.mean(before**2), "selu": jnp.var(last)}
    assert low < float(moments[line]) < high


def test_faults_are_named() -> None:
    with pytest.raises(ValueError, match=r"HeNormal: gain: expected a number of at least 0, got -1"):
        HeNormal(gain=-1)
    with pytest.raises(ValueError, match=r"Normal: std: expected a number of at least 0, got -0.1"):
        Normal(-0.1)


@pytest.mark.parametrize("initializer", [*RANDOM, Zeros(), Constant(-0.5), Orthogonal(gain=2)], ids=repr)
@pytest.mark.parametrize("shape", [SHAPE, (100, 300)])
def test_the_mean_square_is_that_of_what_is_drawn(initializer: Initializer, shape: tuple[int, ...]) -> None:
    # √(2/n) of the variance is what a sample of n deviates by: 0.8 % for 30,000 numbers, of which three
    drawn = np.mean(draw(initializer, shape).astype(np.float64) ** 2)
    assert initializer.mean_square(shape) == pytest.approx(drawn, rel=0.025)
    assert Initializer.mean_square(initializer, shape) == pytest.approx(drawn, rel=0.025)  # of one that does not say


def test_the_mean_square_follows_the_fan_that_is_given() -> None:
    assert HeNormal(gain=3).mean_square((10,), (50, 10)) == pytest.approx(9 * 2 / 50)
    assert Normal(0.2, gain=3).mean_square((10,), (50, 10)) == pytest.approx(0.36)
