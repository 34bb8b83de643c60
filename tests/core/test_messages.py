"""The catalogues of sentences: the same keys and placeholders in every language."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import seedbed.core
from seedbed.core.errors import UsageError
from seedbed.core.messages import LANGUAGES, catalogue, message, placeholders, preferred_language

SOURCE = Path(seedbed.core.__file__).parents[1]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_the_same_keys_and_placeholders(language: str) -> None:
    english, other = catalogue("en"), catalogue(language)
    assert list(other) == list(english)
    assert {key: placeholders(text) for key, text in other.items()} == {k: placeholders(t) for k, t in english.items()}
    assert all(text.strip() for text in other.values())


def test_every_sentence_that_the_source_asks_for_is_there() -> None:
    asked = {
        (path.name, match)
        for path in SOURCE.rglob("*.py")
        for match in re.findall(r"\bmessage\(\s*f?\"([^\"]+)\"", path.read_text(encoding="utf-8"))
    }
    # A key that is put together at run time is asked for by a pattern.
    patterns = {key: re.compile(re.sub(r"\\{.*?\\}", r".+", re.escape(key))) for _, key in asked}
    missing = [(file, key) for file, key in sorted(asked) if not any(map(patterns[key].fullmatch, catalogue("en")))]
    assert not missing


def test_a_message_puts_values_into_its_places() -> None:
    assert message("report.title", "en", data="digits") == "Seedbed: digits"
    assert message("report.gap", "ko", valid=0.98, test=0.97, gap=0.01) == "검증 0.98, 테스트 0.97, 차이 0.01."


@pytest.mark.parametrize(("said", "language"), [("ko_KR.UTF-8", "ko"), ("", "en"), ("de", "en"), ("KO", "ko")])
def test_the_language_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch, said: str, language: str) -> None:
    monkeypatch.setenv("SEEDBED_LANG", said)
    assert preferred_language() == language
    assert message("report.summary") == catalogue(language)["report.summary"]


def test_what_is_missing_is_named() -> None:
    with pytest.raises(UsageError, match=r"got 'report\.curvs'\nhint: did you mean 'report\.curves'\?"):
        message("report.curvs")
    with pytest.raises(UsageError, match=r"'report\.gap': expected values for gap, test, got \['valid'\]"):
        message("report.gap", "en", valid=1)
    with pytest.raises(UsageError, match="language: expected one of en, ko, got 'fr'"):
        message("report.title", "fr", data="x")
