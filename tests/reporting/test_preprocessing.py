"""The section on preprocessing: what each step says it learned, and the histograms before and after."""

import re

import numpy as np
import pytest

import seedbed as sb
from seedbed.core.messages import catalogue
from seedbed.data import Preprocessing, Preprocessor, load
from seedbed.recipe.looks import looks_of
from seedbed.reporting.evidence import Looks
from seedbed.reporting.page import page
from seedbed.reporting.preprocessing import N_BARS, bars, formula, pictures, preprocessing_data
from seedbed.reporting.wording import number

DATA = load("diabetes")


def evidence_of(make, steps, data=DATA):
    own = Preprocessor.fit(steps, data)
    return make(
        "regression", preprocessor=own, looks=looks_of(own, data), feature_names=data.feature_names, k=1
    )  # fmt: skip


def said(make, step, data=DATA):
    prepared = preprocessing_data(evidence_of(make, [step], data), "en")
    assert prepared is not None
    (own,) = prepared.steps
    return own


def span(values):
    low, high = number(float(values.min())), number(float(values.max()))
    return low if low == high else f"{low} to {high}"


def test_what_the_affine_steps_learned(make):
    x, y = DATA.train.x[:, DATA.numeric], DATA.train.y
    mean, deviation = span(x.mean(axis=0)), span(x.std(axis=0))
    assert said(make, sb.Center()) == ("center", "x − mean", f"Means: {mean}.")
    line = ("standardize", "(x − mean) / deviation", f"Means: {mean}; deviations: {deviation}.")
    assert said(make, sb.Standardize()) == line
    low, high = span(x.min(axis=0)), span(x.max(axis=0))
    assert said(make, sb.MinMax(-1.0, 2.0)).learned == f"Smallest values: {low}; largest: {high}."
    target = said(make, sb.StandardizeTarget())
    assert target.learned == f"Mean: {number(float(y.mean()))}; deviation: {number(float(y.std()))}."
    one = said(make, sb.Standardize(per="all"))
    assert one.learned == (
        f"Means: {number(float(DATA.train.x.mean()))}; deviations: {number(float(DATA.train.x.std()))}."
    )


def test_what_the_other_steps_learned(make):
    assert said(make, sb.PCA(3)).learned.startswith("3 of 10 components, which hold ")
    x = DATA.train.x - DATA.train.x.mean(axis=0)
    values = np.sort(np.linalg.svd(x, compute_uv=False) ** 2)[::-1]
    share = f"{100 * values[:3].sum() / values.sum():.1f}\u202f% of the variance."
    assert said(make, sb.PCA(3)).learned.endswith(share)
    assert said(make, sb.Quantile()).learned == (
        f"10 columns, each by up to {max(len(np.unique(x)) for x in DATA.train.x.T)} different quantiles."
    )
    assert said(make, sb.Whiten()).learned == "10 features become uncorrelated, each with a variance near 1."
    assert re.fullmatch(r"10 features became \d\d components; .*", said(make, sb.PiecewiseLinear(4)).learned)
    quartiles = np.quantile(DATA.train.x[:, DATA.numeric], [0.25, 0.75], axis=0)
    assert said(make, sb.Robust()).learned.endswith(f"distances of the quartiles: {span(quartiles[1] - quartiles[0])}.")


def test_the_skewed_columns_are_named(make):
    rng = np.random.default_rng(0)
    x = np.stack([rng.normal(size=200), rng.lognormal(0, 2, 200)], axis=1)
    data = load((x, x[:, 0]))
    assert said(make, sb.Log(), data).learned == f"Skewed columns: 1: {data.feature_names[1]}."
    assert said(make, sb.Log(threshold=1e6), data).learned == "Skewed columns: 0."


@pytest.mark.parametrize("language", ["en", "ko"])
def test_every_step_has_its_formula_and_its_sentence_in_every_language(language):
    for cls in Preprocessing.kinds.values():
        assert formula(cls(256) if cls is sb.Divide else cls(), language), cls
        assert f"preprocessing.{cls.kind}.learned" in catalogue(language)
        assert f"fact.{cls.kind}" in catalogue(language)
    assert formula(sb.Quantile("uniform")) != formula(sb.Quantile())
    assert formula(sb.Whiten(zca=True)) != formula(sb.Whiten())


