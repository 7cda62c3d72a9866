"""Run by test_cluster.py in processes of their own: Ray clusters of several nodes on this machine, and what befalls them.

`cluster_driver.py change OUT FOLDER`: renders into OUT; nodes join while it does, and the first one dies. Prints the digest.
`cluster_driver.py hold`: holds a cluster of one head; each line on standard input replaces it by a new one.
"""

from __future__ import annotations

import dataclasses
import os
import sys
from pathlib import Path

from ray.cluster_utils import Cluster

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from camxtime.farm.driver import render
from camxtime.farm.options import Progress
from farm.helpers import FAST, events, slow_spec


def change_of_nodes(out: Path, folder: Path) -> str | None:
    """The run begins on one node, which dies when another joins that has another camxtime; a third takes over.

    Nodes differ in more than that: one has (says Ray) a GPU, and each has a scratch folder of its own.
    """
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    first = cluster.add_node(num_cpus=2, env_vars={"NODE_SCRATCH": str(folder / "first")})
    cluster.wait_for_nodes()
    joined: list[object] = []

    def change(progress: Progress) -> None:
        if not joined and 0 < progress.cells_done < progress.cells_total:
            other = os.pathsep.join([other_camxtime(folder), os.environ.get("PYTHONPATH", "")])
            joined.append(cluster.add_node(num_cpus=2, env_vars={"PYTHONPATH": other}))
            cluster.remove_node(first, allow_graceful=False)
        elif len(joined) == 1 and events(out, "node_refused"):
            scratch = str(folder / "second")
            joined.append(cluster.add_node(num_cpus=3, num_gpus=1, env_vars={"NODE_SCRATCH": scratch}))

    options = dataclasses.replace(
        FAST, workers=None, max_workers=2, device="CPU", address=cluster.address, on_progress=change,
        scratch=Path("$NODE_SCRATCH"),
    )  # fmt: skip
    try:
        summary = render(slow_spec(), out, options)
    finally:
        cluster.shutdown()
    assert len(joined) == 2, "the nodes did not join: the run was over too soon"
    print("\n".join(summary.lines()))
    return summary.digest


def other_camxtime(folder: Path) -> str:
    """A folder that makes a Python on whose path it comes first say that it has camxtime 0.0.1."""
    info = folder / "other" / "camxtime-0.0.1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: camxtime\nVersion: 0.0.1\n")
    return str(info.parent)


def hold() -> None:
    """A head that is lost, and another in its place, as often as asked."""
    while True:
        cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 2, "include_dashboard": False})
        print("ADDRESS", cluster.address, flush=True)
        again = sys.stdin.readline()
        cluster.remove_node(cluster.head_node, allow_graceful=False)
        if not again:
            return


if __name__ == "__main__":
    if sys.argv[1] == "change":
        print("DIGEST", change_of_nodes(Path(sys.argv[2]), Path(sys.argv[3])))
    else:
        hold()
