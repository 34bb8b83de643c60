"""What people use on tables today. Run as a program, it fits one model to a prepared folder and prints its metrics.

Each model takes features and targets of the training, validation and test rows and gives back its predictions on the
test rows: probabilities of the classes, or values. All learn from training and validation rows together in the end.
"""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.table_sets import TARGET

N_DRAWS = 30
Parts = dict[str, Any]  # "train", "valid", "test": DataFrames with the target among the columns


def mlp(parts: Parts, is_classes: bool, seed: int) -> Any:
    """scikit-learn's MLP with its defaults, on standardised and one-hot features (and a standardised target)."""
    x, y = _learned(parts)
    return _predict(_network(x, is_classes, seed).fit(x, y), parts["test"], is_classes)


def tuned_mlp(parts: Parts, is_classes: bool, seed: int) -> Any:
    """The best of 30 random draws on the validation rows, fitted again with them; each stops early by itself."""
    from scipy.stats import loguniform
    from sklearn.model_selection import PredefinedSplit, RandomizedSearchCV

    x, y = _learned(parts)
    prefix = "mlp__" if is_classes else "regressor__mlp__"
    widths = [(n,) * depth for depth in (1, 2, 3) for n in (64, 128, 256)]
    space = {
        "hidden_layer_sizes": widths,
        "activation": ["relu", "tanh"],
        "alpha": loguniform(1e-6, 1e-1),
        "learning_rate_init": loguniform(3e-4, 1e-2),
        "batch_size": [64, 128, 256],
    }
    is_valid = np.repeat([-1, 0], [len(parts["train"]), len(parts["valid"])])
    search = RandomizedSearchCV(
        _network(x, is_classes, seed, early_stopping=True),
        {prefix + name: values for name, values in space.items()},
        n_iter=N_DRAWS,
        scoring="neg_log_loss" if is_classes else "neg_root_mean_squared_error",
        cv=PredefinedSplit(is_valid),
        n_jobs=2,
        random_state=seed,
    )
    return _predict(search.fit(x, y), parts["test"], is_classes)


def hgb(parts: Parts, is_classes: bool, seed: int) -> Any:
    """scikit-learn's histogram gradient boosting with its defaults; categories as such."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    model = (HistGradientBoostingClassifier if is_classes else HistGradientBoostingRegressor)(random_state=seed)
    return _boosted(model, parts, is_classes)


def lightgbm(parts: Parts, is_classes: bool, seed: int) -> Any:
    """LightGBM with its defaults; categories as such."""
    from lightgbm import LGBMClassifier, LGBMRegressor

    model = (LGBMClassifier if is_classes else LGBMRegressor)(random_state=seed, verbose=-1)
    return _boosted(model, parts, is_classes)


MODELS: dict[str, Callable[[Parts, bool, int], Any]] = {
    "mlp": mlp,
    "tuned-mlp": tuned_mlp,
    "hgb": hgb,
    "lightgbm": lightgbm,
}


def _learned(parts: Parts) -> tuple[Any, Any]:
    """Features and targets of training and validation rows, in this order."""
    rows = pd.concat([parts["train"], parts["valid"]], ignore_index=True)
    return rows.drop(columns=TARGET), rows[TARGET]


def _network(x: Any, is_classes: bool, seed: int, **options: Any) -> Any:
    """An MLP behind what it needs: holes filled, numbers standardised, categories one-hot, in float32 for its speed."""
    from sklearn.compose import TransformedTargetRegressor, make_column_selector, make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.pipeline import Pipeline, make_pipeline
    from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

    prepared = make_column_transformer(
        (
            make_pipeline(SimpleImputer(strategy="median"), StandardScaler()),
            make_column_selector(dtype_include="number"),
        ),
        (OneHotEncoder(handle_unknown="ignore", sparse_output=False), make_column_selector(dtype_exclude="number")),
    )
    model = (MLPClassifier if is_classes else MLPRegressor)(random_state=seed, **options)
    single = FunctionTransformer(np.float32)
    pipeline = Pipeline([("prepared", prepared), ("single", single), ("mlp", model)])
    return pipeline if is_classes else TransformedTargetRegressor(pipeline, transformer=StandardScaler())


def _boosted(model: Any, parts: Parts, is_classes: bool) -> Any:
    x, y = _learned(parts)
    return _predict(model.fit(x, y), parts["test"], is_classes)


def _predict(model: Any, test: Any, is_classes: bool) -> Any:
    x = test.drop(columns=TARGET)
    return model.predict_proba(x) if is_classes else model.predict(x)


def measured(y: Any, prediction: Any, is_classes: bool) -> dict[str, float]:
    """The metrics of a prediction, by scikit-learn."""
    from sklearn import metrics

    if is_classes:
        said, classes = prediction.argmax(axis=1), np.arange(prediction.shape[1])
        return {
            "accuracy": float(metrics.accuracy_score(y, said)),
            "log_loss": float(metrics.log_loss(y, prediction, labels=classes)),
        }
    return {
        "rmse": float(metrics.root_mean_squared_error(y, prediction)),
        "r2": float(metrics.r2_score(y, prediction)),
    }


def read(folder: Path) -> Parts:
    """The parts of a prepared table; texts as categories, the same in all parts."""
    parts = {name: pd.read_parquet(folder / f"{name}.parquet") for name in ("train", "valid", "test")}
    for column in parts["train"].select_dtypes(exclude="number"):
        values = sorted(set().union(*(part[column].dropna().unique() for part in parts.values())))
        for name in parts:
            parts[name][column] = pd.Categorical(parts[name][column], categories=values)
    return parts


def main() -> None:
    name, folder, task, seed = sys.argv[1:]
    warnings.simplefilter("ignore")  # that an MLP did not converge within its default number of epochs
    parts, is_classes = read(Path(folder)), task == "classification"
    prediction = MODELS[name](parts, is_classes, int(seed))
    print(json.dumps(measured(parts["test"][TARGET], prediction, is_classes)))


if __name__ == "__main__":
    main()
