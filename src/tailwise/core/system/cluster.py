"""Runs jobs on a Dask cluster through joblib's backend, or on a Ray cluster. Both are optional dependencies."""

# joblib and distributed have no types.
# pyright: reportMissingTypeStubs=false, reportMissingImports=false, reportUnknownVariableType=false
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false

import importlib
import logging
import multiprocessing
import warnings
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal, TypeVar, cast

from tailwise.core.errors import UserError
from tailwise.core.system.ray_tasks import map_on_ray

Item = TypeVar("Item")
Result = TypeVar("Result")
CONNECT_TIMEOUT_S = 10
"""How long to wait for the scheduler."""


@dataclass(frozen=True)
class Local:
    """The processes of this machine."""

    kind: Literal["local"]


@dataclass(frozen=True)
class Dask:
    """The workers of a Dask cluster. address: of its scheduler, such as tcp://10.0.0.1:8786"""

    kind: Literal["dask"]
    address: str


@dataclass(frozen=True)
class Ray:
    """The workers of a Ray cluster. address: of its head node, such as 10.0.0.1:6379, or auto on one of its machines"""

    kind: Literal["ray"]
    address: str


def map_on_cluster(
    cluster: Dask | Ray, work: Callable[[Item], Result], items: Iterable[Item]
) -> Iterator[tuple[int, Result]]:
    """Yields (index of the item, work(item)) as jobs finish, one job per item; a lost worker's jobs run on another.

    work, items: pickled and sent to the workers, which import this package; work may start processes
    Raises what the work raises; UserError if the cluster cannot be used.
    """
    items = list(items)
    if not items:
        return
    if isinstance(cluster, Ray):
        yield from map_on_ray(cluster.address, work, items)
        return
    with _dask(cluster) as backend:
        from joblib import Parallel, delayed, parallel_config  # imported here, since local runs do not need it

        with parallel_config(backend=backend, n_jobs=-1):
            pool = Parallel(batch_size=cast(Any, 1), pre_dispatch="all", return_as="generator_unordered")
        results: Any = pool(delayed(_job)(work, place, item) for place, item in enumerate(items))
        try:
            for result in results:  # noqa: UP028 - `yield from` would close them outside the `catch_warnings` below
                yield result
        finally:
            with warnings.catch_warnings(action="ignore"):  # cancelled jobs warn
                results.close()


def _job(work: Callable[[Item], Result], place: int, item: Item) -> tuple[int, Result]:
    multiprocessing.current_process().daemon = False  # Dask's nanny starts daemons, which may not start processes
    return place, work(item)


@contextmanager
def _dask(cluster: Dask) -> Generator[str]:
    """A Dask client for the duration of the block; yields the name of joblib's backend."""
    try:
        from distributed import Client
    except ModuleNotFoundError as error:
        advice = "pip install -r requirements-cluster.txt, here and on the workers, or set it to local"
        raise UserError(f"runtime.executor.kind dask: {advice}") from error
    logging.getLogger("distributed").setLevel(logging.ERROR)  # a lost worker is reported when its job fails
    try:
        client = Client(cluster.address, timeout=CONNECT_TIMEOUT_S)
    except (OSError, ValueError) as error:
        advice = f"no scheduler answers at {cluster.address!r}; start one by: dask scheduler"
        raise UserError(f"runtime.executor.address: {advice}") from error
    with client:
        if not client.scheduler_info()["workers"]:
            raise UserError(f"runtime.executor: {cluster.address} has no worker; start some by: dask worker ADDRESS")
        try:  # a job that a worker cannot unpickle would never finish
            client.run(importlib.import_module, __name__)
        except ImportError as error:
            advice = "start it with this folder's environment and PYTHONPATH=src"
            raise UserError(f"runtime.executor: a worker of {cluster.address}: {error}; {advice}") from error
        yield "dask"
