"""A synthetic data set of fouls in the layout of SoccerNet-MVFoul, with reproducible bytes.

Two to four cameras film two figures. Only their movement depends on the labels: cameras, colours, positions and tempo
come from independent random streams.
"""

import json
from functools import partial
from pathlib import Path

from tailwise.core.stage.progress import Progress
from tailwise.core.system.processes import map_in_processes
from tailwise.recipes.fouls.demo.annotations import annotate_split
from tailwise.recipes.fouls.demo.film import film_foul
from tailwise.recipes.fouls.demo.pack import pack
from tailwise.recipes.fouls.demo.scene.plan import CHALLENGE, SPLITS, Demo, plan_challenge, plan_split

__all__ = ["Demo", "make_demo"]


def make_demo(demo: Demo, root: Path, workers: int) -> None:
    """Write `<root>/{Train,Valid,Test}.zip`, each with `action_<i>/clip_<j>.mp4` and `annotations.json`.

    With `demo.challenge` also `Chall.zip`, without annotations, as the official one; the other files are the same.

    One file per split, like the official data, because DVC checks every file and folder of the raw data each time.
    workers: number of processes; the bytes do not depend on it
    Raises FileExistsError if a split folder exists, since it could contain clips of another demo.
    """
    plans = {split: plan_split(demo, split) for split in SPLITS}
    if unlabelled := plan_challenge(demo):
        plans[CHALLENGE] = unlabelled
    for split in plans:
        (root / split).mkdir(parents=True)
    work = partial(film_foul, demo, root)
    fouls = [foul for plan in plans.values() for foul in plan]
    with Progress("demo", len(fouls), "fouls") as progress:
        for _ in map_in_processes(work, fouls, workers):
            progress.advance()
    for split, plan in plans.items():
        if split in SPLITS:
            text = json.dumps(annotate_split(demo, split, plan), indent=2)
            (root / split / "annotations.json").write_text(text + "\n", encoding="utf-8")
        pack(root / split)
