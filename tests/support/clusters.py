"""Clusters of processes on this machine, each in another folder than the test's, as on another machine."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
SLOW_S = 300
"""Until a cluster is up on a busy machine."""


def free_ports(count: int) -> list[int]:
    """Below those that Ray hands out to its workers, and above those that the system does."""
    found: list[int] = []
    for port in range(20_000 + os.getpid() % 5_000, 32_000):
        with socket.socket() as one:
            if one.connect_ex(("127.0.0.1", port)):
                found.append(port)
        if len(found) == count:
            return found
    raise RuntimeError("no free port")


class Cluster:
    """Processes that end with the test; `workers` are those that may be killed."""

    def __init__(self, folder: Path):
        self.folder, self.processes, self.workers = folder, [], []

    def start(self, *command: str, **env: str) -> subprocess.Popen:
        path = os.pathsep.join([str(ROOT / "src"), str(ROOT / "tests")])
        with open(self.folder / f"process-{len(self.processes)}.log", "w") as log:
            env = {**os.environ, **env, "PYTHONPATH": path}
            process = subprocess.Popen(command, cwd=self.folder, env=env, stderr=log, stdout=log)
        self.processes.append(process)
        return process

    def stop(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()


class DaskCluster(Cluster):
    """A scheduler and workers, each a process of its own; `address` is the scheduler's."""

    def __init__(self, folder: Path, workers: int):
        super().__init__(folder)
        [port] = free_ports(1)
        self.address = f"tcp://127.0.0.1:{port}"
        self._start("scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard")
        self.workers = [self.add_worker() for _ in range(workers)]

    def _start(self, kind: str, *arguments: str) -> subprocess.Popen:
        return self.start(sys.executable, "-m", "distributed.cli.dask_" + kind, *arguments)

    def add_worker(self, *arguments: str) -> subprocess.Popen:
        usual = ("--nthreads", "1", "--no-dashboard")
        return self._start("worker", self.address, *usual, *(arguments or ["--no-nanny"]))

    def wait(self) -> "DaskCluster":
        from distributed import Client

        with Client(self.address, timeout=SLOW_S) as client:
            if self.workers:
                client.wait_for_workers(len(self.workers), timeout=SLOW_S)
        return self


class RayCluster(Cluster):
    """A head node and perhaps others, each with one worker at a time; `address` is the head's.

    A node's ports are given to it: those that it would find itself it waits for, but not long enough on a busy machine.
    """

    PORTS = ("dashboard-agent-grpc", "dashboard-agent-listen", "runtime-env-agent", "metrics-export")

    def __init__(self, folder: Path, workers: int):
        super().__init__(folder)
        self.short = tempfile.TemporaryDirectory(prefix="ray", dir="/tmp")  # paths of its sockets have 107 characters
        self.port, client, *self.ports = free_ports(2 + workers * len(self.PORTS))
        self.address = f"127.0.0.1:{self.port}"
        self._start("--head", f"--port={self.port}", "--include-dashboard=false", f"--ray-client-server-port={client}")
        for _ in range(workers - 1):
            self._wait(len(self.processes))
            self._start(f"--address={self.address}")
        self.nodes = workers

    def _start(self, *arguments: str) -> None:
        ports = [f"--{name}-port={self.ports.pop()}" for name in self.PORTS]
        usual = ("--num-cpus=1", "--object-store-memory=80000000", "--disable-usage-stats", "--block")
        where = (f"--temp-dir={self.short.name}",) if "--head" in arguments else ()
        patient = {"RAY_agent_register_timeout_ms": "600000", "RAY_worker_register_timeout_seconds": "600"}
        patient["RAY_worker_niceness"] = "0"  # 15 by default, which gets nothing done on a busy machine
        command = (sys.executable, "-m", "ray.scripts.scripts", "start", "--node-ip-address=127.0.0.1")
        self.start(*command, *arguments, *usual, *where, *ports, **patient)

    def wait(self) -> "RayCluster":
        self._wait(self.nodes)
        return self

    def _wait(self, nodes: int) -> None:
        """Ask from a process of its own: this one is to connect for the first time in the test."""
        ask = "import ray, sys; ray.init(sys.argv[1], log_to_driver=False); print('alive', len(ray.nodes()))"
        until = time.monotonic() + SLOW_S
        while time.monotonic() < until:
            command = [sys.executable, "-c", ask, self.address]
            said = subprocess.run(command, capture_output=True, text=True, cwd=self.folder, check=False)
            if f"alive {nodes}" in said.stdout:
                return
            time.sleep(1)
        logs = "\n".join(log.read_text() for log in self.folder.glob("process-*.log"))
        raise RuntimeError(f"no Ray cluster: {said.stderr}\n{logs}")

    def stop(self) -> None:
        for process in self.processes[::-1]:  # it ends what it started
            process.terminate()
        for process in self.processes:
            try:
                process.wait(timeout=SLOW_S)
            except subprocess.TimeoutExpired:
                process.kill()
        self.short.cleanup()


@contextmanager
def of_two(kind, folder: Path):
    """A cluster of two workers for the block."""
    found = None
    try:
        found = kind(folder, workers=2)
        yield found.wait()
    finally:
        if found is not None:
            found.stop()
