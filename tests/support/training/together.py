"""Trains one phase in several processes: ``together.py JOBS``, or by torchrun ``[FOLDER, SETTINGS]``, both JSON.

A job is [folder, processes, settings]. Its processes are forked from this one, as torch is slow to import; what
they print goes to <folder>/said.txt. Settings: epochs; stop: end after this many steps; die: this process
kills itself in its given step, once; short: this process finds no memory for more than this many samples; cut: the
state lacks its last byte, and each process leaves the mistake it meets in refused-<rank>.txt. What the first process
leaves in the folder: weights.safetensors, history.json; each its samples: seen-<rank>.json. options: a name in OPTIONS.
lengths: batches by length; growing: a curriculum; handed: another phase comes first and hands over; rollbacks: the loss
of sample 7 is NaN, and after so many rollbacks a simpler model takes over.
"""

import json
import math
import os
import signal
import socket
import sys
from dataclasses import asdict, replace
from pathlib import Path

import torch
import torch.multiprocessing
from safetensors.torch import save_file

from support.helpers import HEADS, Linear, make_phase, make_run, make_table, make_task, summed_loss
from tailwise.core.errors import UserError
from tailwise.core.heads import IGNORE
from tailwise.engine.checkpoint.hand_over import HandOver, read_hand_over, write_hand_over
from tailwise.engine.checkpoint.recovery import Recovery
from tailwise.engine.checkpoint.weights import read_tensors
from tailwise.engine.contract.options import EarlyStopping
from tailwise.engine.contract.phase import Phase
from tailwise.engine.contract.run import Run, Stability
from tailwise.engine.contract.task import Task
from tailwise.engine.distributed.world import World, join
from tailwise.engine.train.loop import train_phase
from tailwise.losses.head.adaptive import AdaptiveFocal
from tailwise.losses.head.boost import ClassBoost
from tailwise.optim.adamw import AdamW
from tailwise.optim.average import EMA, SWA
from tailwise.optim.plateau import Plateau
from tailwise.optim.ranger import Ranger
from tailwise.optim.restarts import CosineRestarts
from tailwise.optim.sam import SAM
from tailwise.optim.sgd import SGD

SAMPLES = [*range(37), 3, 3]
"""Three are drawn twice or more; the last step of an epoch has 7 samples."""


OPTIONS = {
    "sam": {
        "optimizer": SAM("sam", AdamW("adamw", 0.1), rho=0.1),
        "average": EMA("ema", 0.8),
        "schedule": Plateau("plateau", 0, 0.5),
        "early_stopping": EarlyStopping(1, min_delta=1.0),
        "hand_over": "last",
    },
    "ranger": {"optimizer": Ranger("ranger", 0.1, k=2), "average": SWA("swa", 2), "keep_every": 1},
    "sgd": {
        "optimizer": SGD("sgd", 0.1, nesterov=True),
        "average": EMA("ema", 0.8),
        "schedule": CosineRestarts("cosine_restarts", 2),
        "keep_every": 2,
        "hand_over": "last",
    },
    "adaptive": {"loss": AdaptiveFocal("adaptive_focal", prior_samples=1.0), "keep_every": 1, "hand_over": "last"},
}
"""Options of the phase, by name."""


class FaultyModel(Linear):
    """A model to which things happen. calls: training steps' micro-batches so far; the first only tries the boost"""

    def __init__(self, settings: dict, folder: Path, rank: int):
        super().__init__(5, HEADS)
        self.settings, self.folder, self.rank, self.calls = settings, folder, rank, -1

    def forward(self, x):
        if self.training and torch.is_grad_enabled():
            self.calls += 1
            self._happen(len(x))
        return super().forward(x)

    def _happen(self, samples: int) -> None:
        rank, at = self.settings.get("die", (None, None))
        if rank == self.rank and self.calls == at and not (marker := self.folder / "died").exists():
            marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        rank, most = self.settings.get("short", (None, None))
        if rank == self.rank and samples > most:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory")
        if self.calls == self.settings.get("stop"):
            raise KeyboardInterrupt


def table(n: int, seed: int):
    made = make_table(n, seed=seed)
    made.inputs["x"] = made.inputs["x"].double()
    made.targets["colour"][::4] = IGNORE
    return made


