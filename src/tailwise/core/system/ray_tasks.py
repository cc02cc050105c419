"""Runs jobs on a Ray cluster, as Ray's own tasks: its joblib backend cannot return results as they finish."""

# ray may be absent.
# pyright: reportMissingImports=false, reportUnknownVariableType=false
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false

import logging
import signal
import socket
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from tailwise.core.errors import UserError

Item = TypeVar("Item")
Result = TypeVar("Result")
AUTO = "auto"
"""The cluster of this machine."""
CONNECT_TIMEOUT_S = 10
"""How long to wait for the head node."""


def map_on_ray(address: str, work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[tuple[int, Result]]:
    """Yields (index of the item, work(item)) as jobs finish, one job per item; Ray repeats those of a lost worker.

    address: of the head node, or auto; work, items: pickled and sent to the workers, which import this package
    Raises what the work raises; UserError if the cluster cannot be used, or a job loses its worker each time.
    """
    items = list(items)
    if not items:
        return
    with _connected(address) as ray:
        _check_workers(ray, address)
        job = ray.remote(num_cpus=1)(_job)
        shared = ray.put(work)
        waiting = [job.remote(shared, place, item) for place, item in enumerate(items)]
        while waiting:
            done, waiting = ray.wait(waiting)
            for each in done:
                yield _result(ray, each)


def _job(work: Callable[[Item], Result], place: int, item: Item) -> tuple[int, Result]:
    return place, work(item)


def _result(ray: Any, each: Any) -> Any:
    """What a job returned; raises its own error, without Ray's account of it."""
    try:
        return ray.get(each)
    except ray.exceptions.RayTaskError as error:
        raise error.cause from None
    except ray.exceptions.RayError as error:
        first = str(error).strip().splitlines()[0]
        raise UserError(f"runtime.executor: Ray lost a job, and its repetitions: {first}") from error


@contextmanager
def _connected(address: str) -> Generator[Any]:
    """The package ray, connected for the duration of the block."""
    try:
        import ray
    except ModuleNotFoundError as error:
        advice = "pip install -r requirements-cluster.txt, here and on the workers, or set it to local"
        raise UserError(f"runtime.executor.kind ray: {advice}") from error
    handler = signal.getsignal(signal.SIGTERM)
    try:
        _check_port(address)
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    except (OSError, ValueError, RuntimeError) as error:
        advice = "start one by: ray start --head"
        raise UserError(f"runtime.executor.address: no head node answers at {address!r}; {advice}") from error
    try:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, handler)  # Ray sets its own
        yield ray
    finally:
        ray.shutdown()


def _check_port(address: str) -> None:
    """Raise OSError or ValueError where nothing listens: Ray itself would try for many minutes."""
    if address == AUTO:
        return
    host, _, port = address.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=CONNECT_TIMEOUT_S):
        pass


def _check_workers(ray: Any, address: str) -> None:
    """Raise UserError for a cluster without a core, whose jobs would never begin."""
    if not ray.cluster_resources().get("CPU"):
        raise UserError(f"runtime.executor: {address} has no worker; start some by: ray start --address ADDRESS")
