"""scripts/predict against a real server, and against some that are none."""

import csv
import gzip
import io
import json
import os
import pty
import shutil
import subprocess
import sys
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import numpy as np
import pytest
import requests

from tests.conftest import ROOT, free_port
from tests.scripts.commands import assert_one_line, command, run

IDS = (24, 6, 5, 7)
PIECE = 10_000  # rows in one of its requests


@pytest.fixture
def predict(server):
    """Runs the command on the server, with an input where it reads one."""

    def ask(*options, **environ):
        return run("predict", "--url", server.url, *options, **environ)

    return ask


def printed(done):
    """The rows of CSV that a good command printed."""
    assert (done.returncode, done.stderr) == (0, "")
    return list(csv.reader(io.StringIO(done.stdout)))


def posted(server, body, kind="text/csv"):
    """What the server itself answers."""
    headers = {"Content-Type": kind}
    answer = requests.post(server.url, data=body, headers=headers, timeout=60)
    assert answer.status_code == 200
    return answer


def on_terminal(*words):
    """What a command prints on a terminal, and its exit code."""
    ours, theirs = pty.openpty()
    environ = {**os.environ, "TERM": "dumb", "COLUMNS": "100"}
    process = subprocess.Popen(words, stdout=theirs, stderr=theirs, env=environ)
    os.close(theirs)
    text = b""
    try:
        while piece := os.read(ours, 4096):
            text += piece
    except OSError:  # the other end is closed
        pass
    os.close(ours)
    return text.decode(), process.wait()


def test_pairs_are_printed_as_csv_for_programs(predict, server):
    rows = printed(predict(*IDS))
    expected = posted(server, "shop_id,item_id\n24,6\n5,7\n").text
    assert rows == list(csv.reader(io.StringIO(expected)))


def test_pairs_are_printed_as_a_table_for_people(server):
    text, code = on_terminal(*command("predict", "--url", server.url, *IDS))
    assert code == 0
    lines = text.splitlines()
    assert "prediction" in lines[1]
    assert [line.split()[1:4:2] for line in lines[3:5]] == [["24", "6"], ["5", "7"]]
    assert "2015-11" in lines[3]


def test_reasons_are_a_column_a_pair_for_people(server):
    options = ("--url", server.url, *IDS, "--explain", "--interval")
    text, code = on_terminal(*command("predict", *options))
    assert code == 0
    for name in ("shop_id", "prediction", "upper", "why: item", "why: prices"):
        line = next(line for line in text.splitlines() if name in line)
        assert len(line.replace("┃", "│").split("│")) == 5


def test_json_is_the_servers_rows_one_a_line(predict, server):
    done = predict(*IDS, "--json", "--features", "--explain")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    body = [{"shop_id": 24, "item_id": 6}, {"shop_id": 5, "item_id": 7}]
    answer = requests.post(
        f"{server.url}/v1/predict?features=true&explain=true", json=body, timeout=60
    ).json()
    assert rows == [{**row, "month": "2015-11"} for row in answer["predictions"]]


@pytest.mark.parametrize("option", ["--explain", "--features", "--interval"])
def test_what_does_not_fit_into_csv_is_json(predict, option):
    (row,) = map(json.loads, predict(24, 6, option).stdout.splitlines())
    assert row[option[2:]]


@pytest.fixture(scope="module")
def long_file(tmp_path_factory):
    """A test file that is asked for in pieces; its text."""
    random = np.random.default_rng(2)
    shops, items = (random.integers(0, n, PIECE + 500) for n in (60, 300))
    rows = zip(range(len(shops)), shops, items, strict=True)
    text = "".join(f"{i},{shop},{item}\n" for i, shop, item in rows)
    path = tmp_path_factory.mktemp("csv") / "test.csv"
    path.write_text(f"ID,shop_id,item_id\n{text}")
    return path


def test_a_long_file_comes_back_as_the_server_answers_it(predict, server, long_file):
    rows = printed(predict("--csv", long_file))
    expected = [*csv.reader(io.StringIO(posted(server, long_file.read_bytes()).text))]
    assert len(rows) == PIECE + 501
    assert rows[0] == expected[0]
    for row, other in zip(rows[1:], expected[1:], strict=True):
        assert (row[0], float(row[1])) == (other[0], float(other[1]))


def test_a_file_may_be_gzipped_marked_or_come_by_a_pipe(server, predict, tmp_path):
    text = b"\xef\xbb\xbfitem_id,shop_id\r\n6,24\r\n"
    (tmp_path / "a.csv").write_bytes(text)
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(text))
    expected = printed(predict(24, 6))
    assert printed(predict("--csv", tmp_path / "a.csv")) == expected
    assert printed(predict("--csv", tmp_path / "a.csv.gz")) == expected
    piped = subprocess.run(
        command("predict", "--url", server.url, "--csv", "-"),
        input=text,
        capture_output=True,
        check=True,
    )
    assert list(csv.reader(io.StringIO(piped.stdout.decode()))) == expected


def test_more_reasons_than_fit_into_a_request_are_asked_for_in_pieces(
    predict, long_file, tmp_path
):
    lines = long_file.read_text().splitlines()[:251]
    (tmp_path / "some.csv").write_text("\n".join(lines))
    done = predict("--csv", tmp_path / "some.csv", "--explain")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["ID"] for row in rows] == list(range(250))
    assert all(row["explain"] for row in rows)


