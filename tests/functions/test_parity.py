"""Values and gradients against PyTorch and SciPy in float64, and the constants of SELU by its fixed point."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import integrate, special, stats

from seedbed.functions import FUNCTIONS
from seedbed.functions.smooth import SELU_ALPHA, SELU_SCALE

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.parity
F = torch.nn.functional

X = np.concatenate([np.linspace(-12, 12, 97), [1e-3, -1e-3, 40.0, -40.0]])
TWINS = {
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": torch.relu,
    "leaky_relu": lambda x: F.leaky_relu(x, 0.01),
    "prelu": lambda x: F.prelu(x, torch.tensor([0.25], dtype=torch.float64)),
    "elu": F.elu,
    "selu": F.selu,
    "gelu": F.gelu,
    "silu": F.silu,
    "softplus": F.softplus,
    "step": lambda x: torch.heaviside(x, torch.zeros(1, dtype=torch.float64)),
    "linear": lambda x: x * 1.0,
}


@pytest.mark.parametrize("name", TWINS)
def test_value_and_gradient(name: str) -> None:
    x = torch.tensor(X, requires_grad=True)
    y = TWINS[name](x)
    slope = torch.autograd.grad(y.sum(), x)[0].numpy() if name != "step" else np.zeros_like(X)
    # PyTorch's softplus is x beyond 20, which drops e^-20 = 2e-9
    tolerance = 3e-9 if name == "softplus" else 1e-13
    with jax.enable_x64(True):
        ours = jnp.asarray(X)
        f = FUNCTIONS[name]
        np.testing.assert_allclose(f(ours), y.detach().numpy(), rtol=1e-13, atol=tolerance)
        np.testing.assert_allclose(f.derivative(ours), slope, rtol=1e-12, atol=tolerance)
        np.testing.assert_allclose(jax.vmap(jax.grad(f))(ours), slope, rtol=1e-12, atol=tolerance)


def test_softmax() -> None:
    x = np.random.default_rng(0).normal(size=(5, 7)) * 3
    with jax.enable_x64(True):
        np.testing.assert_allclose(FUNCTIONS["softmax"](jnp.asarray(x)), special.softmax(x, axis=-1), rtol=1e-13)
        twin = torch.autograd.functional.jacobian(lambda z: torch.softmax(z, -1), torch.tensor(x[0])).numpy()
        np.testing.assert_allclose(FUNCTIONS["softmax"].derivative(jnp.asarray(x[0])), twin, atol=1e-15)


def test_gelu_and_sigmoid_against_scipy() -> None:
    with jax.enable_x64(True):
        x = jnp.asarray(X)
        # 1 + erf cancels for negative x: the error is that of one in the last place of 1, times x
        np.testing.assert_allclose(FUNCTIONS["gelu"](x), X * stats.norm.cdf(X), rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(FUNCTIONS["sigmoid"](x), special.expit(X), rtol=1e-13)
        np.testing.assert_allclose(FUNCTIONS["softplus"](x), np.logaddexp(0, X), rtol=1e-13)


def test_selu_keeps_mean_zero_and_variance_one() -> None:
    def selu(x: float) -> float:
        return SELU_SCALE * (x if x > 0 else SELU_ALPHA * np.expm1(x))

    moments = [integrate.quad(lambda x, k=k: selu(x) ** k * stats.norm.pdf(x), -20, 20, points=[0])[0] for k in (1, 2)]
    np.testing.assert_allclose(moments, [0, 1], atol=1e-10)
