"""What a training run is told: XGBoost's parameters, rounds and rows."""

from pathlib import Path
from typing import Annotated, Any

import msgspec

from feature_store.errors import InputError

Positive = Annotated[int, msgspec.Meta(ge=1)]
Value = str | bool | int | float

# Counts of units: their mean is what is asked for, and it is never negative. The rest
# was chosen on 1C's sales by the mean error over three months before the last; most
# settings near these are as good.
COUNTS: dict[str, Value] = {
    "objective": "count:poisson",
    "tree_method": "hist",
    "max_depth": 8,
    "eta": 0.12,
    "min_child_weight": 300,  # about 500 rows: fewer tell of one month's luck
    "subsample": 0.8,
    "colsample_bytree": 0.6,
    "max_delta_step": 0.7,
    "seed": 1,
}


class Parameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How to train: `booster` goes to XGBoost as it is."""

    booster: dict[str, Value] = msgspec.field(default_factory=COUNTS.copy)
    max_rounds: Positive = 300
    patience: Positive = 15  # rounds without a better one before choosing stops
    choosing_months: Positive = 3  # months before the last that choose the rounds
    at_most: Positive = 1_000_000_000  # training rows; of more, a share is drawn

    def __post_init__(self) -> None:
        for name in ("max_bin", "seed"):  # not only XGBoost reads these
            value = self.booster.get(name, 0)
            if type(value) is not int or value < 0:
                raise ValueError(f"{name} is {value!r}, expected a whole number")
        if "num_class" in self.booster:
            raise ValueError("num_class: expected an objective with one number a row")

    def as_dict(self) -> dict[str, Any]:
        """As the manifest records it, and as `read` reads it."""
        return msgspec.structs.asdict(self)


# The demo's first build is waited for: few rows, few and small trees.
QUICK = Parameters(
    booster=COUNTS | {"max_depth": 6, "eta": 0.3, "min_child_weight": 10},
    max_rounds=40,
    patience=5,
    choosing_months=1,
    at_most=300_000,
)


def read(path: Path) -> Parameters:
    """Parameters from a JSON file that names any of the fields of Parameters.

    Raises InputError, naming the field, where it is not one or not of its type.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=Parameters)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: {error}") from error