def test_the_histograms_hold_the_shares_of_the_data(make):
    prepared = preprocessing_data(evidence_of(make, [sb.Standardize()]))
    assert [shape.name for shape in prepared.before] == [shape.name for shape in prepared.after]
    low, high = prepared.ends
    places = np.flatnonzero(DATA.numeric)
    z = (DATA.train.x - DATA.train.x.mean(axis=0)) / DATA.train.x.std(axis=0)
    for place, before, after in zip(places, prepared.before, prepared.after, strict=True):
        x = DATA.train.x[:, place]
        assert (before.low, before.high) == (x.min(), x.max())
        # 64 quantiles of 283 rows: a cumulated share is off by one 63rd at most, and by as much at the other end
        exact = [np.mean(z[:, place] <= edge) for edge in np.linspace(low, high, N_BARS + 1)]
        np.testing.assert_allclose(np.cumsum(after.shares), np.subtract(exact[1:], exact[0]), atol=2.5 / 63)
        assert 0.96 < before.shares.sum() <= 1


def test_equal_values_fall_into_one_bin_or_two(make):
    quantiles = np.concatenate([np.zeros(32), np.linspace(1, 2, 32)])[None]
    looks = Looks(("a",), quantiles, ("a",), np.full((1, 64), 7.0))
    own = Preprocessor.fit([sb.Center()], DATA)
    prepared = preprocessing_data(make("regression", preprocessor=own, looks=looks))
    assert prepared.before[0].shares[0] == pytest.approx(31 / 63, abs=2e-3)
    assert np.flatnonzero(prepared.after[0].shares).tolist() == [15, 16]
    assert prepared.after[0].shares.sum() == pytest.approx(1.0)


def test_bars_stand_where_there_are_values():
    path = bars(np.asarray([0.5, 0.0, 0.25]), (30, 10))
    assert path == "M0.0,10V0.0H9.2V10ZM20.0,10V5.0H29.2V10Z"
    assert bars(np.zeros(3)) == ""


def test_components_and_bins_have_names_of_their_own(make):
    names = DATA.feature_names
    assert [s.name for s in preprocessing_data(evidence_of(make, [sb.PCA(3)])).after] == [
        "component 1",
        "component 2",
        "component 3",
    ]
    after = Preprocessor.fit([sb.PiecewiseLinear(2)], DATA).names(names)
    assert after[:4] == (f"{names[0]}, bin 1", f"{names[0]}, bin 2", names[1], f"{names[2]}, bin 1")


def test_images_have_pixels_and_pictures(make):
    data = load("digits")
    evidence = evidence_of(make, [sb.Standardize(per="all")], data)
    prepared = preprocessing_data(evidence)
    assert [shape.name for shape in (*prepared.before, *prepared.after)] == ["pixels", "pixels"]
    assert evidence.looks.pictures_before.shape == (2, 8, 8)
    np.testing.assert_allclose(evidence.looks.pictures_before[1].ravel(), data.train.x[0])
    keys = [key for key, _ in pictures(evidence)]
    assert keys == [f"preprocessing.{what}_{when}" for when in ("before", "after") for what in ("mean", "example")]
    turned = evidence_of(make, [sb.PCA(4)], data)
    assert pictures(turned) == [] and len(preprocessing_data(turned).after) == 4


def test_the_page_shows_the_section_where_something_is_done(make):
    shown = page(evidence_of(make, [sb.Log(), sb.Standardize(), sb.StandardizeTarget()]), "en")
    assert "<code>standardize_target</code>" in shown and "(y − mean) / deviation" in shown
    assert shown.count('<svg class="bars"') == 2 * int(DATA.numeric.sum()) and 'href="#preprocessing"' in shown
    for silent in (make("regression"), evidence_of(make, [])):
        assert 'id="preprocessing"' not in page(silent, "en")
    target_alone = make(preprocessor=Preprocessor.fit([sb.StandardizeTarget()], load("iris")))
    assert 'id="preprocessing"' not in page(target_alone, "en")


def test_a_run_of_an_earlier_version_has_steps_without_looks(make):
    prepared = preprocessing_data(make(preprocessor=Preprocessor.fit([sb.Standardize()], DATA)))
    assert prepared.steps and not prepared.before