def lengths_of(samples: int) -> list[int]:
    """Made up: the samples' inputs are all of one size."""
    return [7 * i % 11 for i in range(samples)]


def train(settings: dict, folder: Path, world: World) -> None:
    seen = []

    def prepare(batch, strength, keys):
        seen.append([int(keys[0, 2]), batch.index.tolist()])
        return batch

    boost = {"colour": ClassBoost(torch.tensor([1.0, 2.0, 3.0]).double(), torch.tensor([8.0, 8.0, 8.0]))}

    def loss(outputs, batch, boost):
        bad = "rollbacks" in settings and 7 in batch.index.tolist()
        return {name: value * (math.nan if bad else 1) for name, value in summed_loss(outputs, batch, boost).items()}

    def built(settings):
        model = FaultyModel(settings, folder, world.rank).double()
        lengths = {"lengths": lengths_of(37), "valid_lengths": lengths_of(21)} if settings.get("lengths") else {}
        return make_task(model, table(37, 0), table(21, 1), loss=loss, prepare=prepare, **lengths)

    task = replace(built(settings), fallback=lambda: replace(built(settings), spec={"simple": True}))
    usual = {"optimizer": AdamW("adamw", 0.1), "clip": 0.5}
    phase = make_phase(settings["epochs"], 1e-2, **{**usual, **OPTIONS.get(settings.get("options"), {})})
    boost = {head: replace(of_head, loss=phase.loss) for head, of_head in boost.items()}
    recovery = Recovery(folder / "run-1").__enter__() if world.rank == 0 else None
    if recovery and settings.get("cut"):
        recovery.path.write_bytes(recovery.path.read_bytes()[:-1])
    stability = Stability(max_rollbacks=settings.get("rollbacks", 8))
    run = make_run(batch_size=16, world=world, recovery=recovery, save_every=0.0, stability=stability)
    samples = (lambda epoch: SAMPLES[-20 - 6 * epoch :]) if settings.get("growing") else SAMPLES
    handed = first_phase(built({}), phase, run, folder / "state.safetensors") if settings.get("handed") else None
    try:
        trained = train_phase(task, phase, samples, boost, run, handed)
    except KeyboardInterrupt:
        return
    except UserError as error:
        (folder / f"refused-{world.rank}.txt").write_text(str(error))
        return
    (folder / f"seen-{world.rank}.json").write_text(json.dumps(seen))
    if recovery:
        recovery.__exit__(None, None, None)
        last = trained.last.tensors if trained.last else {}
        kept = {file.name: read_tensors(file)[0] for file in recovery.folder.glob("epoch*")}
        kept = {f"{file}/{name}": tensor for file, tensors in kept.items() for name, tensor in tensors.items()}
        save_file(trained.weights | last | kept, folder / "weights.safetensors")
        (folder / "history.json").write_text(json.dumps([asdict(record) for record in trained.history]))


def first_phase(task: Task, phase: Phase, run: Run, path: Path) -> HandOver:
    """What it leaves, read back from its file."""
    last = train_phase(task, phase, SAMPLES, {}, replace(run, recovery=None)).last
    run.world.alone(lambda: write_hand_over(path, last))
    run.world.gather(None)
    return read_hand_over(path, {}, last.optimizer)


def process(folder: str, settings: dict) -> None:
    torch.set_num_threads(1)
    with join(torch.device("cpu")) as world:
        train(settings, Path(folder), world)


def forked(rank: int, folder: str, processes: int, settings: dict) -> None:
    """As `torchrun` would start it."""
    sys.stdout = open(Path(folder) / "said.txt", "a")  # noqa: SIM115 - closed at the end
    os.environ |= {"RANK": str(rank), "WORLD_SIZE": str(processes)}
    process(folder, settings)
    sys.stdout.close()


def main(jobs: list) -> None:
    for folder, processes, settings in jobs:
        Path(folder).mkdir(parents=True, exist_ok=True)
        os.environ |= {"MASTER_ADDR": "localhost", "MASTER_PORT": str(free_port())}
        torch.multiprocessing.start_processes(forked, (folder, processes, settings), processes, start_method="fork")


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("localhost", 0))
        return free.getsockname()[1]


if __name__ == "__main__":
    if "WORLD_SIZE" in os.environ:
        process(*json.loads(sys.argv[1]))
    else:
        main(json.loads(sys.argv[1]))
