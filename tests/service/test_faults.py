"""Files that change under a service, before it starts or while it runs; clocks; TMPDIR.

A loaded build answers on, whatever becomes of its folder, and /readyz says what is
wrong. What cannot be served at start is tested in test_served.py.
"""

import os
import shutil
import subprocess
import time

import pytest
import requests

from feature_store.errors import ArtifactError
from model import artifacts
from model import manifest as manifests
from tests.conftest import running_server
from tests.model.tiny import built_with, copied, sign
from tests.scripts.commands import run
from tests.service.clients import asked, client_of, got, pair
from tests.service.problem_shape import assert_problem

ASKED = pair(24, 6)
SECONDS = 20  # for a worker to be replaced on a busy machine


def remove(path):
    path.unlink()


def truncate(path):
    os.truncate(path, path.stat().st_size // 2)


def empty(path):
    os.truncate(path, 0)


def link_elsewhere(path):
    path.unlink()
    path.symlink_to("/dev/null")


@pytest.fixture(scope="module")
def second(tiny_data, tmp_path_factory):
    """The folder of another build of the same sales."""
    return built_with(7.5, tiny_data, tmp_path_factory.mktemp("second"))[1]


@pytest.fixture
def mine(tiny_artifacts, tmp_path):
    """A copy of a build to be damaged: its artifacts folder and its own."""
    return copied(tiny_artifacts, tmp_path / "artifacts")


@pytest.fixture
def swap(second):
    """Puts the other build's file in the place of a build's, as `mv` does."""

    def replace(path):
        shutil.copy(second / path.name, path.with_name("new"))
        path.with_name("new").replace(path)

    return replace


def looked(client):
    """What /readyz says after the next look at the artifacts."""
    client.application.extensions["served"].look()
    return got(client, "/readyz")


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (remove, "missing, but the manifest names it"),
        (truncate, "the manifest says"),
        (empty, "the manifest says"),
        (link_elsewhere, "missing, but the manifest names it"),
    ],
)
@pytest.mark.parametrize("name", ["model.pkl", "features.parquet"])
def test_what_is_loaded_answers_on_and_the_damage_is_named(mine, name, damage, words):
    folder, build = mine
    client = client_of(folder)
    before = asked(client, ASKED)
    damage(build / name)
    ready = looked(client)
    assert (ready["status"], ready["model"]) == ("ready", build.name)
    assert ready["refused"]["version"] == build.name
    assert ready["refused"]["reason"].startswith(str(build.resolve() / name))
    assert words in ready["refused"]["reason"]
    assert asked(client, ASKED) == before
    assert got(client, "/v1/model")["refused"] == ready["refused"]


def unlink_current(folder, build):
    (folder / "current").unlink()


def remove_build(folder, build):
    shutil.rmtree(build)


def remove_all(folder, build):
    shutil.rmtree(folder)


def lead_out(folder, build):
    shutil.copytree(build, folder.with_name("outside"))
    artifacts.switch(folder, "../outside")


def lead_to_etc(folder, build):
    artifacts.switch(folder, "../../../../../../../../etc")


def lead_round(folder, build):
    artifacts.switch(folder, "current")


def lead_to_itself(folder, build):
    artifacts.switch(folder, ".")


NO_BUILD = "no build; scripts/build makes one"
OUT = "out of the folder of builds"
LINKS = [
    (unlink_current, NO_BUILD),
    (remove_build, NO_BUILD),
    (remove_all, NO_BUILD),
    (lead_out, OUT),
    (lead_to_etc, OUT),
    (lead_to_itself, OUT),
]


@pytest.mark.parametrize(("damage", "words"), LINKS)
def test_a_folder_that_is_gone_stops_no_answer(mine, damage, words):
    folder, build = mine
    client = client_of(folder)
    before = asked(client, ASKED)
    listed = got(client, "/v1/items?q=a")
    damage(folder, build)
    ready = looked(client)
    assert ready["model"] == build.name
    assert words in ready["refused"]["reason"]
    assert asked(client, ASKED) == before
    assert got(client, "/v1/items?q=a") == listed


@pytest.mark.parametrize("damage", [lead_out, lead_to_etc, lead_to_itself])
def test_nothing_outside_the_folder_of_builds_is_loaded_at_start(mine, damage):
    folder, build = mine
    damage(folder, build)
    shutil.rmtree(build)
    assert_problem(client_of(folder).get("/readyz"), 503, [], OUT)


def test_a_link_that_leads_round_in_a_circle_is_no_build(mine):
    folder, build = mine
    client = client_of(folder)
    lead_round(folder, build)
    assert NO_BUILD in looked(client)["refused"]["reason"]


def test_what_was_damaged_and_is_whole_again_is_refused_no_more(mine):
    folder, build = mine
    client = client_of(folder)
    shutil.move(build / "model.pkl", folder / "kept")
    assert looked(client)["refused"]["version"] == build.name
    shutil.move(folder / "kept", build / "model.pkl")
    assert looked(client) == {"status": "ready", "model": build.name, "refused": None}


@pytest.mark.parametrize("name", ["model.pkl", "scorer.onnx", "manifest.json"])
def test_a_file_of_another_build_is_refused_however_old_it_looks(mine, swap, name):
    folder, build = mine
    client = client_of(folder)
    before, state = asked(client, ASKED), (build / name).stat()
    swap(build / name)
    os.utime(build / name, ns=(state.st_atime_ns, state.st_mtime_ns))
    refused = looked(client)["refused"]
    assert refused["version"] == build.name
    assert "the manifest says" in refused["reason"]
    assert asked(client, ASKED) == before


