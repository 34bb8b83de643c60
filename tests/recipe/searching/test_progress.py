"""The bar of a search on a terminal."""

from __future__ import annotations

import re
import sys

import pytest

from seedbed.recipe.searching.progress import showing_search
from seedbed.searching.store import Round
from seedbed.searching.worker import Told

Captured = pytest.CaptureFixture[str]
ROUND = Round(1, 8, 8, (2, 4), "", (), ())
LINE = "\x1b[2K"  # the sign that clears a line


def test_a_round_is_not_said_behind_the_bar(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")  # as on a terminal
    with showing_search(True, say=lambda one: sys.stderr.write(f"said {one.number}\n")) as (tell, say):
        assert tell is not None and say is not None
        tell(Told(0, 1, 2, 8, 3.0, 0, 0.5, 2.0))
        say(ROUND)
    before, after = capsys.readouterr().err.split("said 1")
    assert "3/8 trials, best score 0.5000" in before
    assert re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", before.rsplit(LINE, 1)[1]).strip() == ""  # the bar is away
    assert "round 2: compiling" in after


def test_without_a_terminal_only_the_callers_are_called(capsys: Captured) -> None:
    rounds: list[Round] = []
    with showing_search(None, say=rounds.append) as (tell, say):
        assert tell is None and say is not None
        say(ROUND)
    assert rounds == [ROUND] and capsys.readouterr() == ("", "")
