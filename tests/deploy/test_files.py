"""The files in deploy/, each checked by its own tool or schema. None of them is run: that needs a cluster."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from camxtime.cli.render import command as render_command
from camxtime.doctor import PACKAGE_OF_LIBRARY

RAY_YAML = ("ray-cluster-aws.yaml", "ray-cluster-onprem.yaml")

# JSON names of the fields in KubeRay's Go types (ray-operator/apis/ray/v1, rayjob_types.go and raycluster_types.go).
RAYJOB = {
    "entrypoint", "backoffLimit", "activeDeadlineSeconds", "rayClusterSpec", "submitterPodTemplate", "metadata",
    "clusterSelector", "submitterConfig", "managedBy", "deletionStrategy", "runtimeEnvYAML", "jobId", "submissionMode",
    "entrypointResources", "entrypointNumCpus", "entrypointNumGpus", "ttlSecondsAfterFinished", "shutdownAfterJobFinishes",
    "suspend",
}  # fmt: skip
RAYCLUSTER = {
    "headGroupSpec",
    "workerGroupSpecs",
    "rayVersion",
    "enableInTreeAutoscaling",
    "autoscalerOptions",
    "suspend",
}
HEAD = {"serviceType", "headService", "enableIngress", "rayStartParams", "template"}
WORKERS = {
    "groupName",
    "replicas",
    "minReplicas",
    "maxReplicas",
    "numOfHosts",
    "rayStartParams",
    "template",
    "scaleStrategy",
}


@pytest.fixture(scope="module")
def deploy(repo: Path) -> Path:
    return repo / "deploy"


def tool(name: str) -> str:
    """A linter beside this Python or on the path; the test is skipped where there is none."""
    found = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed (pip install {name}-bin or {name}-py)")
    return found


def render_calls(text: str) -> list[list[str]]:
    """Options of every `camxtime render` in a file."""
    joined = text.replace("\\\n", " ").replace("\n    ", " ")
    return [re.findall(r"--[a-z][a-z-]*", line) for line in re.findall(r"camxtime render ([^\n]*)", joined)]


def files(deploy: Path) -> list[Path]:
    return sorted(path for path in deploy.rglob("*") if path.is_file())


def test_every_render_command_has_options_that_exist(deploy: Path) -> None:
    known = {name for option in render_command.params for name in (*option.opts, *option.secondary_opts)}
    for file in files(deploy):
        for options in render_calls(file.read_text()):
            assert set(options) <= known, f"{file.name}: {set(options) - known}"


def test_no_secret_and_no_address_of_anybody(deploy: Path) -> None:
    for file in files(deploy):
        text = file.read_text()
        assert not re.search(r"AKIA[0-9A-Z]{16}|AWS_SECRET_ACCESS_KEY=|password", text)
        for address in re.findall(r"\b\d+\.\d+\.\d+\.\d+\b", text):  # the dashboard of a pod is for its cluster
            assert address.startswith(("10.0.0.", "127.0.0.1", "0.0.0.0")), f"{file.name}: {address}"  # noqa: S104


def test_container_file_has_the_libraries_of_doctor(deploy: Path, repo: Path) -> None:
    for file in (deploy / "Containerfile", repo / ".ci" / "run"):
        assert set(PACKAGE_OF_LIBRARY.values()) <= set(file.read_text().split()), file
    pairs = re.findall(r"--build-arg PYTHON=(\S+)", (deploy / "Containerfile").read_text())
    project = (repo / "pyproject.toml").read_text()
    assert sorted(set(pairs)) == sorted(set(re.findall(r"bpy[=><0-9.,]*; python_version == '([0-9.]+)'", project)))


def test_container_file_by_hadolint(deploy: Path) -> None:
    done = subprocess.run([tool("hadolint"), str(deploy / "Containerfile")], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", ["deploy/slurm.sbatch", ".ci/run"])
def test_scripts_by_bash_and_shellcheck(repo: Path, name: str) -> None:
    assert subprocess.run(["bash", "-n", str(repo / name)], capture_output=True).returncode == 0
    done = subprocess.run([tool("shellcheck"), str(repo / name)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_slurm_script_runs_one_ray_for_all_nodes(deploy: Path, tmp_path: Path) -> None:
    """With SLURM's commands replaced by ones that print what they are given."""
    commands = tmp_path / "bin"
    commands.mkdir()
    for name, says in {"srun": 'echo "srun $*"', "scontrol": "echo first", "getent": "echo 10.0.0.7 STREAM"}.items():
        (commands / name).write_text(f"#!/bin/sh\n{says}\n")
        (commands / name).chmod(0o755)
    environment = {"PATH": f"{commands}:/usr/bin:/bin", "SLURM_JOB_NODELIST": "first,second", "SLURM_JOB_NUM_NODES": "2",
                   "SLURM_JOB_ID": "123456", "SLURM_GPUS_ON_NODE": "4", "CAMXTIME_ENV": "/shared/camxtime"}  # fmt: skip
    script = ["bash", str(deploy / "slurm.sbatch")]
    done = subprocess.run(
        [*script, "my spec.yaml", "/out", "--device", "OPTIX"], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    check, run = done.stdout.splitlines()
    assert check == "srun camxtime doctor --brief"
    assert "ray symmetric-run --address 10.0.0.7:23456 --min-nodes 2" in run
    assert run.endswith(
        "camxtime render my spec.yaml --out /out --address 10.0.0.7:23456 --workers 8 --no-progress --device OPTIX"
    )
    assert subprocess.run(script, env=environment, capture_output=True).returncode == 2
    del environment["CAMXTIME_ENV"]
    refused = subprocess.run([*script, "a", "b"], env=environment, capture_output=True, text=True)
    assert refused.returncode != 0 and "set CAMXTIME_ENV" in refused.stderr


@pytest.mark.parametrize("name", RAY_YAML)
def test_ray_cluster_by_rays_own_schema(deploy: Path, name: str) -> None:
    pytest.importorskip("jsonschema")
    from ray.autoscaler._private.util import prepare_config, validate_config

    config = yaml.safe_load((deploy / name).read_text())
    validate_config(prepare_config(config))
    with pytest.raises(Exception, match="surprise"):
        validate_config({**prepare_config(config), "surprise": 1})


def pods(job: dict[str, Any]) -> list[dict[str, Any]]:
    cluster = job["spec"]["rayClusterSpec"]
    return [cluster["headGroupSpec"]["template"], *(group["template"] for group in cluster["workerGroupSpecs"])]


def test_rayjob_has_fields_that_kuberay_has(deploy: Path) -> None:
    import importlib.metadata

    job = yaml.safe_load((deploy / "kuberay-rayjob.yaml").read_text())
    assert (job["apiVersion"], job["kind"]) == ("ray.io/v1", "RayJob")
    cluster = job["spec"]["rayClusterSpec"]
    assert set(job["spec"]) <= RAYJOB and set(cluster) <= RAYCLUSTER and set(cluster["headGroupSpec"]) <= HEAD
    for group in cluster["workerGroupSpecs"]:
        assert set(group) <= WORKERS and group["minReplicas"] <= group["replicas"] <= group["maxReplicas"]
        assert all(isinstance(value, str) for value in group["rayStartParams"].values())
    workers = re.search(r"--workers (\d+)", job["spec"]["entrypoint"])
    assert workers is not None and int(workers[1]) == sum(group["replicas"] for group in cluster["workerGroupSpecs"])
    installed = importlib.metadata.version("ray").split(".")[0]
    assert cluster["rayVersion"].split(".")[0] == installed


def test_rayjob_pods_by_the_schema_of_kubernetes(deploy: Path) -> None:
    kubernetes_validate = pytest.importorskip("kubernetes_validate", reason="pip install kubernetes-validate")
    job = yaml.safe_load((deploy / "kuberay-rayjob.yaml").read_text())
    for number, template in enumerate(pods(job)):
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": f"pod-{number}"}, "spec": template["spec"]}
        kubernetes_validate.validate(pod, kubernetes_validate.latest_version(), strict=True)
        pod["spec"]["containers"][0]["surprise"] = 1
        with pytest.raises(Exception, match="surprise"):
            kubernetes_validate.validate(pod, kubernetes_validate.latest_version(), strict=True)
