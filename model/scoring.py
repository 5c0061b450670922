"""Feature vectors in, predicted units out, with the trees of the pickled booster.

The trees are scored by ONNX Runtime from a file that the build derives from the
booster and proves equal to it. One row and many rows give the same digits.
"""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import onnxruntime as ort
import xgboost as xgb
from numpy.typing import NDArray

from feature_store.definitions import TARGET_RANGE
from feature_store.errors import ArtifactError, BuildError
from model.onnx_trees import INPUT, OUTPUT, link_of, to_onnx

# Relative to predictions over 1: what rounding alone may do.
TOLERANCE = 1e-5
_BLOCK_ROWS = 8192

Vectors = NDArray[np.float32]


class Scorer:
    """Scores vectors with a booster's trees.

    "Raw" predictions are after the link, before clipping; the others are clipped to
    TARGET_RANGE, as the target was. `threads` share the work on many rows.
    """

    def __init__(self, onnx: bytes, link: str, threads: int = 1) -> None:
        options = ort.SessionOptions()
        # One thread a call: the sum over the trees is then in one order, always.
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = ort.InferenceSession(
            onnx, options, providers=["CPUExecutionProvider"]
        )
        self._link: Callable[[Vectors], Vectors] = np.exp if link == "exp" else np.copy
        self._pool = ThreadPoolExecutor(threads) if threads > 1 else None

    @classmethod
    def open(cls, path: Path, booster: xgb.Booster) -> "Scorer":
        """The scorer in a file, with a thread a core. Raises ArtifactError."""
        try:
            threads = len(os.sched_getaffinity(0))
            return cls(path.read_bytes(), link_of(booster), threads)
        except OSError as error:
            raise ArtifactError(f"{path}: {error.strerror}") from error
        except Exception as error:  # ONNX Runtime's errors have no base of their own
            raise ArtifactError(f"{path}: not a scorer: {error}") from error

    def raw(self, vectors: Vectors) -> Vectors:
        """Raw predictions, units: shape (rows,), float32, from (rows, 44)."""
        blocks = range(0, len(vectors), _BLOCK_ROWS)
        score = partial(self._block, vectors)
        scored = self._pool.map(score, blocks) if self._pool else map(score, blocks)
        return np.concatenate([np.empty(0, np.float32), *scored])

    def _block(self, vectors: Vectors, start: int) -> Vectors:
        block = vectors[start : start + _BLOCK_ROWS]
        margin = self._session.run([OUTPUT], {INPUT: block})[0]
        return self._link(margin[:, 0])

    def many(self, vectors: Vectors) -> Vectors:
        """Predictions, units: shape (rows,), float32, from (rows, 44)."""
        return self.raw(vectors).clip(*TARGET_RANGE)

    def one(self, vector: Vectors) -> float:
        """The prediction, units, for one vector (44,): the shortest digits' float."""
        margin = self._session.run([OUTPUT], {INPUT: vector[np.newaxis]})[0]
        low, high = TARGET_RANGE
        return min(max(float(str(self._link(margin)[0, 0])), low), high)


def derive(booster: xgb.Booster, path: Path, blocks: Iterable[Vectors]) -> float:
    """Write the scorer of a booster, and prove it over every vector of `blocks`.

    Returns the largest difference found, relative to predictions over 1. Raises
    BuildError where it is over TOLERANCE.
    """
    onnx = to_onnx(booster)
    scorer = Scorer(onnx, link_of(booster))
    largest = 0.0
    for vectors in blocks:
        expected = np.asarray(booster.inplace_predict(vectors), np.float64)
        difference = np.abs(scorer.raw(vectors) - expected) / np.maximum(1, expected)
        largest = float(np.maximum(largest, difference.max()))  # NaN stays
    if not largest <= TOLERANCE:
        raise BuildError(
            f"the derived scorer differs from the booster by {largest:.2e},"
            f" more than {TOLERANCE:.0e}: not served"
        )
    path.write_bytes(onnx)
    return largest
