"""SoccerNet-MVFoul on disk to a table of labelled views.

Layout: ``<root>/<Split>/action_<i>/clip_<j>.mp4`` and ``<root>/<Split>/annotations.json``, or both in ``<Split>.zip``.
Source of layout and label rule: https://github.com/SoccerNet/sn-mvfoul
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, ClassVar, Literal

from tailwise.core.errors import UserError
from tailwise.data.tables.rows import SPLITS, Index
from tailwise.data.tables.spelling import spelling_notes
from tailwise.recipes.fouls.annotated.heads import AUXILIARY, dropped_column
from tailwise.recipes.fouls.soccernet.annotations import Fields, read_fouls
from tailwise.recipes.fouls.soccernet.layout import ANNOTATIONS, is_large, split_place

if TYPE_CHECKING:
    import pandas as pd

Row = dict[str, str]
"""One view, with the columns of an index."""

HEADS = {
    "action": ("Tackling", "Standing tackling", "High leg", "Holding", "Pushing", "Elbowing", "Challenge", "Dive"),
    "severity": ("No offence", "No card", "Yellow card", "Red card"),
}
SEVERITY = {"1.0": "No card", "3.0": "Yellow card", "5.0": "Red card"}
UNSURE_SEVERITY = ("", "2.0", "4.0")
NO_OFFENCE = ("No offence", "No Offence")
UNSURE_OFFENCE = ("", "Between")
DROPPED = {
    "action": "action class is empty or Dont know",
    "offence": "offence is empty or Between, and it is no dive",
    "severity": "severity is empty, 2.0 or 4.0, and it is an offence and no dive",
}
OFFICIAL = {"train": (2916, 2319), "valid": (411, 321), "test": (301, 251)}
"""Fouls of the official splits, and those of them that the label rule keeps."""

DESCRIPTION = {
    "Offence": "offence",
    "Contact": "contact",
    "Bodypart": "bodypart",
    "Upper body part": "upper_body_part",
    "Severity": "annotated_severity",
    "Multiple fouls": "multiple_fouls",
    "Try to play": "try_to_play",
    "Touch ball": "touch_ball",
    "Handball": "handball",
    "Handball offence": "handball_offence",
}
"""{field of a foul: its column}. A field that is missing is as if empty. The action class is the head `action`."""


@dataclass(frozen=True)
class Soccernet:
    """The data set in its official layout, in folders or zips.

    keep_dropped: training fouls that the official rule drops stay for the labels that they have. Their official labels
        are empty, so that no count and no boost changes; columns of their own hold what they have of them
    """

    kind: Literal["soccernet"]
    keep_dropped: bool = False
    missing_class: ClassVar[str] = (
        "this reader takes classes and splits as they are: is the annotation file whole? "
        "A table of the clips (data.reader.kind: table) can have others"
    )
    """What to do about a class without a training sample."""

    def read(self, root: Path) -> Index:
        splits = {split: _read(root, split, self.keep_dropped) for split in SPLITS}
        _check_editions(root, {split: PurePosixPath(rows[0]["path"]) for split, (rows, _, _) in splits.items()})
        return Index(
            HEADS,
            {split: _table(rows) for split, (rows, _, _) in splits.items()},
            {split: {rule: dropped[rule] for rule in DROPPED} for split, (_, dropped, _) in splits.items()},
            {
                split: [*_notes(split, rows, dropped), *spelling_notes(respelt)]
                for split, (rows, dropped, respelt) in splits.items()
            },
        )


def _table(rows: list[Row]) -> "pd.DataFrame":
    from tailwise.core.tables import text_table  # here, as params are checked without pandas

    return text_table(rows[0], (row.values() for row in rows))


def drop_reason(action: str, offence: str, severity: str) -> str | None:
    """Which rule (a key of DROPPED) leaves the foul out, or None; the official order."""
    if action in ("", "Dont know"):
        return "action"
    if action != "Dive" and offence in UNSURE_OFFENCE:
        return "offence"
    if action != "Dive" and offence not in NO_OFFENCE and severity in UNSURE_SEVERITY:
        return "severity"
    return None


def severity_class(offence: str, severity: str) -> str:
    """Class name of a foul that is kept: unsure offences count as offences, unsure severities as 1.0."""
    if offence in NO_OFFENCE:
        return "No offence"
    return SEVERITY["1.0" if severity in UNSURE_SEVERITY else severity]


def read_split(root: Path, split: str) -> tuple[list[Row], Counter]:
    """Views of the fouls that the label rule keeps, by foul number; and how many each rule dropped."""
    rows, dropped, _ = _read(root, split)
    return rows, dropped


def _read(root: Path, split: str, keep_dropped: bool = False) -> tuple[list[Row], Counter, list[str]]:
    """As `read_split`; and the texts that were spelt anew, as they were. keep_dropped: see `Soccernet`"""
    place = split_place(root, split)
    file = f"{place}/{ANNOTATIONS}"
    rows: list[Row] = []
    dropped, respelt = Counter(), []
    for number, foul in read_fouls(root, file):
        reason = drop_reason(foul.text("Action class"), foul.text("Offence"), foul.text("Severity"))
        dropped.update([reason] if reason else [])
        if reason and not (keep_dropped and split == "train" and has_label(foul, reason)):
            continue
        rows += _views(foul, _labels(foul, reason, keep_dropped), f"{split}/{number}", f"{place}/action_{number}")
        respelt += foul.respelt()
    if not any(row["action"] for row in rows):
        raise UserError(f"{root / file}: the label rule keeps none of its {dropped.total()} fouls")
    return rows, dropped, respelt


def _check_editions(root: Path, clips: dict[str, PurePosixPath]) -> None:
    """Raise UserError if some splits are of the 720p edition. clips: a clip of each split, from the data root"""
    large = [split for split, clip in clips.items() if is_large(clip)]
    if large and len(large) < len(clips):
        where = " and ".join(f"{split} at {clip.parent.parent}" for split, clip in clips.items())
        only = f"of the 720p edition is {' and '.join(large)} alone"
        raise UserError(f"{root}: {only}: {where}; take one edition for all")


def _views(foul: Fields, labels: dict[str, str], sample: str, folder: str) -> list[Row]:
    """The foul's rows; raises UserError if a view is listed twice. labels: its columns of labels"""
    group = foul.text("UrlLocal").replace("\\", "/")
    if not group:
        raise UserError(f"{foul.where}: field 'UrlLocal' is empty; it must name the match")
    description = {column: foul.text(name, "") for name, column in DESCRIPTION.items()}
    rows: dict[int, Row] = {}
    for clip in foul.objects("Clips"):
        view = clip.clip_number()
        if view in rows:
            raise UserError(f"{clip.where}: clip_{view} is listed twice")
        place = {"sample": sample, "view": str(view), "group": group, "path": f"{folder}/clip_{view}.mp4"}
        rows[view] = {**place, "content": "", **labels, **description, **_camera(clip)}
    return list(rows.values())


