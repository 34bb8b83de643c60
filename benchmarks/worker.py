"""A process in which one contestant trains: it reads orders as lines of JSON and answers each with one.

    {"prepare": <key>, "task": <name>, "options": {...}}   the contestant's `info`
    {"block": <key>, "seconds": <s>}                         the steps that were done, and how long they took
    {"drop": <key>}                                          gives its memory back

Processes keep the contestants apart: each has its own threads and its own devices, and between two orders it sleeps.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from benchmarks.contestants import Block, Contestant
from benchmarks.networks import EVERY


class Worker:
    """The other side of such a process.

    Arguments:
        contestant: module and class, such as "pytorch:PyTorch".
        environment: variables that are set in the process.
    """

    def __init__(self, contestant: str, environment: Mapping[str, str]) -> None:
        command = [sys.executable, "-m", "benchmarks.worker", contestant]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ | dict(environment)
        )
        assert self.process.stdin is not None and self.process.stdout is not None
        self.orders, self.answers = self.process.stdin, self.process.stdout

    def ask(self, **order: Any) -> None:
        """Gives an order; the answer is fetched by `answer`, so that several workers can be at work at a time."""
        self.orders.write(json.dumps(order) + "\n")
        self.orders.flush()

    def answer(self) -> Any:
        """The answer to the oldest order.

        Raises:
            RuntimeError: the process has ended; what it said is on the error stream.
        """
        line = self.answers.readline()
        if not line:
            raise RuntimeError(f"{' '.join(self.process.args[2:])}: ended with status {self.process.wait()}")
        return json.loads(line)

    def block(self, key: str, seconds: float) -> Block:
        """One block of the contestant that was prepared as `key`."""
        self.ask(block=key, seconds=seconds)
        return Block(*self.answer())

    def close(self) -> None:
        """Ends the process."""
        self.orders.close()
        self.process.wait()
        self.answers.close()


def serve(contestant: str) -> None:
    """Answers orders until the input ends."""
    answers, sys.stdout = sys.stdout, sys.stderr  # what a library prints may not come between the answers
    module, name = contestant.split(":")
    build = getattr(importlib.import_module(f"benchmarks.contestants.{module}"), name)
    prepared: dict[str, Contestant] = {}
    for line in sys.stdin:
        answer: Any = None
        match json.loads(line):
            case {"prepare": key, "task": task, "options": options}:
                prepared[key] = build(EVERY[task], **options)
                answer = prepared[key].info
            case {"block": key, "seconds": seconds}:
                answer = prepared[key].block(seconds)
            case {"drop": key}:
                del prepared[key]
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    serve(sys.argv[1])
