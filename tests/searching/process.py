"""A process that works on a study: `python process.py URL METHOD TRIALS EPOCHS`; tells what it did."""

import sys

import seedbed as sb
from seedbed.core.distributions import choice, integers, log_uniform
from seedbed.network import CrossEntropy, Linear, Network, ReLU, Tanh
from seedbed.recipe.searching.search import search
from seedbed.training import Adam, Setup


def space(epochs: int) -> Setup:
    """Two widths, two activations and a rate: what is padded, and what is merged."""
    layers = [Linear(integers(4, 12)), choice(ReLU(), Tanh()), Linear("out")]
    return Setup(Network(layers), CrossEntropy(), Adam(log_uniform(1e-4, 1e-1)), batch_size=32, epochs=epochs)


def main(url: str, method: str, trials: int, epochs: int) -> None:
    sys.stdout.write("begins\n")
    sys.stdout.flush()
    options = {"method": method, "study": url, "out": None, "retrain": 0, "steps": 4, "seed": 5}
    study = search(space(epochs), sb.data.load("iris"), trials=trials, **options)
    sys.stdout.write(f"{study.worker.n_trained if study.worker else 0}\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
