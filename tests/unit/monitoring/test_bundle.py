"""What else is in the bundle: how to scrape, Grafana's provisioning, PCP, the page about it."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from chatd.canary.rows import ROWS
from chatd.ops.config import Tcp, parse
from chatd.ops.metrics_catalogue import CATALOGUE
from tests.unit.monitoring.bundle import BUNDLE, PROJECT, RULES, promtool

SCRAPE = yaml.safe_load((BUNDLE / "scrape" / "chatd.yml").read_text())["scrape_configs"]
README = (BUNDLE / "README.md").read_text()


def test_prometheus_understands_the_whole_configuration(tmp_path: Path) -> None:
    text = (BUNDLE / "prometheus.yml").read_text()
    for folder in ("rules", "chatd"):
        assert f"/etc/prometheus/{folder}/" in text
        (tmp_path / folder).mkdir()
    for file in RULES:
        (tmp_path / "rules" / file.name).write_text(file.read_text())
    for file in (BUNDLE / "targets").iterdir():
        (tmp_path / "chatd" / file.name).write_text(file.read_text())
    config = tmp_path / "prometheus.yml"
    config.write_text(text.replace("/etc/prometheus/", f"{tmp_path}/"))
    promtool("check", "config", config)


def test_the_whole_configuration_scrapes_as_the_part_does() -> None:
    whole = yaml.safe_load((BUNDLE / "prometheus.yml").read_text())
    assert whole["scrape_configs"] == SCRAPE


def test_each_job_has_a_file_of_targets_as_an_example() -> None:
    patterns = [each["file_sd_configs"][0]["files"][0] for each in SCRAPE]
    names = {re.sub(r"\*", "", pattern.rpartition("/")[2]) for pattern in patterns}
    assert names == {file.name for file in (BUNDLE / "targets").iterdir()}


def test_the_examples_name_the_ports_that_are_the_defaults() -> None:
    config = parse("", "chatd.toml", PROJECT).config
    (listener,) = config.listen.operations
    assert isinstance(listener, Tcp)
    assert f"127.0.0.1:{listener.port}" in (BUNDLE / "targets" / "daemon.yml").read_text()
    (canary,) = re.findall(r"--metrics tcp:(\S+)\n", (PROJECT / "docs/canary.md").read_text())[:1]
    assert canary in (BUNDLE / "targets" / "canary.yml").read_text()


def test_of_node_exporter_only_what_chatd_wrote_is_kept() -> None:
    (node,) = (each for each in SCRAPE if each["job_name"] == "chatd-node")
    (relabel,) = node["metric_relabel_configs"]
    assert re.fullmatch(relabel["regex"], "chatd_backup_size_bytes")
    assert re.fullmatch(relabel["regex"], "node_textfile_scrape_error")
    assert not re.fullmatch(relabel["regex"], "node_cpu_seconds_total")


def test_grafana_finds_the_source_and_the_dashboards() -> None:
    (source,) = yaml.safe_load((BUNDLE / "grafana" / "datasource.yml").read_text())["datasources"]
    assert source["type"] == "prometheus"
    assert source["jsonData"]["timeInterval"] == SCRAPE[0]["scrape_interval"]
    (provider,) = yaml.safe_load((BUNDLE / "grafana" / "dashboards.yml").read_text())["providers"]
    assert provider["type"] == "file"
    assert provider["options"]["path"].endswith("/monitoring/dashboards")


def test_pcp_gets_all_that_is_chatds_own_and_nothing_else() -> None:
    address, *lines = (BUNDLE / "pcp" / "chatd.url").read_text().splitlines()
    assert address == "http://127.0.0.1:8766/metrics"  # the first line must be it
    filters = [line.split(maxsplit=3) for line in lines if not line.startswith("#")]
    assert {(head, what) for head, _, what, _ in filters} == {("FILTER:", "METRIC")}

    def kept(name: str) -> bool:
        return next(how for _, how, _, regex in filters if re.match(regex, name)) == "INCLUDE"

    assert all(kept(row.name) for row in (*CATALOGUE, *ROWS))
    assert kept("process_open_fds")
    assert not kept("python_gc_collections_total")


def test_the_page_names_every_folder_and_nothing_that_is_not_there() -> None:
    rows = re.findall(r"^\| ([\w*/.-]+) \|", README, flags=re.MULTILINE)
    places = [place for place in rows if "." in place]
    assert all(list(BUNDLE.glob(place)) for place in places)
    found = {file for place in places for file in BUNDLE.glob(place)}
    there = {file for file in BUNDLE.rglob("*") if file.is_file() and file.name != "README.md"}
    assert found == there
