"""scripts/serve: starts quickly, says where it is, stops cleanly, fails in one line."""

import socket
import time

import pytest
import requests

from model import manifest as manifests
from model.artifacts import current
from tests.conftest import free_port, wait_until_alive
from tests.scripts.commands import assert_one_line, press_ctrl_c, run, start
from tests.service.clients import pair

SOON = 15  # seconds; a quiet machine needs three


def stop(process, how):
    """Stop a command; its output, its code and the seconds that it took."""
    started = time.monotonic()
    how(process)
    output, _ = process.communicate(timeout=60)
    return output, process.returncode, time.monotonic() - started


def assert_stopped_cleanly(process, how):
    output, code, seconds = stop(process, how)
    assert code == 0, output
    assert seconds < SOON
    for word in ("Traceback", "Killing", "ERROR", "WARNING"):
        assert word not in output
    return output


def serving(artifacts, *options, cwd=None):
    """A server that is alive, and its address."""
    port = free_port()
    environ = {"SALES_ARTIFACTS": str(artifacts), "SALES_LOG": "off"}
    process = start("serve", "--port", port, *options, cwd=cwd, **environ)
    url = f"http://127.0.0.1:{port}"
    wait_until_alive(url, process)
    return process, url


@pytest.mark.parametrize(
    "how",
    [press_ctrl_c, lambda process: process.terminate()],
    ids=["Ctrl-C", "SIGTERM"],
)
def test_it_stops_cleanly_and_at_once(small_artifacts, how):
    process, url = serving(small_artifacts, "--workers", 2)
    assert requests.post(url, json=pair(24, 6), timeout=30).status_code == 200
    output = assert_stopped_cleanly(process, how)
    assert output.startswith("Serving on ")


def test_a_second_server_does_not_share_the_port_of_the_first(small_artifacts):
    process, url = serving(small_artifacts, "--workers", 1)
    port = url.rpartition(":")[2]
    done = run("serve", "--port", port, SALES_ARTIFACTS=str(small_artifacts))
    assert_one_line(done, 1, f"cannot listen on 127.0.0.1:{port}", "in use")
    assert_stopped_cleanly(process, press_ctrl_c)


def test_it_serves_from_a_folder_with_packages_of_the_same_names(
    small_artifacts, tmp_path
):
    for package in ("model", "service", "feature_store"):
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").write_text("raise SystemExit('not ours')")
    process, url = serving(small_artifacts, cwd=tmp_path)
    assert requests.post(url, json=pair(24, 6), timeout=30).status_code == 200
    assert_stopped_cleanly(process, press_ctrl_c)


def test_it_says_where_the_page_is_and_how_to_ask(small_artifacts):
    started = time.monotonic()
    process, url = serving(small_artifacts)
    assert time.monotonic() - started < SOON
    output = assert_stopped_cleanly(process, press_ctrl_c)
    address = url.replace("127.0.0.1", "localhost")
    serving_line, command = output.splitlines()
    assert serving_line == f"Serving on {address}/ (Ctrl-C stops). Try:"
    assert command == (
        f"  curl -X POST {address}/ -H 'Content-Type: application/json'"
        """ -d '{"shop_id":24,"item_id":6676}'"""
    )


def test_a_port_in_use_is_one_line(small_artifacts):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        told = run("serve", "--port", port, SALES_ARTIFACTS=str(small_artifacts))
    assert_one_line(
        told, 1, f"serve: cannot listen on 127.0.0.1:{port}: Address already"
    )


def test_an_address_that_is_not_this_machines_is_one_line(small_artifacts):
    told = run("serve", "--host", "192.0.2.1", SALES_ARTIFACTS=str(small_artifacts))
    assert_one_line(told, 1, "serve: cannot listen on 192.0.2.1:4000: Cannot assign")


def test_a_bad_setting_is_one_line_and_code_2():
    told = run("serve", SALES_MAX_ROWS="many")
    words = "serve: SALES_MAX_ROWS is 'many', expected a whole number of 1 or more"
    assert_one_line(told, 2, words)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--port", "65536"), "argument --port: '65536', expected 1 to 65535"),
        (("--workers", "0"), "argument --workers: '0', expected 1 to 256"),
    ],
)
def test_a_bad_option_is_code_2(options, words):
    told = run("serve", *options)
    assert told.returncode == 2
    assert words in told.stderr


def test_build_only_builds_nothing_where_there_is_a_build(small_artifacts):
    before = current(small_artifacts)
    told = run("serve", "--build-only", SALES_ARTIFACTS=str(small_artifacts))
    assert (told.returncode, told.stdout, told.stderr) == (0, "", "")
    assert current(small_artifacts) == before


def test_artifacts_that_cannot_be_served_are_told_by_a_live_server(
    small_artifacts, tmp_path
):
    (tmp_path / "broken").mkdir()
    (tmp_path / "current").symlink_to("broken")
    process, url = serving(tmp_path)
    answer = requests.get(f"{url}/readyz", timeout=30)
    assert answer.status_code == 503
    assert "manifest.json: No such file" in answer.json()["detail"]
    assert_stopped_cleanly(process, press_ctrl_c)


def test_ctrl_c_while_the_demo_is_built_leaves_nothing_behind(tmp_path):
    folder = tmp_path / "artifacts"
    process = start("serve", "--build-only", SALES_ARTIFACTS=str(folder))
    assert process.stdout.readline().startswith("Nothing is built yet: ")
    while not folder.exists():
        assert process.poll() is None
        time.sleep(0.05)
    output, code, seconds = stop(process, press_ctrl_c)
    assert (output, code) == ("demo-data: stopped; nothing was written\n", 130)
    assert seconds < SOON
    assert list(folder.iterdir()) == []


@pytest.mark.slow
def test_from_nothing_it_builds_the_demo_and_serves_it(tmp_path):
    folder = tmp_path / "artifacts"
    told = run("serve", "--build-only", SALES_ARTIFACTS=str(folder))
    assert told.returncode == 0, told.stderr
    assert "Nothing is built yet: building the demo retailer, once." in told.stdout
    process, url = serving(folder)
    answer = requests.post(url, json=pair(24, 6676), timeout=30).json()
    assert (answer["month"], answer["basis"]) == ("2015-11", "pair")
    assert requests.get(f"{url}/v1/model", timeout=30).json()["demo"] is True
    assert_stopped_cleanly(process, press_ctrl_c)
    holdout = manifests.read(current(folder)).training.holdout
    assert holdout.model.rmse < 0.97 * holdout.best_baseline.rmse
