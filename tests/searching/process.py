"""A process that works on a study; says when it begins, and then how many trials it trained, each rung counted.

`python -m tests.searching.process URL METHOD TRIALS EPOCHS`, or `URL alone CONFIG WORKERS`.
"""

import sys

import seedbed as sb
from seedbed.core.distributions import choice, integers, log_uniform
from seedbed.network import CrossEntropy, Linear, Network, ReLU, Tanh
from seedbed.recipe.searching.search import search
from seedbed.searching.config import Config
from seedbed.searching.store import Store
from seedbed.searching.worker import Worker
from seedbed.training import Adam, Setup


def space(epochs: int) -> Setup:
    """Two widths, two activations and a rate: what is padded, and what is merged."""
    layers = [Linear(integers(4, 12)), choice(ReLU(), Tanh()), Linear("out")]
    return Setup(Network(layers), CrossEntropy(), Adam(log_uniform(1e-4, 1e-1)), batch_size=32, epochs=epochs)


def main(url: str, method: str, trials: int, epochs: int) -> None:
    begin()
    steps = 4 if method == "grid" else None
    options = {"method": method, "study": url, "out": None, "retrain": 0, "steps": steps, "seed": 5}
    study = search(space(epochs), sb.data.load("iris"), trials=trials, **options)
    sys.stdout.write(f"{study.worker.n_trained if study.worker else 0}\n")


def alone(url: str, text: str, n_workers: int) -> None:
    """By itself, with the rungs cut into parts as so many workers do."""
    begin()
    store = Store(url, "search")
    worker = Worker(store, store.begin(Config.from_text(text)), [sb.data.load("iris")], n_workers=n_workers)
    worker.run()
    sys.stdout.write(f"{worker.n_trained}\n")


def begin() -> None:
    sys.stdout.write("begins\n")
    sys.stdout.flush()


if __name__ == "__main__":
    if sys.argv[2] == "alone":
        alone(sys.argv[1], sys.argv[3], int(sys.argv[4]))
    else:
        main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
