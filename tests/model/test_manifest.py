"""The manifest: what it names, what follows from it, and what it refuses."""

import hashlib
import os
import re

import msgspec
import pytest

from feature_store.errors import ArtifactError
from model import manifest as manifests
from model.manifest import File
from tests.model.tiny import copied


@pytest.fixture
def folder(tiny_artifacts, tmp_path):
    """A build to be damaged."""
    return copied(tiny_artifacts, tmp_path / "artifacts")[1]


@pytest.fixture
def found(folder):
    return manifests.read(folder)


def named(manifest, **files):
    """The manifest with these files instead."""
    return msgspec.structs.replace(manifest, files=files)


def test_a_manifest_is_read_as_it_was_written(found, tmp_path):
    found.write(tmp_path)
    assert manifests.read(tmp_path) == found


def test_a_manifest_that_was_changed_is_refused(found, tmp_path):
    msgspec.structs.replace(found, warnings=["all is well"]).write(tmp_path)
    with pytest.raises(ArtifactError, match=r"manifest\.json: was changed: 2013-11-"):
        manifests.read(tmp_path)


def test_a_month_that_no_calendar_has_is_refused(found, tmp_path):
    msgspec.structs.replace(found, month="2013-13").named().write(tmp_path)
    with pytest.raises(ArtifactError, match=r"not a manifest: .*month"):
        manifests.read(tmp_path)


def test_the_version_is_the_month_and_a_hash_of_all_the_rest(found):
    assert re.fullmatch(r"2013-11-[0-9a-f]{8}", found.version)
    assert found.named() == found
    versions = {
        msgspec.structs.replace(found, **change).named().version
        for change in (
            {"warnings": ["another"]},
            {"created": "2020-01-01"},
            {"files": {}},
            {"inputs": {}},
            {"month": "2013-12"},
            {"demo": False},
        )
    }
    assert len(versions | {found.version}) == 7


def test_every_file_of_the_build_is_named_with_its_hash_and_size(folder, found):
    on_disk = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "manifest.json"
    }
    assert {"features.parquet", "model.pkl"} < set(on_disk)
    assert found.files == {
        name: File(hashlib.sha256(content).hexdigest(), len(content))
        for name, content in on_disk.items()
    }
    manifests.verify(folder, found)


def test_every_input_file_is_named_with_its_hash(found, tiny_data):
    content = (tiny_data / "sales_train.csv.gz").read_bytes()
    assert set(found.inputs) == {
        "sales_train",
        "items",
        "shops",
        "item_categories",
        "test",
    }
    expected = File(hashlib.sha256(content).hexdigest(), len(content))
    assert found.inputs["sales_train"] == expected


def test_verifying_names_the_file_both_sizes_and_both_hashes(folder, found):
    path = folder / "vectors" / "rows.npy"
    content = path.read_bytes()
    path.write_bytes(content[:-1] + b"x")
    with pytest.raises(ArtifactError) as raised:
        manifests.verify(folder, found)
    before, after = (
        hashlib.sha256(c).hexdigest() for c in (content, path.read_bytes())
    )
    assert str(raised.value) == (
        f"{path}: {len(content):,} bytes with SHA-256 {after[:12]}…,"
        f" the manifest says {len(content):,} with {before[:12]}…"
    )


@pytest.mark.parametrize("name", ["../secret", "vectors/../../secret", "a/../secret"])
def test_a_path_that_leads_out_of_the_folder_is_refused_unread(folder, found, name):
    secret = folder.parent / "secret"
    os.mkfifo(secret)  # reading it would never end
    with pytest.raises(ArtifactError, match="missing, but the manifest names it"):
        manifests.verify(folder, named(found, **{name: File("0" * 64, 1)}))


def test_an_absolute_path_is_refused_unread(folder, found):
    outside = folder.parent / "outside"
    os.mkfifo(outside)
    with pytest.raises(ArtifactError, match="outside: missing, but the manifest names"):
        manifests.verify(folder, named(found, **{str(outside): File("0" * 64, 1)}))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not a manifest: Input data was truncated"),
        (b"nonsense", "not a manifest: JSON is malformed"),
        (b"\xff", "not a manifest"),
        (b"{}", "missing required field `date_block_num`"),
        (b'{"date_block_num": "34"}', "Expected `int`, got `str`"),
    ],
)
def test_what_is_no_manifest_says_so(tmp_path, content, words):
    (tmp_path / "manifest.json").write_bytes(content)
    with pytest.raises(ArtifactError) as raised:
        manifests.read(tmp_path)
    assert str(raised.value).startswith(f"{tmp_path / 'manifest.json'}: not a manifest")
    assert words in str(raised.value)


def test_a_missing_manifest_says_so(tmp_path):
    with pytest.raises(ArtifactError, match=r"manifest\.json: No such file"):
        manifests.read(tmp_path)
