"""A cluster: the workers of a study as actors of Ray, one for each device or host, on one machine or on many.

What is found goes through the study's database, and through Ray only the data and the question who is still there. An
actor is a `Worker` like any process that works on a study; JAX is imported there, behind the cores that it gets.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import socket
import threading
import time
import urllib.parse
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from seedbed.core.errors import RunError, UsageError

if TYPE_CHECKING:
    from seedbed.data.dataset import Dataset
    from seedbed.searching.config import Config
    from seedbed.searching.store import Round, Store
    from seedbed.searching.worker import Told

LOCAL, AUTO = "local", "auto"
LOOK_SECONDS = 0.5  # between two looks at the actors and at the study
STOP_SECONDS = 60.0  # in which an actor ends what a device does
REPLACED = 2  # for each worker, how often one that died is replaced
CONNECT_SECONDS = 5.0  # to find out whether anybody listens at an address
LOCAL_OBJECT_BYTES = 256_000_000  # for the data; Ray would take a third of the memory


class Hand:
    """What runs in a process of the cluster.

    Arguments:
        url, name: of the study.
        config: of the study, as text.
        data: a reference to the data sets, in a list so that Ray leaves it alone; or what loads them again.
        n_workers: how many hands there are.
        n_devices: CPU devices that this one may use.
    """

    def __init__(self, url: str, name: str, config: str, data: Any, n_workers: int, n_devices: int) -> None:
        from seedbed.core.cores import DEVICES_VARIABLE

        os.environ[DEVICES_VARIABLE] = str(n_devices)
        self._given = url, name, config, data
        self._n_workers = n_workers
        self._over = threading.Event()

    def work(self) -> dict[str, float]:
        """Works until the study is done; what it did."""
        from seedbed.searching.config import Config
        from seedbed.searching.store import Store
        from seedbed.searching.worker import Worker

        url, name, text, data = self._given
        config = Config.from_text(text)
        worker = Worker(Store(url, name), config, _data(data, config.folds), n_workers=self._n_workers)
        worker.ends = self._over.is_set
        worker.run()
        return {name: getattr(worker, name) for name in ("n_trained", "compile_seconds", "storing_seconds")}

    def stop(self) -> None:
        """Ends work between two device calls."""
        self._over.set()


@dataclass
class Cluster:
    """Workers of a study on a cluster of Ray.

    Arguments:
        address: "local" for one of its own, "auto" for the one that this machine is part of, or "ray://host:10001".
        store: the study.
        config: what it searches.
        data: the data set, or one for each fold.
        workers: how many; None: of a local cluster one for each core, else one for each GPU or host.
        on_told, on_round: are called with what the study holds.
        ends: asked now and then whether to end.

    Raises:
        UsageError: Ray is not installed, the cluster cannot be reached, or the study is in a file that others cannot
            read.
        RunError: its processes died again and again.
    """

    address: str
    store: Store
    config: Config
    data: Sequence[Dataset]
    workers: int | None = None
    on_told: Callable[[Told], None] | None = None
    on_round: Callable[[Round], None] | None = None
    ends: Callable[[], bool] | None = None
    is_interrupted: bool = False
    n_trained: int = 0
    n_replaced: int = 0
    compile_seconds: float = 0.0
    storing_seconds: float = 0.0
    _n_rounds: int = 0
    _running: dict[Any, Any] = field(default_factory=dict)  # what each actor is to give, and the actor

    def run(self) -> None:
        """Works until the study is done, the budget is used up, or Ctrl-C."""
        began = time.perf_counter()
        with reached(self.address, self.workers) as ray:
            shares = shared(ray.nodes(), self.workers, is_local=self.address == LOCAL)
            self._check_store(ray)
            given = self._given(ray)
            try:
                for share in shares:
                    self._begin(ray, share, given, len(shares))
                self._watch(ray, given, len(shares), began)
            finally:
                for actor, _ in self._running.values():
                    ray.kill(actor)

    def _begin(self, ray: Any, share: Share, given: Any, n_workers: int) -> None:
        """One more actor, at work."""
        options = {"num_cpus": share.n_cpus, "num_gpus": share.n_gpus, "max_concurrency": 2}
        made = ray.remote(**options, scheduling_strategy="SPREAD")(Hand)
        actor = made.remote(self.store.url, self.store.name, self.config.to_text(), given, n_workers, share.n_cpus)
        self._running[actor.work.remote()] = actor, share

    def _watch(self, ray: Any, given: Any, n_workers: int, began: float) -> None:
        """Waits for all actors, replaces those that die, and tells how far the study is."""
        stopped: float | None = None
        while self._running:
            done, _ = ray.wait(list(self._running), timeout=LOOK_SECONDS)
            for reference in done:
                self._ended(ray, reference, given, n_workers)
            self._tell(time.perf_counter() - began)
            if stopped is None and self.ends is not None and self.ends():
                self.is_interrupted, stopped = True, time.monotonic()
                for actor, _ in self._running.values():
                    actor.stop.remote()
            if stopped is not None and time.monotonic() - stopped > STOP_SECONDS:
                return

    def _ended(self, ray: Any, reference: Any, given: Any, n_workers: int) -> None:
        """Takes what an actor did; in the place of one that died another begins."""
        _, share = self._running.pop(reference)
        try:
            did = ray.get(reference)
        except ray.exceptions.RayTaskError as error:  # what it raised would be raised by another as well
            raise error.as_instanceof_cause() from None
        except ray.exceptions.RayError as error:
            if self.is_interrupted:
                return
            if self.n_replaced < REPLACED * n_workers:
                self.n_replaced += 1
                self._begin(ray, share, given, n_workers)
            elif not self._running:
                hint = "see its logs; the same command goes on with the study"
                said = str(error).strip().splitlines()[0]
                raise RunError(
                    f"cluster {self.address}: its workers died {self.n_replaced} times: {said}", hint
                ) from None
            return
        self.n_trained += did["n_trained"]
        self.compile_seconds += did["compile_seconds"]
        self.storing_seconds += did["storing_seconds"]

    def _given(self, ray: Any) -> Any:
        """The data for the actors: in memory of the cluster, or where it is too large, how it is loaded."""
        if any(one.is_streamed for one in self.data):
            origin = self.data[0].origin or self.config.source
            if origin is None:
                raise UsageError("cluster: expected data that can be loaded again by its name or path, got a stream")
            return origin
        return [ray.put(list(self.data))]

    def _check_store(self, ray: Any) -> None:
        hosts = {node["NodeManagerHostname"] for node in ray.nodes() if node["Alive"]}
        if self.store.db.is_file and self.address != LOCAL and hosts - {socket.gethostname()}:
            hint = "give --study postgresql://user@host/database"
            came = f"{self.store.shown}, and a cluster on {', '.join(sorted(hosts))}"
            raise UsageError(f"study: expected a database that all hosts reach, got {came}", hint)

    def _tell(self, seconds: float) -> None:
        """What the study holds, for those who watch."""
        from seedbed.searching.worker import Told

        with contextlib.suppress(UsageError):  # the workers wait for the database; so can this
            rounds = self.store.rounds()
            for new in rounds[self._n_rounds :] if self.on_round is not None else ():
                self.on_round(new)  # type: ignore[misc]
            self._n_rounds = len(rounds)
            if not rounds or self.on_told is None:
                return
            last = rounds[-1]
            opened = [tasks for rung in range(len(last.rungs)) if (tasks := self.store.tasks(last.number, rung))]
            tasks = opened[-1] if opened else []
            n_trials = sum(len(task.trials) for task in tasks) or last.size
            n_done = sum(len(task.trials) for task in tasks if task.is_done)
            best = next(iter(self.store.behind(range(last.numbers.stop), 0)), None)
            rung = max(0, len(opened) - 1)
            score = None if best is None else best.score
            self.on_told(Told(last.number, rung, len(last.rungs), n_trials, n_done, last.first, score, seconds))


@dataclass(frozen=True)
class Share:
    """What of a host one actor has."""

    n_cpus: int
    n_gpus: int = 0


def shared(nodes: Sequence[dict[str, Any]], workers: int | None, *, is_local: bool) -> list[Share]:
    """What each actor gets of the hosts as Ray describes them.

    Without a number of workers: one for each GPU; of a host without, one with all its cores, or where there is only
    this host, one for each core. A number of workers shares the cores out evenly, so that each fits on a host.
    """
    alive = [node["Resources"] for node in nodes if node["Alive"]]
    cpus = [max(1, int(one.get("CPU", 1))) for one in alive]
    gpus = [int(one.get("GPU", 0)) for one in alive]
    if workers is not None:
        # An actor that asks for more than any host has left would wait for ever.
        n_gpus = int(sum(gpus) >= workers)
        places = [(n, have if n_gpus else n) for n, have in zip(cpus, gpus, strict=True)]
        fitting = (n for n in range(max(cpus), 1, -1) if sum(min(own // n, most) for own, most in places) >= workers)
        return [Share(next(fitting, 1), n_gpus)] * workers
    found = []
    for n_cpus, n_gpus in zip(cpus, gpus, strict=True):
        n = n_gpus or (n_cpus if is_local else 1)
        found += [Share(max(1, n_cpus // n), int(n_gpus > 0))] * n
    return found


@contextlib.contextmanager
def reached(address: str, workers: int | None) -> Iterator[Any]:
    """Ray, connected to a cluster; its own one begins and ends here.

    Raises:
        UsageError: it is not installed, or the cluster cannot be reached.
    """
    hint = "pip install 'seedbed[cluster]'"
    if importlib.util.find_spec("ray") is None:
        raise UsageError("cluster: expected Ray, which is not installed", hint)
    import ray

    if ray.is_initialized():  # by the caller, whose it stays
        yield ray
        return
    quiet: dict[str, Any] = {"logging_level": "ERROR", "log_to_driver": False}
    try:
        if address == LOCAL:
            os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
            quiet |= {"include_dashboard": False, "_node_ip_address": "127.0.0.1", "num_cpus": _cores(workers)}
            # JAX warns of forks; Ray's processes begin a program of their own right behind one.
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", r"os\.fork\(\) was called", RuntimeWarning)
                ray.init("local", object_store_memory=LOCAL_OBJECT_BYTES, **quiet)
        else:
            _check_open(address)
            ray.init(address, **quiet)
    except (OSError, RuntimeError, ValueError, ImportError) as error:
        said = (str(error).strip().splitlines() or [type(error).__name__])[0]
        hint = "local begins a cluster on this machine; auto and ray://host:10001 join one that `ray start` began"
        if "://" in address:
            hint += "; where it asks for a token, RAY_AUTH_MODE=token sends yours"
        raise UsageError(
            f"cluster: expected a cluster of Ray at {address}, which cannot be reached: {said}", hint
        ) from None
    try:
        yield ray
    finally:
        ray.shutdown()


def _check_open(address: str) -> None:
    """Tries whether anybody listens at the address, for Ray itself tries for minutes.

    Raises:
        OSError: nobody does.
    """
    parts = urllib.parse.urlsplit(address if "://" in address else f"ray://{address}")
    if parts.scheme == "ray" and parts.hostname and parts.port:
        socket.create_connection((parts.hostname, parts.port), timeout=CONNECT_SECONDS).close()


def _cores(workers: int | None) -> int:
    """The cores of a local cluster; as many at least as there are workers, which then share them."""
    from seedbed.core.cores import wanted

    return max(wanted(), workers or 1)


def _data(given: Any, folds: int | None) -> Sequence[Dataset]:
    """The data as the driver has it."""
    if isinstance(given, list):
        import ray

        found: Sequence[Dataset] = ray.get(given[0])
        return found
    from seedbed.data.loading import load

    data = load(given["source"], **given["options"])
    return [data] if folds is None else data.folds(folds)
