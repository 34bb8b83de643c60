"""How far the score goes with a drawn value."""

from __future__ import annotations

from pandas import Series, qcut

N_BINS = 5


def strength(value: Series, score: Series, *, is_number: bool) -> float:
    """The correlation ratio of score and value, numbers in five bins of equal count, corrected for chance.

    η² is the variance between groups over all variance; ε² = 1 - (1 - η²)(n - 1)/(n - groups) (Kelley 1935).
    """
    groups = qcut(value.astype(float), N_BINS, duplicates="drop") if is_number else value.astype(str)
    n, n_groups = len(score), groups.nunique()
    total: float = float(((score - score.mean()) ** 2).sum())
    if n <= n_groups or total == 0:
        return 0.0
    within: float = float(((score - score.groupby(groups, observed=True).transform("mean")) ** 2).sum())
    return float(max(0.0, 1.0 - within / total * (n - 1) / (n - n_groups)))
