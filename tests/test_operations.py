"""docs/operations.md and compose.yaml: each name in them is one that there is."""

import re

import pytest
import requests
import yaml

from service.logs import Line
from service.settings import SETTINGS
from tests.conftest import ROOT

TEXT = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```yaml\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)
METRIC = re.compile(r"\bsalespredictor_[a-z_]+")
SETTING = re.compile(r"\bSALES_[A-Z_]+")
OF_HISTOGRAMS = re.compile(r"_(bucket|sum|count)$")


@pytest.fixture(scope="module")
def rules():
    """The alert rules by name."""
    (group,) = yaml.safe_load(BLOCKS[1])["groups"]
    return {rule["alert"]: rule for rule in group["rules"]}


@pytest.fixture(scope="module")
def compose():
    text = (ROOT / "compose.yaml").read_text(encoding="utf-8")
    return yaml.safe_load(text)["services"]


@pytest.fixture(scope="module")
def metrics(server):
    """The names of all metrics of a server that has answered once."""
    requests.get(f"{server.url}/v1/shops", timeout=10)
    text = requests.get(f"{server.url}/metrics", timeout=10).text
    return set(re.findall(r"^# TYPE (\S+)", text, re.MULTILINE))


def section(name):
    return re.search(rf"^## {name}\n(.*?)(?=^## |\Z)", TEXT, re.DOTALL | re.MULTILINE)[
        1
    ]


def in_first_column(name):
    return set(re.findall(r"^\| `(\w+)`", section(name), re.MULTILINE))


def test_every_metric_is_described_and_none_that_is_not_there(metrics):
    assert in_first_column("Metrics") == metrics
    assert {OF_HISTOGRAMS.sub("", name) for name in METRIC.findall(TEXT)} == metrics


def test_every_alert_is_a_rule_with_something_to_do(rules):
    assert in_first_column("Alerts") == set(rules)
    for rule in rules.values():
        assert METRIC.search(rule["expr"]) or "up{" in rule["expr"]
        assert rule["labels"]["severity"] in ("page", "ticket")


def test_the_scrape_example_asks_where_the_compose_file_serves(compose):
    (job,) = yaml.safe_load(BLOCKS[0])["scrape_configs"]
    (target,) = job["static_configs"][0]["targets"]
    name, _, port = target.partition(":")
    assert port in compose[name]["expose"]
    assert f"server {target} " in (ROOT / "nginx.conf").read_text(encoding="utf-8")


def test_every_setting_is_described_and_none_that_is_not_there(compose):
    names = {setting.name for setting in SETTINGS}
    assert set(SETTING.findall(TEXT)) == names
    assert set(compose["salespredictor"]["environment"]) < names


def test_every_field_of_a_request_s_line_is_described():
    log = section("Log")
    assert all(f"`{name}`" in log for name in Line.__struct_fields__)
    code = "".join(path.read_text() for path in (ROOT / "service").glob("*.py"))
    events = set(re.findall(r'\.event\(\s*"(\w+)"', code)) | {"request"}
    assert in_first_column("Log") == events


def test_what_is_served_in_a_container_can_write_nothing(compose):
    for service in compose.values():
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
    assert compose["salespredictor"]["volumes"] == ["./artifacts:/app/artifacts:ro"]


def test_the_largest_body_is_the_same_in_nginx():
    body = next(setting for setting in SETTINGS if setting.name == "SALES_MAX_BODY")
    megabytes = int(body.default) >> 20
    assert f"client_max_body_size {megabytes}m;" in (ROOT / "nginx.conf").read_text()