def _labels(foul: Fields, reason: str | None, keep_dropped: bool) -> dict[str, str]:
    """The official labels, empty for a dropped foul; with `keep_dropped` also the columns of what it has of them."""
    none = dict.fromkeys(HEADS, "")
    official = none if reason else _official_labels(foul)
    if not keep_dropped:
        return official
    known = partial_labels(foul, reason) if reason else none
    return {**official, **{dropped_column(head): label for head, label in known.items()}}


def _official_labels(foul: Fields) -> dict[str, str]:
    offence = foul.one_of("Offence", (*UNSURE_OFFENCE, "Offence", *NO_OFFENCE))
    severity = foul.one_of("Severity", (*UNSURE_SEVERITY, *SEVERITY))
    return {
        "action": foul.one_of("Action class", HEADS["action"]),
        "severity": severity_class(offence, severity),
    }


def partial_labels(foul: Fields, reason: str) -> dict[str, str]:
    """{head: class, or ""} of a foul that is dropped: the action unless it is what is unsure; a severity if it is sure.

    An offence without a sure grade has no severity, nor has a foul that may be none.
    """
    offence = foul.one_of("Offence", (*UNSURE_OFFENCE, "Offence", *NO_OFFENCE))
    severity = foul.one_of("Severity", (*UNSURE_SEVERITY, *SEVERITY))
    sure = offence in NO_OFFENCE or (offence == "Offence" and severity in SEVERITY)
    action = "" if reason == "action" else foul.one_of("Action class", HEADS["action"])
    return {"action": action, "severity": severity_class(offence, severity) if sure else ""}


def has_label(foul: Fields, reason: str) -> bool:
    """Whether a dropped foul has a label of any head, auxiliary ones included."""
    described = (foul.text(field, "") for field, column in DESCRIPTION.items() if column in AUXILIARY)
    return any((*partial_labels(foul, reason).values(), *described))


def _camera(clip: Fields) -> dict[str, str]:
    return {
        "camera": clip.text("Camera type"),
        "timestamp": str(clip.number("Timestamp")),
        "replay_speed": str(float(clip.number("Replay speed"))),
    }


def _notes(split: str, rows: list[Row], dropped: Counter) -> Iterator[str]:
    """How many fouls each rule dropped, and whether the official data came out as it should."""
    for rule, text in DROPPED.items():
        yield f"{dropped[rule]:4d} dropped: {text}"
    if staying := {row["sample"] for row in rows if not row["action"]}:
        yield f"{len(staying)} of the dropped fouls stay in {split} for the labels that they have"
    fouls, expected = OFFICIAL[split]
    kept = len({row["sample"] for row in rows if row["action"]})
    if kept + dropped.total() != fouls:
        return
    if kept == expected:
        yield f"{kept} of {fouls} fouls kept, as it must be for the official data"
    else:
        yield f"WARNING: {kept} of {fouls} fouls kept; of the official data it must be {expected}: was it edited?"
