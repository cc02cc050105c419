"""A synthetic data set in the layout of Something-Something-V2, with reproducible bytes.

A hand does something with objects on a table. The classes are pairs of which one is the other with time reversed, so
that only the order of the frames tells them apart; colours, places, objects, camera and tempo tell nothing.
"""

import json
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from tailwise.core.stage.progress import Progress
from tailwise.core.system.processes import map_in_processes
from tailwise.recipes.actions.demo.film import film_clip
from tailwise.recipes.actions.demo.plan import CLASSES, SPLITS, Demo, Planned, plan

__all__ = ["Demo", "make_demo"]


def make_demo(demo: Demo, root: Path, workers: int) -> None:
    """Write ``<root>/{labels,train,validation,test}.json`` and ``<root>/videos/<id>.webm``.

    workers: number of processes; the bytes do not depend on it
    Raises FileExistsError if the videos' folder exists, since it could contain clips of another demo.
    """
    (root / "videos").mkdir(parents=True)
    planned = plan(demo)
    clips = [clip for split in SPLITS for clip in planned[split]]
    with Progress("demo", len(clips), "clips") as progress:
        words = {}
        for number, named in map_in_processes(partial(film_clip, demo, root), clips, workers):
            words[number] = named
            progress.advance()
    _write(root / "labels.json", {name: str(place) for place, name in enumerate(CLASSES)})
    for split in SPLITS:
        entry = unlabelled if split == "test" else labelled
        _write(root / f"{split}.json", [entry(clip, words[clip.number]) for clip in planned[split]])


def labelled(clip: Planned, words: Iterable[str]) -> dict:
    """An entry of train.json and validation.json."""
    template = clip.action.replace("something", "[something]").replace("Something", "[Something]")
    label, placeholders = template, []
    for word in words:
        if "[something]" in label:
            label = label.replace("[something]", word, 1)
            placeholders.append(word)
    return {"id": str(clip.number), "label": label.lower(), "template": template, "placeholders": placeholders}


def unlabelled(clip: Planned, words: Iterable[str]) -> dict:
    """An entry of test.json."""
    return {"id": str(clip.number)}


def _write(path: Path, content: dict | list) -> None:
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
