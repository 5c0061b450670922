"""Artifacts that cannot be served: the service lives, says why, and predicts nothing.

Each case damages a build and has its manifest agree where that is the point.
"""

import os
import pickle
import sys
from functools import partial

import msgspec
import pytest

from feature_store.definitions import FEATURES
from model import manifest as manifests
from model import pickled
from model.manifest import File
from tests.model.tiny import any_booster, copied, sign
from tests.service.clients import client_of, got, pair, post
from tests.service.problem_shape import assert_problem

ADDRESSES = [
    "/v1/predict?shop_id=24&item_id=6",
    "/v1/shops",
    "/v1/categories",
    "/v1/items",
    "/v1/shops/24/items/6",
    "/v1/shops/24/top",
    "/v1/items/6/shops",
    "/v1/model",
]


def alter(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def truncate(path):
    path.write_bytes(path.read_bytes()[:-1])


def remove(path):
    path.unlink()


def turn_to_folder(path):
    path.unlink()
    path.mkdir()


def assert_not_ready(artifacts, *words):
    """Alive, not ready for a reason that holds the words, and no number."""
    client = client_of(artifacts)
    assert got(client, "/healthz") == {"status": "alive"}
    assert client.get("/v1/features").status_code == 200
    reason = assert_problem(client.get("/readyz"), 503, [], *words)["detail"]
    assert_problem(post(client, pair(24, 6)), 503, [], reason)
    assert_problem(post(client, [pair(24, 6)], "/"), 503, [], reason)
    assert_problem(post(client, {"input": [[1] * 44]}), 503, [], reason)
    for address in ADDRESSES:
        assert_problem(client.get(address), 503, [], reason)


def files_of(folder):
    return sorted(manifests.read(folder).files)


@pytest.fixture
def damaged(tiny_artifacts, tmp_path):
    """A copy of a build to be damaged: its artifacts folder and its own."""
    return copied(tiny_artifacts, tmp_path / "artifacts")


def test_what_is_whole_is_ready(damaged):
    artifacts, folder = damaged
    client = client_of(artifacts)
    ready = {"status": "ready", "model": folder.name, "refused": None}
    assert got(client, "/readyz") == ready


def test_a_folder_that_is_not_there_has_no_build(tmp_path):
    assert_not_ready(tmp_path / "none", "no build; scripts/build makes one")


def test_an_empty_folder_has_no_build(tmp_path):
    assert_not_ready(tmp_path, str(tmp_path), "no build; scripts/build makes one")


def test_a_link_that_leads_nowhere_is_no_build(damaged):
    artifacts, folder = damaged
    folder.rename(folder.with_name("elsewhere"))
    assert_not_ready(artifacts, "no build; scripts/build makes one")


@pytest.mark.parametrize("name", ["model.pkl", "features.parquet", "vectors/lags.npy"])
@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (alter, "the manifest says"),
        (truncate, "the manifest says"),
        (remove, "missing, but the manifest names it"),
        (turn_to_folder, "missing, but the manifest names it"),
    ],
)
def test_a_damaged_file_is_named(damaged, name, damage, words):
    artifacts, folder = damaged
    damage(folder / name)
    assert_not_ready(artifacts, f"{folder / name}: ", words)


def test_each_file_of_a_build_is_verified(damaged):
    artifacts, folder = damaged
    for name in files_of(folder):
        content = (folder / name).read_bytes()
        alter(folder / name)
        reason = client_of(artifacts).get("/readyz")
        assert_problem(reason, 503, [], f"{folder / name}: ", "SHA-256")
        (folder / name).write_bytes(content)
    assert client_of(artifacts).get("/readyz").status_code == 200


MANIFESTS = [
    (b"", "not a manifest"),
    (b"{", "not a manifest"),
    (b"\xff\xfe", "not a manifest"),
    (b"[]", "not a manifest: Expected `object`, got `array`"),
    (b"{}", "not a manifest: Object missing required field"),
]


@pytest.mark.parametrize(("content", "words"), MANIFESTS)
def test_a_manifest_that_is_none_is_refused(damaged, content, words):
    artifacts, folder = damaged
    (folder / "manifest.json").write_bytes(content)
    assert_not_ready(artifacts, f"{folder / 'manifest.json'}: {words}")


def test_a_manifest_that_is_missing_is_refused(damaged):
    artifacts, folder = damaged
    (folder / "manifest.json").unlink()
    assert_not_ready(artifacts, "manifest.json: No such file or directory")


@pytest.mark.parametrize("name", ["../outside", "model/../../outside"])
def test_a_manifest_that_points_outside_its_folder_is_refused(damaged, name):
    artifacts, folder = damaged
    outside = artifacts / "outside"
    outside.write_bytes(b"secret")
    found = manifests.read(folder)
    files = {**found.files, name: manifests.describe(outside)}
    msgspec.structs.replace(found, files=files).named().write(folder)
    assert_not_ready(artifacts, "outside")


