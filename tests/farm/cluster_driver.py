"""Run by test_cluster.py in a process of its own: a Ray cluster of two nodes, one of which dies while it renders."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

from ray.cluster_utils import Cluster

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from camxtime.farm.driver import render
from camxtime.farm.options import Progress
from farm.helpers import FAST, slow_spec


def main(out: str) -> None:
    """Render into `out` and print the digest."""
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    try:
        digest = lose_a_node(cluster, out)
    finally:
        cluster.shutdown()
    print("DIGEST", digest)


def lose_a_node(cluster: Cluster, out: str) -> str | None:
    """Render on two nodes, of which the first dies as soon as there is something to lose; returns the digest."""
    first = cluster.add_node(num_cpus=2)
    cluster.add_node(num_cpus=4)
    cluster.wait_for_nodes()
    killed = []

    def kill_a_node(progress: Progress) -> None:
        started = sum(worker.get("pid") is not None for worker in progress.workers)
        if not killed and started == 2 and 0 < progress.cells_done < progress.cells_total:
            killed.append(first)
            cluster.remove_node(first, allow_graceful=False)

    options = dataclasses.replace(FAST, workers=2, address=cluster.address, on_progress=kill_a_node)
    summary = render(slow_spec(), out, options)
    assert killed, "no node was killed: the run was over before both had started"
    print("\n".join(summary.lines()))
    return summary.digest


if __name__ == "__main__":
    main(sys.argv[1])
