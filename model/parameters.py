"""What a training run is told: XGBoost's parameters, rounds and sampling."""

import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from feature_store.errors import InputError

# Counts of units: their mean is what is asked for, and it is never negative.
COUNTS = {
    "objective": "count:poisson",
    "tree_method": "hist",
    "max_depth": 8,
    "eta": 0.1,
    "min_child_weight": 10,
    "subsample": 0.8,
    "colsample_bytree": 0.6,
    "max_delta_step": 0.7,
    "seed": 1,
}


@dataclass(frozen=True)
class Parameters:
    """How to train: `booster` goes to XGBoost as it is."""

    booster: dict[str, Any] = field(default_factory=lambda: dict(COUNTS))
    max_rounds: int = 300
    patience: int = 20  # rounds without a better one before choosing stops
    choosing_months: int = 3  # months before the last that choose the rounds
    sample: float = 1.0  # share of the training rows, drawn by the booster's seed

    def as_dict(self) -> dict[str, Any]:
        """As the manifest records it, and as `read` reads it."""
        return asdict(self)


# The demo's first build is waited for.
QUICK = Parameters(
    booster=COUNTS | {"max_depth": 6, "eta": 0.25},
    max_rounds=50,
    patience=5,
    choosing_months=1,
    sample=0.08,
)


def read(path: Path) -> Parameters:
    """Parameters from a JSON file that names any of the fields of Parameters.

    Raises InputError, naming the field, where it is not one or not of its type.
    """
    try:
        given = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise InputError(f"{path}: not JSON: {error}") from error
    if not isinstance(given, dict):
        raise InputError(f"{path}: {type(given).__name__}, expected an object")
    kinds = {f.name: type(getattr(Parameters(), f.name)) for f in fields(Parameters)}
    for name, value in given.items():
        if name not in kinds:
            raise InputError(f"{path}: {name!r}, expected one of {', '.join(kinds)}")
        if not _is(value, kinds[name]):
            raise InputError(
                f"{path}: {name} is {value!r}, expected {kinds[name].__name__}"
            )
    parameters = Parameters(**given)
    _check_ranges(path, parameters)
    return parameters


def _is(value: object, kind: type) -> bool:
    accepted = (int, float) if kind is float else (kind,)
    return isinstance(value, accepted) and not isinstance(value, bool)


def _check_ranges(path: Path, parameters: Parameters) -> None:
    for name in ("max_rounds", "patience", "choosing_months"):
        if getattr(parameters, name) < 1:
            raise InputError(
                f"{path}: {name} is {getattr(parameters, name)}, expected 1 or more"
            )
    if not 0 < parameters.sample <= 1:
        raise InputError(
            f"{path}: sample is {parameters.sample}, expected over 0, to 1"
        )