def test_unknown_pairs_are_empty_and_the_command_says_so(predict):
    done = predict(24, 6, 999, 7)
    assert done.returncode == 1
    assert done.stdout.splitlines()[2] == "999,7,"
    assert done.stderr == "predict: unknown pairs: 1\n"


@pytest.mark.parametrize(
    "options", [(), (24,), (24, 6, 5), ("--csv", "x.csv", 24, 6), ("x", 6), ("--what",)]
)
def test_a_wrong_call_is_a_2_with_the_usage(options):
    done = run("predict", *options)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("usage: predict")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ((24, -6), ["400: item_id is -6", "(at /0/item_id)"]),
        ((24, 2**31, 10**20, 7), ["/0/item_id", "; /1/shop_id: shop_id is 1000"]),
        (("--csv", "nowhere.csv"), ["No such file", "nowhere.csv"]),
    ],
)
def test_what_is_wrong_is_said_in_a_line(predict, options, words):
    assert_one_line(predict(*options), 1, "predict: ", *words)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("shop_id;item_id\n24;6\n", "line 2: expected columns shop_id,item_id"),
        ("shop_id,item_id\n24,6\n24\n", "line 3: "),
        ("shop_id,item_id\n24,6.0\n", "line 2: "),
    ],
)
def test_a_file_of_something_else_is_said_with_the_line(predict, tmp_path, text, words):
    (tmp_path / "a.csv").write_text(text)
    assert_one_line(predict("--csv", tmp_path / "a.csv"), 1, "a.csv", words)


def test_a_server_that_is_not_there_is_said_at_once():
    url = f"http://127.0.0.1:{free_port()}"
    done = run("predict", "--url", url, 24, 6)
    assert_one_line(done, 1, f"predict: no server answers at {url}/v1/predict")


def test_an_address_that_is_none_is_said():
    assert_one_line(run("predict", "--url", "here", 24, 6), 1, "Invalid URL")


@contextmanager
def answering(*answers):
    """A server that gives these (status, headers, body) in turn; what it was asked."""
    asked, turn = [], iter(answers)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            asked.append(self.headers)
            self.rfile.read(int(self.headers["Content-Length"]))
            status, headers, body = next(turn)
            self.send_response(status)
            for name, value in {**headers, "Content-Length": len(body)}.items():
                self.send_header(name, str(value))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", asked
        finally:
            server.shutdown()


def problem(status, detail):
    body = json.dumps({"status": status, "detail": detail}).encode()
    return status, {"Content-Type": "application/problem+json"}, body


def test_a_busy_server_is_asked_again_when_it_says(server):
    pair = [{"shop_id": 24, "item_id": 6}]
    good = posted(server, json.dumps(pair), "application/json")
    busy = (503, {"Retry-After": "1"}, b"")
    fine = (200, {"Content-Type": "application/json"}, good.content)
    with answering(busy, fine) as (url, asked):
        done = run("predict", "--url", url, 24, 6)
    assert len(asked) == 2
    assert printed(done)[1][:2] == ["24", "6"]


def test_a_whole_number_is_written_as_the_service_writes_csv():
    row = {"shop_id": 24, "item_id": 6, "prediction": 20.0}
    body = json.dumps({"month": "2015-11", "predictions": [row]}).encode()
    with answering((200, {"Content-Type": "application/json"}, body)) as (url, _):
        done = run("predict", "--url", url, 24, 6)
    assert done.stdout.splitlines()[1] == "24,6,20"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (problem(401, "a wrong API key"), "401: a wrong API key"),
        ((200, {"Content-Type": "text/html"}, b"<p>Hi"), "is that a salespredictor?"),
        ((200, {"Content-Type": "application/json"}, b"[]"), "a salespredictor?"),
        ((502, {}, b""), "502 from http://127.0.0.1:"),
    ],
)
def test_another_answer_than_a_good_one_is_said_in_a_line(answer, words):
    with answering(answer) as (url, _):
        assert_one_line(run("predict", "--url", url, 24, 6), 1, words)


def test_the_key_of_the_environment_is_sent_and_no_other(tmp_path):
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login a password b\n")
    for key, sent in (("secret", "Bearer secret"), ("", None)):
        with answering(problem(401, "no")) as (url, asked):
            run("predict", "--url", url, 1, 2, SALES_API_KEY=key, HOME=str(tmp_path))
        assert asked[0]["Authorization"] == sent


def test_a_reader_who_has_seen_enough_is_no_error(server, long_file):
    words = " ".join(command("predict", "--url", server.url, "--csv", long_file))
    done = subprocess.run(
        ["bash", "-c", f"{words} | head -n 2"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert (done.stdout.count("\n"), done.stderr) == (2, "")


def test_a_copy_of_the_file_works_elsewhere(server, tmp_path):
    shutil.copy(ROOT / "scripts" / "predict", tmp_path)
    done = subprocess.run(
        [sys.executable, tmp_path / "predict", "--url", server.url, "24", "6"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert printed(done)[0] == ["shop_id", "item_id", "item_cnt_month"]