@pytest.mark.parametrize("seconds", [0, 2**31, 2**32 + 10])
def test_the_times_of_files_may_jump(mine, second, seconds):
    folder, build = mine
    client = client_of(folder)
    shutil.copytree(second, folder / second.name)
    for path in folder.rglob("*"):
        os.utime(path, (seconds, seconds), follow_symlinks=False)
    expected = {"status": "ready", "model": build.name, "refused": None}
    assert looked(client) == expected
    artifacts.switch(folder, second.name)
    assert looked(client) == expected | {"model": second.name}


@pytest.mark.parametrize("created", ["1970-01-01T00:00:00+00:00", "2999-12-31"])
def test_a_build_of_another_time_is_served(mine, created):
    """As where the clock of the machine that builds is wrong, or was set."""
    folder, build = mine
    sign(build, created=created)
    client = client_of(folder)
    assert asked(client, ASKED)["model"] == manifests.read(build).version
    told = got(client, "/v1/model")
    assert told["created"] == created
    assert float(told["age_days"]) >= 0


def test_a_build_of_no_time_is_refused(mine):
    folder, build = mine
    sign(build, created="today")
    assert_problem(client_of(folder).get("/readyz"), 503, [], "isoformat")


def test_after_a_clock_went_back_an_earlier_build_has_to_be_named(mine, second):
    folder, build = mine
    shutil.copytree(second, folder / second.name)
    sign(folder / second.name, created="1970-01-01T00:00:00+00:00")
    artifacts.switch(folder, second.name)
    with pytest.raises(ArtifactError, match="no build before the current one"):
        artifacts.roll_back(folder)
    assert artifacts.roll_back(folder, build.name) == build.name


@pytest.mark.parametrize("version", ["../other", "..", ".", "/etc", "", "a/../x"])
def test_nothing_but_a_build_is_rolled_back_to(mine, version):
    folder, build = mine
    with pytest.raises(ArtifactError, match="no build "):
        artifacts.roll_back(folder, version)
    assert artifacts.current(folder) == build


@pytest.fixture
def ordinary():
    """What starts a command for which permissions hold, as they do not for root."""
    if os.geteuid():
        return []
    command = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"]
    if subprocess.run([*command, "true"], check=False).returncode:
        pytest.skip("setpriv cannot drop root's rights here")
    return command


def wait_until(holds, seconds=SECONDS):
    """Wait for something true; it is returned."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = holds()
        if found:
            return found
        time.sleep(0.1)
    pytest.fail(f"it did not hold within {seconds} s")
    return None


def refused_by(server):
    return requests.get(f"{server.url}/readyz", timeout=10).json()["refused"]


def test_files_that_become_unreadable_stop_no_answer(mine, ordinary):
    folder, build = mine
    with running_server(folder, "--workers", "1", inside=ordinary) as server:
        before = requests.post(server.url, json=ASKED, timeout=10).json()
        (build / "model.pkl").chmod(0)
        refused = wait_until(lambda: refused_by(server))
        assert refused["version"] == build.name
        assert refused["reason"] == f"{build / 'model.pkl'}: Permission denied"
        assert requests.post(server.url, json=ASKED, timeout=10).json() == before
        (build / "model.pkl").chmod(0o644)
        wait_until(lambda: not refused_by(server))
        build.chmod(0)
        assert "ermission denied" in wait_until(lambda: refused_by(server))["reason"]
        assert requests.post(server.url, json=ASKED, timeout=10).json() == before
        build.chmod(0o755)


def test_a_build_that_cannot_be_read_at_start_is_a_503(mine, ordinary):
    folder, build = mine
    (build / "model.pkl").chmod(0)
    with running_server(folder, "--workers", "1", inside=ordinary) as server:
        answer = requests.post(server.url, json=ASKED, timeout=10)
        assert_problem(answer, 503, [], "model.pkl: Permission denied")


def test_a_mapped_file_that_is_cut_in_place_costs_a_worker_and_no_more(mine, second):
    """Its pages are gone: the worker that reads them dies, and another starts."""
    folder, build = mine
    shutil.copytree(second, folder / second.name)
    artifacts.switch(folder, second.name)
    with running_server(folder, "--workers", "1") as server:
        assert requests.post(server.url, json=ASKED, timeout=10).json()
        for path in (folder / second.name / "vectors").glob("*.npy"):
            empty(path)

        def answer():
            try:
                return requests.post(server.url, json=ASKED, timeout=10).json()["model"]
            except requests.RequestException:
                return None

        wait_until(lambda: answer() == build.name)
        assert refused_by(server)["version"] == second.name


def test_a_folder_for_temporary_files_is_not_needed(tiny_artifacts, tmp_path):
    """Nobody, not even root, can write to /proc."""
    with running_server(tiny_artifacts, "--workers", "1", TMPDIR="/proc") as server:
        rows = [ASKED] * 5000
        answer = requests.post(server.url, json=rows, timeout=30)
        assert len(answer.json()["predictions"]) == 5000
    done = run(
        "rollback", "--list", SALES_ARTIFACTS=str(tiny_artifacts), TMPDIR="/proc"
    )
    assert done.returncode == 0, done.stderr


def test_a_build_needs_no_folder_for_temporary_files(tiny_data, tmp_path):
    out = tmp_path / "artifacts"
    options = ("--data", tiny_data, "--out", out, "--quick")
    done = run("build", *options, cwd="/proc", TMPDIR="/proc")
    assert done.returncode == 0, done.stderr
    assert artifacts.Build.open(artifacts.current(out))
