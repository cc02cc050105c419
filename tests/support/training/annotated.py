"""Trains fouls with auxiliary heads, learned weights and metadata: ``annotated.py STORE OUT PROCESSES``.

The weights go to OUT. The processes are forked, as `torchrun` would start them.
"""

import os
import sys
from pathlib import Path

import torch
import torch.multiprocessing
from safetensors.torch import save_file

from support.helpers import make_phase, make_run
from support.training.together import free_port
from support.video.stores import HEADS
from tailwise.data.video.augment.ranges import Augment
from tailwise.engine.contract.task import Task
from tailwise.engine.distributed.world import join
from tailwise.engine.train.loop import train_phase
from tailwise.models.video.tiny import Tiny
from tailwise.models.video.variants import Simplified
from tailwise.optim.sgd import SGD
from tailwise.recipes.fouls.annotated.model import FoulModel
from tailwise.recipes.fouls.task import Config, build

EVERYTHING = FoulModel(
    Simplified(0.0, "simplified"),
    Tiny("tiny", width=8),
    auxiliary=("contact",),
    metadata=("replay", "speed", "camera"),
    learned_weights=("contact", "action"),
)
OPTIMIZER = SGD("sgd", 0.9)
"""Not Adam, whose step turns about with the last bit of a gradient near 0."""
PHASE = make_phase(epochs=2, lr=1e-2, optimizer=OPTIMIZER, loss_weights={"contact": 0.3, "per_view": 0.5}, augment=1.0)
AUGMENT = Augment(0.5, 0.1, 0.3, 0, drop_views=0.2)


def task_of(store: Path) -> Task:
    return build(Config(EVERYTHING, AUGMENT), HEADS, store, store, seed=1)


def process(rank: int, store: str, out: str, processes: int) -> None:
    os.environ |= {"RANK": str(rank), "WORLD_SIZE": str(processes)}
    torch.set_num_threads(1)
    with join(torch.device("cpu")) as world:
        trained = train_phase(task_of(Path(store)), PHASE, range(12), {}, make_run(8, world=world))
        if rank == 0:
            save_file(trained.weights, out)


if __name__ == "__main__":
    os.environ |= {"MASTER_ADDR": "localhost", "MASTER_PORT": str(free_port())}
    folder, file, count = sys.argv[1:]
    torch.multiprocessing.start_processes(process, (folder, file, int(count)), int(count), start_method="fork")
