"""Work on the workers of a Dask or Ray cluster, by joblib's backends. Both are optional to install."""

# joblib, distributed and ray have no types, and ray may be absent.
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

Item = TypeVar("Item")
Result = TypeVar("Result")
PATIENCE_S = 10
"""For a scheduler to answer."""


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
    """(place of the item, work(item)) as they are done, each a job of its own; a lost worker's jobs go to another.

    work, items: they travel to the workers, which import this package; work may start processes
    Raises what the work raises; UserError if the cluster cannot be used.
    """
    items = list(items)
    if not items:
        return
    with _dask(cluster) if isinstance(cluster, Dask) else _ray(cluster) as backend:
        from joblib import Parallel, delayed, parallel_config  # here, as a run on this machine needs none

        with parallel_config(backend=backend, n_jobs=-1):
            pool = Parallel(batch_size=cast(Any, 1), pre_dispatch="all", return_as="generator_unordered")
        results: Any = pool(delayed(_job)(work, place, item) for place, item in enumerate(items))
        try:
            for result in results:  # noqa: UP028 - `yield from` would close them outside of what follows
                yield result
        finally:
            with warnings.catch_warnings(action="ignore"):  # of jobs that are cancelled, as they should be
                results.close()


def _job(work: Callable[[Item], Result], place: int, item: Item) -> tuple[int, Result]:
    multiprocessing.current_process().daemon = False  # Dask's nanny starts workers that may have no processes
    return place, work(item)


@contextmanager
def _dask(cluster: Dask) -> Generator[str]:
    """Dask's client while the work lasts; gives the name of joblib's backend."""
    try:
        from distributed import Client
    except ModuleNotFoundError as error:
        raise _absent(cluster, "pip install -r requirements-cluster.txt") from error
    logging.getLogger("distributed").setLevel(logging.ERROR)  # a worker that is lost is told when it is missed
    try:
        client = Client(cluster.address, timeout=PATIENCE_S)
    except (OSError, ValueError) as error:
        raise _unreachable(cluster, "scheduler", "dask scheduler") from error
    with client:
        if not client.scheduler_info()["workers"]:
            raise UserError(f"runtime.executor: {cluster.address} has no worker; start some by: dask worker ADDRESS")
        try:  # a job that a worker cannot read would never end
            client.run(importlib.import_module, __name__)
        except ImportError as error:
            advice = "start it with this folder's environment and PYTHONPATH=src"
            raise UserError(f"runtime.executor: a worker of {cluster.address}: {error}; {advice}") from error
        yield "dask"


@contextmanager
def _ray(cluster: Ray) -> Generator[str]:
    """The connection to Ray while the work lasts; gives the name of joblib's backend."""
    try:
        import ray
        from ray.util.joblib import register_ray
    except ModuleNotFoundError as error:
        raise _absent(cluster, "pip install ray") from error
    try:
        ray.init(address=cluster.address, log_to_driver=False)
    except (OSError, ValueError) as error:
        raise _unreachable(cluster, "head node", "ray start --head") from error
    try:
        register_ray()
        yield "ray"
    finally:
        ray.shutdown()


def _absent(cluster: Dask | Ray, advice: str) -> UserError:
    return UserError(f"runtime.executor.kind {cluster.kind}: {advice}, here and on the workers, or set it to local")


def _unreachable(cluster: Dask | Ray, what: str, command: str) -> UserError:
    return UserError(f"runtime.executor.address: no {what} answers at {cluster.address!r}; start one by: {command}")
