"""The pickled booster: written by the build, read only as what it is."""

import io
import pickle
from pathlib import Path

import xgboost as xgb

from feature_store.errors import ArtifactError

# Protocol 5 has an opcode for the booster's bytes: no other class is needed.
PROTOCOL = 5
ADMITTED = {("xgboost.core", "Booster"): xgb.Booster}


class _Unpickler(pickle.Unpickler):
    """Admits a booster and refuses everything else by name: unpickling runs code."""

    def find_class(self, module: str, name: str) -> type[xgb.Booster]:
        try:
            return ADMITTED[module, name]
        except KeyError:
            raise ArtifactError(
                f"the pickle asks for {module}.{name}; only a Booster is admitted"
            ) from None


def save(booster: xgb.Booster, path: Path) -> None:
    """Pickle a booster."""
    path.write_bytes(pickle.dumps(booster, protocol=PROTOCOL))


def load(content: bytes, name: str) -> xgb.Booster:
    """The booster in a pickle, its threads set to one.

    Raises ArtifactError for anything else, or for a booster that this XGBoost
    cannot read.
    """
    try:
        booster = _Unpickler(io.BytesIO(content)).load()
        if isinstance(booster, xgb.Booster):
            booster.set_param({"nthread": 1})
            return booster
    except ArtifactError as error:
        raise ArtifactError(f"{name}: {error}") from error
    except Exception as error:
        reason = str(error).strip().splitlines()[:1] or [type(error).__name__]
        raise ArtifactError(
            f"{name}: not a booster that XGBoost {xgb.__version__} reads: {reason[0]}"
        ) from error
    raise ArtifactError(f"{name}: holds a {type(booster).__name__}, not a Booster")
