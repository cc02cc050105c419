"""A small made-up world of fouls in the layout of SoccerNet-MVFoul, the same bytes every time.

Two figures meet and are filmed by two to four cameras. Only how they move tells the labels: cameras, colours, places
and tempo are drawn from streams that do not know them.
"""

import json
from functools import partial
from pathlib import Path

from tailwise.core.stage.progress import Progress
from tailwise.core.system.processes import map_in_processes
from tailwise.recipes.fouls.demo.annotations import annotate_split
from tailwise.recipes.fouls.demo.film import film_foul
from tailwise.recipes.fouls.demo.pack import pack
from tailwise.recipes.fouls.demo.scene.plan import SPLITS, Demo, plan_split

__all__ = ["Demo", "make_demo"]


def make_demo(demo: Demo, root: Path, workers: int) -> None:
    """Write `<root>/{Train,Valid,Test}.zip`, each with `action_<i>/clip_<j>.mp4` and `annotations.json`.

    One file a split, as the official data are handed out: DVC looks at every file and folder of the raw data each time.
    `workers` processes share the fouls; the bytes do not depend on their number. Refuses a split folder that is there
    already (FileExistsError): clips of another demo would be taken for this one's.
    """
    plans = {split: plan_split(demo, split) for split in SPLITS}
    for split in SPLITS:
        (root / split).mkdir(parents=True)
    work = partial(film_foul, demo, root)
    fouls = [foul for plan in plans.values() for foul in plan]
    with Progress("demo", len(fouls), "fouls") as progress:
        for _ in map_in_processes(work, fouls, workers):
            progress.advance()
    for split, plan in plans.items():
        text = json.dumps(annotate_split(demo, split, plan), indent=2)
        (root / split / "annotations.json").write_text(text + "\n", encoding="utf-8")
        pack(root / split)
