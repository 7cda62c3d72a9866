"""Ray: connecting to a cluster or starting a local one, its nodes, and how many workers of what size each can hold."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from camxtime.errors import InputError, WorkError
from camxtime.farm.options import RenderOptions

ANSWER_S = 5.0
FRAME_HEADER, SETTINGS = 9, 4  # HTTP/2: bytes of a frame's header, and the type of a settings frame
LOCAL_OBJECT_STORE = 80 * 2**20  # nothing large goes through it
DEFAULT_THREADS = 4  # of a CPU worker: fewer, larger workers share the scene; see docs/farm.md
NO_RAY_RESOURCE = ("METAL",)  # GPUs that Ray does not count


@dataclass(frozen=True)
class Slot:
    """What one worker gets: Ray's resources, and Cycles' CPU threads."""

    cpus: float
    gpus: float
    threads: int


@dataclass(frozen=True)
class Node:
    """A node of the cluster: Ray's id of it, and what it has. `metrics_port` 0: it exports none."""

    node_id: str
    host: str
    address: str
    cpus: int
    gpus: int
    metrics_port: int


@contextmanager
def connected(options: RenderOptions) -> Iterator[None]:
    """Ray, for the time of the block. One that this process is already connected to is used and left as it is.

    Raises:
        InputError: an address is given, and this process is connected to a Ray already.
        WorkError: Ray does not start, or the connection fails.
    """
    import ray

    if ray.is_initialized():
        if options.address is not None:
            raise InputError(
                "address: this process is already connected to a Ray; disconnect it first (ray.shutdown())."
            )
        yield
        return
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR, "configure_logging": False}
    logging.getLogger("ray").setLevel(logging.ERROR)  # its hints are about clusters, and concern nobody here
    try:
        if options.address is not None:
            ray.init(address=options.address, **quiet)
        else:
            os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # a local Ray reports to nobody
            wanted = (options.workers or 1) * (options.threads or DEFAULT_THREADS)
            ray.init(
                address="local",  # else Ray joins whatever cluster it finds mentioned on this machine
                num_cpus=max(os.cpu_count() or 1, wanted),  # logical: what the user asks for shall fit
                include_dashboard=False,
                object_store_memory=LOCAL_OBJECT_STORE,
                **quiet,
            )
    except Exception as error:  # Ray raises a plain one when its processes do not start in time
        where = f"the Ray at {options.address}" if options.address else "a local Ray"
        raise WorkError(f"address: {where} cannot be used: {_first_words(error)}") from error
    try:
        yield
    finally:
        ray.shutdown()


def check_address(address: str) -> None:
    """See that something answers at a `host:port`, in seconds rather than Ray's minutes.

    Raises:
        InputError: it is not host:port, or nothing answers.
    """
    if address == "auto":
        return
    if address.startswith("ray://"):
        raise InputError(
            f"address: {address} is for Ray clients outside the cluster, which do not share its storage; run this "
            "command on a node of the cluster with --address auto."
        )
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise InputError(f"address: {address!r} is not host:port, e.g. 10.0.0.1:6379.")
    mend = "start one there (ray start --head --port=6379), or leave --address out to render on this machine."
    try:
        with socket.create_connection((host.strip("[]"), int(port)), ANSWER_S) as connection:
            spoken = _speaks_http2(connection)
    except (OSError, UnicodeError) as error:  # the latter: no name of a host
        why = getattr(error, "strerror", None) or error
        raise InputError(f"address: no Ray answers at {address} ({why}); {mend}") from error
    if not spoken:
        raise InputError(f"address: what answers at {address} is no Ray; {mend}")


def _speaks_http2(connection: socket.socket) -> bool:
    """Whether the other end greets as gRPC servers do: Ray itself would try for minutes to talk to one that does not.

    RFC 9113, 3.4: client preface and an empty SETTINGS frame; the server's first frame must be SETTINGS (type 4).
    """
    if os.environ.get("RAY_USE_TLS", "0") not in ("", "0"):
        return True  # encrypted: nothing to be heard in plain text
    connection.settimeout(ANSWER_S)
    connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes((0, 0, 0, 4, 0, 0, 0, 0, 0)))
    heard = b""
    while len(heard) < FRAME_HEADER:
        part = connection.recv(FRAME_HEADER - len(heard))
        if not part:
            return False
        heard += part
    return heard[3] == SETTINGS


def alive_nodes() -> list[Node]:
    """The nodes of the Ray that this process is connected to, in a lasting order.

    Raises:
        WorkError: its head does not answer.
    """
    import ray

    try:
        entries = ray.nodes()
    except Exception as error:  # which one depends on Ray's version
        raise lost(error) from error
    nodes = [
        Node(
            node_id=str(entry["NodeID"]),
            host=str(entry.get("NodeManagerHostname") or entry["NodeManagerAddress"]),
            address=str(entry["NodeManagerAddress"]),
            cpus=int(entry["Resources"].get("CPU", 0)),
            gpus=int(entry["Resources"].get("GPU", 0)),
            metrics_port=max(0, int(entry.get("MetricsExportPort") or 0)),  # Ray without [default]: -1
        )
        for entry in entries
        if entry["Alive"]
    ]
    return sorted(nodes, key=lambda node: node.node_id)


def lost(error: Exception) -> WorkError:
    """What a run ends with when Ray itself fails under it."""
    return WorkError(
        f"Ray is lost: {_first_words(error):.300}; what is committed is kept: run the same command again, on another "
        "cluster if need be."
    )


def _first_words(error: Exception) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)


def device_for(options: RenderOptions, nodes: list[Node]) -> str:
    """The device for all workers of a run (`GPU`: each Blender's best kind of GPU).

    Raises:
        InputError: a GPU is asked for and Ray has none.
    """
    gpus = any(node.gpus for node in nodes)
    if options.device == "auto":
        return "GPU" if gpus else "CPU"
    if options.device not in ("CPU", *NO_RAY_RESOURCE) and not gpus:
        raise InputError(
            f"device: {options.device} is asked for, and no node of this Ray has a GPU; choose --device CPU, or nodes."
        )
    return options.device


def room(node: Node, device: str, options: RenderOptions) -> tuple[int, Slot]:
    """How many workers a node holds, and what each gets."""
    if device in NO_RAY_RESOURCE:
        return options.workers or 1, Slot(1, 0, options.threads or os.cpu_count() or 1)
    if device == "CPU":
        threads = options.threads or max(1, min(DEFAULT_THREADS, node.cpus))
        return node.cpus // threads, Slot(threads, 0, threads)
    per_gpu = max(1, node.cpus // max(1, node.gpus))
    threads = options.threads or per_gpu
    return node.gpus, Slot(min(threads, per_gpu), 1, threads)
