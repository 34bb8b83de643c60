"""The sentences that a report shows, in the reader's language.

One TOML file for each language stands beside this one, and another language is another file. English is the measure: a
key that it lacks does not exist, and a key that another language lacks falls back to it.
"""

from __future__ import annotations

import functools
import os
import string
import tomllib
from collections.abc import Mapping
from importlib import resources

from seedbed.core.errors import UsageError, nearest, one_of

_FILES = sorted(file.name for file in resources.files(__name__).iterdir() if file.name.endswith(".toml"))
LANGUAGES = tuple(
    sorted((name.removesuffix(".toml") for name in _FILES), key=lambda language: (language != "en", language))
)


def message(key: str, language: str | None = None, **values: object) -> str:
    """The sentence under `key`, with `values` in its placeholders.

    Without `language` it is the one of the environment variable SEEDBED_LANG (`ko`, `ko_KR.UTF-8`), or English.

    Raises:
        UsageError: there is no such key or language, or a placeholder has no value.

    >>> message("report.test_untouched", "en")
    'The test part was used once, at the end. Nothing was chosen on it.'
    """
    sentences = {**catalogue("en"), **catalogue(language or preferred_language())}
    if key not in sentences:
        raise UsageError(f"message: expected a key of the catalogue, got {key!r}", nearest(key, sentences))
    missing = placeholders(sentences[key]) - values.keys()
    if missing:
        raise UsageError(f"message {key!r}: expected values for {', '.join(sorted(missing))}, got {sorted(values)}")
    return sentences[key].format_map(values)


@functools.cache
def catalogue(language: str) -> Mapping[str, str]:
    """All sentences of one language, by key.

    Raises:
        UsageError: there is no catalogue in that language.
    """
    if language not in LANGUAGES:
        raise UsageError(f"language: expected {one_of(LANGUAGES)}, got {language!r}", nearest(language, LANGUAGES))
    sentences: dict[str, str] = tomllib.loads((resources.files(__name__) / f"{language}.toml").read_text("utf-8"))
    return sentences


def preferred_language() -> str:
    """The language of SEEDBED_LANG where there is a catalogue in it, else English: a locale is no misuse."""
    language = os.environ.get("SEEDBED_LANG", "")[:2].lower()
    return language if language in LANGUAGES else "en"


def placeholders(sentence: str) -> set[str]:
    """The names in braces of a sentence."""
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}
