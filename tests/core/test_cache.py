"""The cache folder, and texts that are kept in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from seedbed.core.cache import cache_folder, kept_text


def test_the_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SEEDBED_CACHE", str(tmp_path / "here"))
    assert cache_folder() == tmp_path / "here"
    monkeypatch.delenv("SEEDBED_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "seedbed"


TEXT = "first line\nsecond line, 한글\n"


def test_a_text_is_made_once(tmp_path: Path) -> None:
    calls: list[int] = []
    make = lambda: calls.append(1) or TEXT  # noqa: E731
    for _ in range(3):
        assert kept_text(tmp_path / "new" / "script.js", make) == TEXT
    assert len(calls) == 1


@pytest.mark.parametrize("damaged", [b"", b"no digest\n" + TEXT.encode(), b"\xff\xfe", b"cut"])
def test_a_damaged_text_is_made_again(damaged: bytes, tmp_path: Path) -> None:
    path = tmp_path / "script.js"
    path.write_bytes(damaged)
    assert kept_text(path, lambda: TEXT) == TEXT
    assert kept_text(path, lambda: "another") == TEXT  # it is whole now


def test_a_text_that_was_cut_is_made_again(tmp_path: Path) -> None:
    path = tmp_path / "script.js"
    kept_text(path, lambda: TEXT)
    path.write_bytes(path.read_bytes()[:-3])
    assert kept_text(path, lambda: "another") == "another"


def test_where_nothing_can_be_kept_it_is_made_each_time(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way of a folder")
    for _ in range(2):
        assert kept_text(tmp_path / "file" / "script.js", lambda: TEXT) == TEXT
