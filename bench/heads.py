"""Training the heads alone on features computed once, against the same phase end to end, on the pipeline's clips.

The phase is the last of params.yaml, with one epoch end to end, so that a round takes half a minute. Times are those of
an epoch, validation included. `dvc repro decode_clips` makes the clips that it reads.
"""

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from measure import Figure, Table, ratio, seconds
from tailwise.core.params.config import read_params, section, sections
from tailwise.core.params.runtime import Runtime
from tailwise.engine.checkpoint.recovery import Recovery
from tailwise.engine.contract.passes import Passes
from tailwise.engine.contract.phase import Phase
from tailwise.engine.contract.run import Run, Training, start
from tailwise.engine.contract.task import Task
from tailwise.engine.evaluate.features import Extraction, write_features
from tailwise.engine.evaluate.inputs import read_heads
from tailwise.engine.train.loop import train_phase
from tailwise.recipes.fouls.recipe import RECIPE
from tailwise.recipes.fouls.task import Config, build
from tailwise.recipes.phases import OpenPhase

NAME, LEAST = "phase3", 20
HEADS, CLIPS = Path("data/index/heads.json"), (Path("data/clips/train"), Path("data/clips/valid"))
FROZEN = ("*", "!backbone.*")


@dataclass(frozen=True)
class Setting:
    config: Config
    phase: Phase
    run: Run

    def task(self, folders: tuple[Path, Path]) -> Task:
        return build(self.config, read_heads(HEADS), *folders, self.run.training.seed)

    def epoch(self, folders: tuple[Path, Path], trainable: tuple[str, ...], epochs: int) -> Callable[[], float]:
        """Seconds of an epoch of the phase."""
        phase, task = replace(self.phase, trainable=trainable, epochs=epochs), self.task(folders)

        def work() -> float:
            return timed(lambda: train_phase(task, phase, range(len(task.samples)), {}, self.run)) / epochs

        return work


def timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def setting_of(params: dict) -> Setting:
    training = section(params, "training", Training)
    phase = replace(section(params, f"{NAME}.train", OpenPhase), lr=1e-3)
    return Setting(sections(params, Config), phase, Run(NAME, training, start(training, Runtime("cpu", 0, 1, False))))


def extract(setting: Setting, folder: Path) -> tuple[float, tuple[Path, Path]]:
    """Seconds of a plain pass over both splits; their features, with one augmented pass beside."""
    task = replace(setting, config=RECIPE.for_features(setting.config)).task(CLIPS)
    embedder = RECIPE.embedder(task.model)
    with Recovery(folder / "state-1") as recovery:
        found = Extraction(task, embedder, setting.run, recovery)
        valid, train = found.validation(), found.training(Passes(1))
    for clips, embeddings in zip(CLIPS, (train, valid)):
        write_features(folder / clips.name, clips, embeddings, embedder)
    with Recovery(folder / "state-2") as recovery:
        again = replace(found, recovery=recovery)
        spent = timed(lambda: (again.training(Passes(0)), again.validation()))
    return spent, tuple(folder / clips.name for clips in CLIPS)


def tables(repeats: int = 5) -> list[Table]:
    setting = setting_of(read_params())
    with tempfile.TemporaryDirectory() as folder:
        spent, features = extract(setting, Path(folder))
        works = {
            "end to end": setting.epoch(CLIPS, ("*",), 1),
            "end to end, backbone frozen": setting.epoch(CLIPS, FROZEN, 1),
            "heads alone, on features": setting.epoch(features, FROZEN, 10),
        }
        rounds = [{name: work() for name, work in works.items()} for _ in range(repeats + 1)][1:]
        count = len(setting.task(features).samples)
    times = {name: [each[name] for each in rounds] for name in works}
    names = ("end to end", LEAST), ("end to end, backbone frozen", None)
    ratios = [replace(ratio(times, name, "heads alone, on features"), least=least) for name, least in names]
    title = f"An epoch of {NAME}, {count} training samples, {setting.run.training.threads} threads"
    return [Table(title, [*seconds(times), *ratios, Figure("features, each pass", [spent], "s")])]
