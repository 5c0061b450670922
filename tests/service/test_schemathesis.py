"""The contract, put to a real server by schemathesis from `/openapi.json` alone."""

import json
import subprocess
import sys
from collections import Counter

from service.operations import OPERATIONS

EXAMPLES = 100
# Every check is made of every operation, but for these.
LEFT_OUT = {
    ("predict", "positive_data_acceptance"): "a schema cannot say that `features` and"
    " `explain` are for JSON bodies alone, nor how long a list may then be;"
    " test_any_body.py knows what must be accepted",
    ("predict_at_root", "positive_data_acceptance"): "the same",
}
# `stateful` follows links from one answer to the next request: there are none.
PHASES = "examples,coverage,fuzzing"


def config():
    """schemathesis.toml: what is left out."""
    return "\n".join(
        f'[[operations]]\ninclude-operation-id = "{name}"\n'
        f"checks.{check}.enabled = false"
        for name, check in LEFT_OUT
    )


def asked(report):
    """How many requests were made of each operation."""
    count = Counter()
    for line in report.read_text().splitlines():
        recorder = json.loads(line).get("ScenarioFinished", {}).get("recorder", {})
        count[recorder.get("label")] += len(recorder.get("cases", {}))
    return count


def test_the_server_keeps_to_its_description(server, tmp_path):
    (tmp_path / "schemathesis.toml").write_text(config())
    options = f"--phases {PHASES} -n {EXAMPLES} --seed 1 --no-color".split()
    report = ["--report-ndjson-path", "report.ndjson"]
    address = f"{server.url}/openapi.json"
    done = subprocess.run(
        [sys.executable, "-m", "schemathesis.cli", "run", address, *options, *report],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr
    count = asked(tmp_path / "report.ndjson")
    for operation in OPERATIONS:
        if operation.ids or operation.query or operation.bodies:
            assert count[f"{operation.method} {operation.path}"] >= EXAMPLES
