"""Kill a training run with SIGKILL at random instants and restart it: ``make kills``.

Some instants are uniform over the whole run of three phases with the smoke preset, most of which is process start-up;
some are uniform over the training itself; some fall within a save. Half of each use data workers. Stages before the
killed one are copied from the undisturbed run; that stage and all later ones run again.
"""

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from killing import Kill, Reached, after, events, finish, in_save, in_training, killed_and_resumed, outputs

PHASES = ("phase1", "phase2", "phase3")
TARGETS = (*(f"train_{phase}" for phase in PHASES), "evaluate")
WORKERS = (0, 2)


@dataclass(frozen=True)
class Snapshot:
    """A copy of the undisturbed run in which all stages before the target have run.

    seconds: run time of the target, without data workers
    training: the part of it spent in training and validation, without the first epoch; saves: number of saves
    """

    folder: Path
    target: str
    seconds: float
    training: float
    saves: int


def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("DVC_") or name.endswith("_DIR")}


def shell(folder: Path, *commands: str) -> None:
    for command in commands:
        env = {**environment(), "PYTHONPATH": "src"}
        subprocess.run(command, shell=True, cwd=folder, env=env, check=True, stdout=subprocess.DEVNULL)


def prepare(folder: Path, settings: dict) -> None:
    """Copy the repository's files, apply the smoke preset and these settings, and run all stages before training."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], text=True, stdout=-1, check=True
    )
    for name in filter(os.path.isfile, listed.stdout.split("\0")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(name, folder / name)
    (folder / "dvc.lock").unlink(missing_ok=True)
    preset = folder.with_suffix(".yaml")
    preset.write_text(yaml.safe_dump(settings))
    shell(folder, "git init --quiet", *(f"python3 -m tailwise preset {name}" for name in ("smoke", preset)))
    shell(folder, "dvc repro --quiet compute_weights", "rm -rf .logs")


def snapshots(folder: Path) -> list[Snapshot]:
    """Run from the first phase to the validation metrics in `folder`; leaves snapshots beside it."""
    found = []
    for target in TARGETS:
        copy = folder.with_name(f"before-{target}")
        shutil.copytree(folder, copy, symlinks=True)
        started = time.time()
        finish(folder, environment(), target)
        seconds = time.time() - started
        logged = [event for event in events(folder) if event["stage"] == target]
        saves = sum(event["event"] == "save" for event in logged)
        validated = [event["time"] for event in logged if event["event"] in ("validate", "done")] or [0.0]
        found.append(Snapshot(copy, target, seconds, validated[-1] - validated[0], saves))
        print(f"{target}: {seconds:.1f} s, {found[-1].training:.1f} s of training, {saves} saves", flush=True)
    return found


Instant = tuple[Snapshot, Callable[[Path], Reached]]
Runs = Iterator[tuple[int, Kill]]
"""(number of data workers, result)."""


@dataclass(frozen=True)
class Lab:
    """settings: {number of data workers: params file}; straight: `outputs` of the undisturbed run"""

    snapshots: list[Snapshot]
    settings: dict[int, Path]
    straight: dict[str, str]

    def kill(self, snapshot: Snapshot, workers: int, reached: Callable[[Path], Reached]) -> Kill | None:
        """Kill a copy when `reached(copy)` is true; None if it ended before. Keeps the folder of a failed resume."""
        copy = snapshot.folder.with_name("killed")
        shutil.copytree(snapshot.folder, copy, symlinks=True)
        shell(copy, f"python3 -m tailwise preset {self.settings[workers]}")
        found = killed_and_resumed(copy, environment(), reached(copy), self.straight)
        if found is None or found.same:
            shutil.rmtree(copy)
        else:
            copy.rename(copy.with_name(f"bad-{time.time():.0f}"))
        return found

    def anywhere(self, count: int, rng: random.Random) -> Runs:
        """Kills at instants uniform over the undisturbed run."""

        def instant(number: int) -> Instant:
            (snapshot,) = rng.choices(self.snapshots, [each.seconds for each in self.snapshots])
            second = rng.uniform(0, snapshot.seconds)
            return snapshot, lambda copy: after(second)

        return self._runs(count, instant)

    def training(self, count: int, rng: random.Random) -> Runs:
        """Kills at instants uniform over the training of each phase in turn."""

        def instant(number: int) -> Instant:
            snapshot = self.snapshots[number % len(PHASES)]
            second = rng.uniform(0, snapshot.training)
            return snapshot, lambda copy: in_training(copy, snapshot.target, second)

        return self._runs(count, instant)

    def saving(self, count: int, rng: random.Random) -> Runs:
        """Kills within a save of each phase in turn; a save that ended first is reported but not counted."""

        def instant(number: int) -> Instant:
            snapshot = self.snapshots[number % len(PHASES)]
            save = rng.randrange(snapshot.saves)
            return snapshot, lambda copy: in_save(copy, snapshot.target, save)

        return self._runs(count, instant, lambda kill: kill.activity == "saving")

    def _runs(
        self, count: int, instant: Callable[[int], Instant], counts: Callable[[Kill], bool] = lambda kill: True
    ) -> Runs:
        done = 0
        while done < count:
            workers, (snapshot, reached) = WORKERS[done % len(WORKERS)], instant(done)
            if found := self.kill(snapshot, workers, reached):
                yield workers, found
                done += counts(found)


def table(kills: list[tuple[int, Kill]]) -> str:
    """Markdown table with one line per activity."""
    lines = ["| killed | kills | of them with data workers | resumed from a state | same bytes | most work lost |"]
    lines += ["| --- | --: | --: | --: | --: | --: |"]
    for activity in [*sorted({kill.activity for _, kill in kills}), "all"]:
        of = [(workers, kill) for workers, kill in kills if activity in (kill.activity, "all")]
        states, same = sum(k.resumed_from == "a state" for _, k in of), sum(k.same for _, k in of)
        lost = max(k.lost_s for _, k in of)
        lines.append(f"| {activity} | {len(of)} | {sum(w > 0 for w, _ in of)} | {states} | {same} | {lost:.2f} s |")
    return "\n".join(lines)


def collect(runs: Runs) -> list[tuple[int, Kill]]:
    """Collect the runs and print each one as it completes."""
    kills = []
    for workers, each in runs:
        kills.append((workers, each))
        verdict = "same bytes" if each.same else "OTHER BYTES"
        where = f"{each.at_s:6.2f} s  {each.stage or '-':<21}{each.activity:<19}"
        print(f"{len(kills):3}  {workers} workers {where} from {each.resumed_from:<10}", end="")
        print(f" lost {each.lost_s:.2f} s  {verdict}", flush=True)
    return kills


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--instants", type=int, default=50, help="number of kills anywhere in the run")
    parser.add_argument("--training", type=int, default=30, help="number of kills in the training itself")
    parser.add_argument("--saving", type=int, default=10, help="number of kills within a save")
    parser.add_argument("--epochs", type=int, default=40, help="epochs per phase")
    parser.add_argument("--save-every", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def main() -> None:
    args = arguments()
    place, rng, settings = Path(tempfile.mkdtemp(prefix="kills-")), random.Random(args.seed), {}
    phases = {phase: {"train": {"epochs": args.epochs}} for phase in PHASES}
    for workers in WORKERS:
        settings[workers] = place / f"workers-{workers}.yaml"
        settings[workers].write_text(yaml.safe_dump({"runtime": {"workers": workers}}))
    prepare(place / "straight", {**phases, "runtime": {"save_every": args.save_every}})
    lab = Lab(snapshots(place / "straight"), settings, outputs(place / "straight"))
    parts = lab.anywhere(args.instants, rng), lab.training(args.training, rng), lab.saving(args.saving, rng)
    kills = [kill for part in parts for kill in collect(part)]
    kept = "kept" if max(kill.lost_s for _, kill in kills) <= args.save_every else "MISSED"
    print(f"\n{table(kills)}\n\ntarget: the same bytes; at most {args.save_every:g} s of work lost: {kept}")
    if not all(kill.same for _, kill in kills):
        sys.exit(f"kills: other bytes than those of the undisturbed run, see {place}")
    shutil.rmtree(place)


if __name__ == "__main__":
    main()
