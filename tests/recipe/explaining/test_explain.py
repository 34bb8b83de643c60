"""Every explanation: found by its name, whole in every language, and without a number that is not one."""

import re
import tomllib
from importlib import resources
from pathlib import Path

import pytest

import seedbed as sb
from seedbed.core.errors import UsageError
from seedbed.core.messages import LANGUAGES, catalogue
from seedbed.recipe.explaining.explain import explain, named
from seedbed.recipe.explaining.registry import ALIASES, EXPLANATIONS
from tests.recipe.explaining.reading import assert_data, assert_readable

SOURCE = Path(sb.__file__).parent
# Those that take long to measure are looked at where they are measured anyway: their files call `assert_whole`.
ELSEWHERE = {"nudge", "isometry"}


@pytest.fixture(scope="module", params=[name for name in EXPLANATIONS if name not in ELSEWHERE])
def told(request):
    return explain(request.param, "en")


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_reads_in_every_language(told, language):
    assert_readable(told, language)


def test_it_is_data_for_programs_and_points_to_others(told):
    assert_data(told)


@pytest.mark.parametrize("name", sorted(ELSEWHERE))
def test_what_takes_long_is_looked_at_in_its_own_file(name):
    assert "assert_whole(" in (Path(__file__).parent / f"test_{name}.py").read_text("utf-8")


@pytest.mark.parametrize("name", ["relu", "normal", "descent"])
def test_it_is_measured_alike_again(name):
    assert explain(name, "en").to_dict() == explain(name, "en").to_dict()


def test_no_sentence_of_an_explanation_is_left_unused():
    """A key stands in the source whole, or as a pattern such as f"column.{head}" whose parts stand there too."""
    places = [*SOURCE.glob("recipe/explaining/**/*.py"), *SOURCE.glob("reporting/explained/*.py")]
    places += [*SOURCE.glob("reporting/template/explanation*")]
    places += [SOURCE / "functions/facts.py", SOURCE / "calculus/linear.py", SOURCE / "calculus/vectors.py"]  # kinds
    source = "\n".join(path.read_text(encoding="utf-8") for path in places)
    literals = set(re.findall(r'"([^"\n]*)"', source))
    patterns = [re.compile("(.+)".join(map(re.escape, re.split(r"{[^}]*}", one)))) for one in literals if "{" in one]
    left = []
    for key in catalogue("en"):
        short = key.removeprefix("explain.")
        kind, _, last = short.partition(".")
        said = {short, key, *([last] if kind in ("section", "fact") else [])}
        matches = (match for pattern in patterns if (match := pattern.fullmatch(short)))
        is_built = (kind in EXPLANATIONS and last in ("title", "lead")) or kind == "theme"
        is_used = said & literals or any(set(match.groups()) <= literals | set(EXPLANATIONS) for match in matches)
        if key.startswith("explain.") and not is_built and not is_used:
            left.append(key)
    assert left == []


@pytest.mark.parametrize(("said", "name"), [("Sigmoid", "sigmoid"), ("logistic", "sigmoid"), (" SIGMOID ", "sigmoid")])
def test_a_name_may_be_said_in_other_ways(said, name):
    assert named(said) == name


def test_other_names_lead_to_names():
    assert not set(ALIASES) & set(EXPLANATIONS)


def test_an_unknown_name_is_answered_with_the_nearest():
    message = r"explain: expected the name of an explanation, got 'sigmod'\nhint: did you mean 'sigmoid'\?"
    with pytest.raises(UsageError, match=message):
        sb.explain("sigmod")
    with pytest.raises(UsageError, match=r"got 'zzz'\nhint: `seedbed explain` lists them"):
        sb.explain("zzz")
    with pytest.raises(UsageError, match="language: expected one of en, ko, got 'fr'"):
        sb.explain("sigmoid", "fr")


def test_without_a_name_all_are_listed():
    listing = sb.explain()
    assert sorted(listing.names) == sorted(EXPLANATIONS)
    assert all(name in str(listing) for name in EXPLANATIONS)


def test_another_language_is_a_file_alone():
    files = {file.name for file in resources.files("seedbed.core.messages").iterdir() if file.name.endswith(".toml")}
    assert {f"{language}.toml" for language in LANGUAGES} == files and LANGUAGES[0] == "en"
    assert all(tomllib.loads((SOURCE / "core" / "messages" / file).read_text("utf-8")) for file in files)
