"""What can be seen of a run from outside: metrics at Ray's Prometheus endpoint, status, workers' logs, and alerts."""

from __future__ import annotations

import dataclasses
import io
import json
import re
import shutil
import signal
import subprocess
import urllib.request
from pathlib import Path

import pytest
import yaml

from camxtime.farm.driver import render
from camxtime.farm.metrics import COUNTERS, GAUGES
from camxtime.farm.options import Progress
from camxtime.farm.status import status
from camxtime.farm.worker_log import WorkerLog

from .helpers import FAST, Saboteur, events, slow_spec, wait_for

SERIES = re.compile(r"^(ray_camxtime_\w+)\{([^}]*)\} (\S+)$", re.M)
LABEL = re.compile(r'(\w+)="([^"]*)"')
OURS = {"dataset", "kind", "state", "part"}
RAYS = {"Component", "NodeAddress", "NodeId", "SessionName", "Version", "WorkerId", "JobId"}
RAYS |= {"otel_scope_name", "otel_scope_version", "otel_scope_schema_url"}
RULES = Path("deploy/prometheus/camxtime.rules.yml")


def scrape(url: str, dataset: str) -> dict[tuple[str, ...], float]:
    """(name, own tags' values but the dataset's …) → value, of one dataset's metrics."""
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310  of this machine
        text = answer.read().decode()
    found = {}
    for name, labels, value in SERIES.findall(text):
        tags = dict(LABEL.findall(labels))
        assert set(tags) <= OURS | RAYS, "no tag that grows with the dataset"
        if tags["dataset"] == dataset:
            own = (tags[key] for key in sorted(OURS - {"dataset"}) if key in tags)
            found[(name.removeprefix("ray_camxtime_"), *own)] = float(value)
    return found


@pytest.mark.slow
def test_a_run_is_seen_at_rays_prometheus_endpoint_in_status_and_in_the_workers_log(local_ray, tmp_path):
    ray = pytest.importorskip("ray")
    root, spec = tmp_path / "dataset", slow_spec(name="metered")
    saboteur = Saboteur("blender_pid", signal.SIGKILL)
    seen = []

    def watch(progress: Progress) -> None:
        saboteur(progress)
        if 0 < progress.cells_done < progress.cells_total:
            seen.append(status(root))

    summary = render(spec, root, dataclasses.replace(FAST, on_progress=watch))
    assert summary.ok and saboteur.hit

    live = "\n".join(seen[-1].lines())
    assert "nodes: 1 of 1 work; workers: 1 " in live and "cells/s" in live and "/metrics" in live
    assert seen[-1].nodes[0]["workers"] == 1 and seen[-1].workers[0]["node"] == seen[-1].nodes[0]["node"]

    (url,) = {node["metrics"] for node in seen[-1].nodes}
    complete = {("units_rendered_total",): 10.0, ("units", "done"): 10.0, ("running",): 0.0}
    metrics = wait_for(lambda: (m := scrape(url, "metered")) and complete.items() <= m.items() and m, 60)
    rendered, failed = events(root, "rendered"), events(root, "failed")
    assert metrics[("cells_rendered_total",)] == summary.cells_rendered == 30
    assert metrics[("bytes_written_total",)] == sum(event["nbytes"] for event in rendered)
    assert metrics[("failures_total", "work")] == len(failed) == metrics[("retries_total",)]
    assert metrics[("blender_restarts_total",)] == sum(e["times"] for e in events(root, "blender_replaced")) >= 1
    assert metrics[("work_seconds_total", "render")] == pytest.approx(sum(e["seconds"]["render"] for e in rendered))
    assert metrics[("cells", "left")] == 0 == metrics[("queue_depth",)] == metrics[("units", "waiting")]

    lines = worker_lines(Path(ray._private.worker._global_node.get_logs_dir_path()), rendered[0]["run"])
    began = {(line["grid"], line["unit"]) for line in lines if line["event"] == "task_began"}
    assert began >= {(event["grid"], event["unit"]) for event in rendered}
    assert [line["level"] for line in lines if line["event"] == "task_failed"] == ["error"] * len(failed)
    assert {"blender_started", "blender_ended", "stage_loaded"} <= {line["event"] for line in lines}


def worker_lines(folder: Path, run: str) -> list[dict[str, object]]:
    """The lines of a run's workers in Ray's logs."""
    lines = [line for file in sorted(folder.glob("worker-*.err")) for line in file.read_text().splitlines()]
    return [record for line in lines if line.startswith('{"at"') and (record := json.loads(line))["run"] == run]


def test_a_workers_log_is_one_json_object_a_line():
    stream = io.StringIO()
    log = WorkerLog("run1", 3, stream)
    log.line("start_failed", level="error", error="two\nlines")
    log.line("blender_started", blender_pid=7)
    first, second = (json.loads(line) for line in stream.getvalue().splitlines())
    assert (first["level"], first["error"], first["run"], first["worker"]) == ("error", "two\nlines", "run1", 3)
    assert second["event"] == "blender_started" and second["at"] > 0 and "grid" not in second


def test_alerts_are_about_metrics_that_exist_and_are_documented(repo):
    rules = [rule for group in yaml.safe_load((repo / RULES).read_text())["groups"] for rule in group["rules"]]
    exported = {f"ray_camxtime_{name}_total": tag for name, (_, tag) in COUNTERS.items()}
    exported |= {f"ray_camxtime_{name}": tag for name, (_, tag) in GAUGES.items()}
    page = (repo / "docs" / "observability.md").read_text()
    for rule in rules:
        named = set(re.findall(r"ray_camxtime_\w+", rule["expr"]))
        assert named <= exported.keys(), rule
        for metric, label in re.findall(r"(ray_camxtime_\w+)\{(\w+)=", rule["expr"]):
            assert label in ("dataset", exported[metric]), rule
        assert rule["expr"].count("(") == rule["expr"].count(")")
        if "alert" in rule:
            assert rule["alert"] in page and rule["labels"]["severity"] in ("page", "ticket", "info")
            assert "dataset" in rule["annotations"]["summary"] and rule["annotations"]["action"]
            assert re.fullmatch(r"\d+[smh]", rule.get("for", "0s"))
    alerts = {rule["alert"] for rule in rules if "alert" in rule}
    tested = yaml.safe_load((repo / RULES.with_name("camxtime.test.yml")).read_text())["tests"]
    firing = {case["alertname"] for test in tested for case in test["alert_rule_test"] if case["exp_alerts"]}
    assert firing == alerts
    for metric in exported:
        assert metric in page, f"docs/observability.md does not mention {metric}"


def test_alerts_fire_when_they_should_by_prometheus_own_tool(repo):
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed (Debian: apt-get install prometheus)")
    for command in (["check", "rules", str(RULES)], ["test", "rules", str(RULES.with_name("camxtime.test.yml"))]):
        done = subprocess.run([promtool, *command], cwd=repo, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