def test_a_file_that_is_gone_from_the_manifest_too_is_named(damaged):
    artifacts, folder = damaged
    found = manifests.read(folder)
    for name in found.files:
        files = {other: file for other, file in found.files.items() if other != name}
        msgspec.structs.replace(found, files=files).named().write(folder)
        content = (folder / name).read_bytes()
        (folder / name).unlink()
        client = client_of(artifacts)
        assert client.get("/healthz").status_code == 200
        if name != "features.parquet":  # it is there for people and for the record
            assert_problem(client.get("/readyz"), 503, [], name)
        (folder / name).write_bytes(content)


def test_other_features_of_the_store_are_shown_as_a_difference(damaged):
    artifacts, folder = damaged
    found = manifests.read(folder)
    names = [*FEATURES[1:], FEATURES[0]]
    store = msgspec.structs.replace(found.store, features=names)
    sign(folder, store=store)
    assert_not_ready(artifacts, "the manifest has other features: ", "-shop_id")


def test_other_features_of_the_model_are_shown_as_a_difference(damaged):
    artifacts, folder = damaged
    names = [name.replace("lag_6", "lag_12") for name in FEATURES]
    pickled.save(any_booster(names), folder / "model.pkl")
    sign(folder)
    assert_not_ready(
        artifacts,
        "the model has other features: ",
        "-item_cnt_day_lag_6",
        "+item_cnt_day_lag_12",
    )


class Runs:
    """Unpickles as the call of a function."""

    def __init__(self, function, *arguments):
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


dumped = partial(pickle.dumps, protocol=pickled.PROTOCOL)


def asks_for(module, name):
    """A pickle that imports a module to find a name in it, and no more."""
    return f"c{module}\n{name}\n.".encode()


def test_a_pickle_that_would_run_something_runs_nothing(damaged, tmp_path, monkeypatch):
    artifacts, folder = damaged
    proof = tmp_path / "ran"
    (tmp_path / "would_be_imported.py").write_text(f"open({str(proof)!r}, 'w')\n")
    monkeypatch.syspath_prepend(tmp_path)
    touch = f"open({str(proof)!r}, 'w')"
    attacks = [
        (dumped(Runs(os.system, f"touch {proof}")), f"{os.name}.system"),
        (dumped(Runs(eval, touch)), "builtins.eval"),
        (dumped(Runs(exec, touch)), "builtins.exec"),
        (dumped(Runs(open, str(proof), "w")), ".open"),
        (dumped(Runs(getattr, any_booster, "x")), "builtins.getattr"),
        (dumped(File("x", 1)), "model.manifest.File"),
        (dumped([any_booster(), Runs(os.system, f"touch {proof}")]), ".system"),
        (asks_for("would_be_imported", "x"), "would_be_imported.x"),
        (asks_for("xgboost.core", "os.system"), "xgboost.core.os.system"),
        (asks_for("xgboost", "Booster"), "xgboost.Booster"),
    ]
    for content, name in attacks:
        (folder / "model.pkl").write_bytes(content)
        sign(folder)
        words = f"{folder / 'model.pkl'}: the pickle asks for "
        assert_not_ready(artifacts, words, f"{name}; only a Booster is admitted")
        assert not proof.exists(), name
    assert "would_be_imported" not in sys.modules


def test_the_attacks_would_work_on_an_unpickler_that_admits_all(tmp_path):
    proof = tmp_path / "ran"
    pickle.loads(dumped(Runs(os.system, f"touch {proof}")))
    assert proof.exists()


NO_BOOSTERS = [
    (dumped({"a": 1}), "holds a dict, not a Booster"),
    (dumped([1, 2]), "holds a list, not a Booster"),
    (dumped(b"bytes"), "holds a bytes, not a Booster"),
    (asks_for("xgboost.core", "Booster"), "holds a type, not a Booster"),
    (b"cxgboost.core\nBooster\n)\x81.", "not a booster that XGBoost"),
    (b"", "not a booster that XGBoost"),
    (b"no pickle at all", "not a booster that XGBoost"),
    (b"\x80\x05.", "not a booster that XGBoost"),
]


@pytest.mark.parametrize(("content", "words"), NO_BOOSTERS)
def test_a_pickle_of_something_else_is_refused(damaged, content, words):
    artifacts, folder = damaged
    (folder / "model.pkl").write_bytes(content)
    sign(folder)
    assert_not_ready(artifacts, f"{folder / 'model.pkl'}: {words}")


def test_a_booster_that_was_never_trained_is_refused(damaged):
    artifacts, folder = damaged
    (folder / "model.pkl").write_bytes(b"cxgboost.core\nBooster\n(tR.")
    sign(folder)
    assert_not_ready(artifacts, "the model has other features: ", "-shop_id")


def test_a_booster_cut_short_is_refused(damaged):
    artifacts, folder = damaged
    truncate(folder / "model.pkl")
    sign(folder)
    assert_not_ready(artifacts, "not a booster that XGBoost", "reads")
