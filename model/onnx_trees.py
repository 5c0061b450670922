"""A booster's trees as an ONNX model, which scores one row many times quicker.

One TreeEnsembleRegressor (ai.onnx.ml, version 3), from `vectors` (n, 44) float32 to
`leaves` (n, 1) float32: the sum of the leaves, without the booster's base score, before
the link. The file is protobuf, written field by field by the numbers of onnx.proto: the
`onnx` package is many times the size of what is needed of it.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xgboost as xgb
from numpy.typing import NDArray

from feature_store.definitions import FEATURES
from feature_store.errors import BuildError

INPUT, OUTPUT = "vectors", "leaves"

# The objectives whose boosters can be scored, by link: raw = link(margin).
LOG_LINK = ("count:poisson", "reg:tweedie")
IDENTITY = ("reg:squarederror", "reg:pseudohubererror", "reg:absoluteerror")

_IR_VERSION, _OPSET, _ML_OPSET = 8, 17, 3
_FLOAT, _INT, _INTS, _FLOATS, _STRINGS = 1, 2, 7, 6, 8  # types in onnx.proto


def link_of(booster: xgb.Booster) -> str:
    """`exp` or `identity`: what turns a margin into a raw prediction."""
    objective = json.loads(booster.save_config())["learner"]["objective"]["name"]
    if objective in LOG_LINK:
        return "exp"
    if objective in IDENTITY:
        return "identity"
    raise BuildError(
        f"objective {objective} cannot be served; these can:"
        f" {', '.join(LOG_LINK + IDENTITY)}"
    )


def base_margin(booster: xgb.Booster) -> np.float32:
    """What a row's margin is before any tree: the base score, before the link."""
    learner = json.loads(booster.save_config())["learner"]
    score = float(json.loads(learner["learner_model_param"]["base_score"])[0])
    return np.float32(np.log(score) if link_of(booster) == "exp" else score)


def to_onnx(booster: xgb.Booster) -> bytes:
    """The ONNX file of a booster's trees."""
    learner = json.loads(booster.save_raw("json"))["learner"]
    trees = learner["gradient_booster"]["model"]["trees"]
    attributes = _attributes([_Tree(i, tree) for i, tree in enumerate(trees)])
    node = _join(
        _text(1, INPUT),
        _text(2, OUTPUT),
        _text(4, "TreeEnsembleRegressor"),
        *(_bytes(5, _attribute(name, value)) for name, value in attributes.items()),
        _text(7, "ai.onnx.ml"),
    )
    graph = _join(
        _bytes(1, node),
        _text(2, "trees"),
        _bytes(11, _tensor(INPUT, len(FEATURES))),
        _bytes(12, _tensor(OUTPUT, 1)),
    )
    return _join(
        _integer(1, _IR_VERSION),
        _bytes(7, graph),
        _bytes(8, _join(_text(1, ""), _integer(2, _OPSET))),
        _bytes(8, _join(_text(1, "ai.onnx.ml"), _integer(2, _ML_OPSET))),
    )


class _Tree:
    """One tree's nodes as arrays, by XGBoost's names."""

    def __init__(self, number: int, tree: Mapping[str, Sequence[float]]) -> None:
        self.left = np.array(tree["left_children"], np.int64)
        self.right = np.array(tree["right_children"], np.int64)
        self.split = np.array(tree["split_indices"], np.int64)
        self.value = np.array(tree["split_conditions"], np.float32)  # or the leaf's
        self.is_leaf = self.left < 0
        self.node = np.arange(len(self.left))
        self.tree = np.full(len(self.left), number)

    def inner(self, values: NDArray[Any]) -> NDArray[Any]:
        """The values, 0 at leaves."""
        return np.where(self.is_leaf, values.dtype.type(0), values)


def _attributes(trees: Sequence[_Tree]) -> dict[str, Any]:
    """The operator's attributes, by ONNX's names."""

    def all_of(values: Sequence[NDArray[Any]]) -> NDArray[Any]:
        return np.concatenate(values)

    leaf = all_of([tree.is_leaf for tree in trees])
    node, number = all_of([t.node for t in trees]), all_of([t.tree for t in trees])
    return {
        "n_targets": 1,
        "nodes_treeids": number,
        "nodes_nodeids": node,
        "nodes_modes": [b"LEAF" if is_leaf else b"BRANCH_LT" for is_leaf in leaf],
        "nodes_featureids": all_of([tree.inner(tree.split) for tree in trees]),
        "nodes_values": all_of([tree.inner(tree.value) for tree in trees]),
        "nodes_truenodeids": all_of([tree.inner(tree.left) for tree in trees]),
        "nodes_falsenodeids": all_of([tree.inner(tree.right) for tree in trees]),
        "target_treeids": number[leaf],
        "target_nodeids": node[leaf],
        "target_ids": np.zeros(int(leaf.sum()), np.int64),
        "target_weights": all_of([tree.value for tree in trees])[leaf],
    }


def _attribute(name: str, value: int | list[bytes] | NDArray[Any]) -> bytes:
    """An AttributeProto."""
    if isinstance(value, int):
        return _join(_text(1, name), _integer(3, value), _integer(20, _INT))
    if isinstance(value, list):
        strings = (_bytes(9, text) for text in value)
        return _join(_text(1, name), *strings, _integer(20, _STRINGS))
    if value.dtype == np.float32:
        packed = value.astype("<f4").tobytes()
        return _join(_text(1, name), _bytes(7, packed), _integer(20, _FLOATS))
    packed = _join(*map(_varint, value.tolist()))
    return _join(_text(1, name), _bytes(8, packed), _integer(20, _INTS))


def _tensor(name: str, columns: int) -> bytes:
    """A ValueInfoProto: float32, any number of rows."""
    shape = _join(_bytes(1, _text(2, "rows")), _bytes(1, _integer(1, columns)))
    tensor = _join(_integer(1, _FLOAT), _bytes(2, shape))
    return _join(_text(1, name), _bytes(2, _bytes(1, tensor)))


def _varint(number: int) -> bytes:
    """A number, 0 or more, seven bits a byte, the least significant first."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _integer(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _bytes(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def _text(field: int, content: str) -> bytes:
    return _bytes(field, content.encode())


def _join(*parts: bytes) -> bytes:
    return b"".join(parts)
