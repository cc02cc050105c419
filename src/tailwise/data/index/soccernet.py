"""SoccerNet-MVFoul on disk to a table of labelled views.

Layout: ``<root>/<Split>/action_<i>/clip_<j>.mp4`` and ``<root>/<Split>/annotations.json``.
Source of layout and label rule: https://github.com/SoccerNet/sn-mvfoul
"""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tailwise.core.errors import UserError
from tailwise.core.files import read_json

HEADS = {
    "action": ("Tackling", "Standing tackling", "High leg", "Holding", "Pushing", "Elbowing", "Challenge", "Dive"),
    "severity": ("No offence", "No card", "Yellow card", "Red card"),
}
SPLITS = ("train", "valid", "test")
SEVERITY = {"1.0": "No card", "3.0": "Yellow card", "5.0": "Red card"}
UNSURE_SEVERITY = ("", "2.0", "4.0")
NO_OFFENCE = ("No offence", "No Offence")
DROPPED = {
    "action": "action class is empty or Dont know",
    "offence": "offence is empty or Between, and it is no dive",
    "severity": "severity is empty, 2.0 or 4.0, and it is an offence and no dive",
}


@dataclass(frozen=True)
class View:
    """One camera's clip of a labelled foul. path: of the clip, from the data root."""

    sample: str
    view: int
    group: str
    action: str
    severity: str
    path: str
    camera: str
    replay_speed: float


def drop_reason(action: str, offence: str, severity: str) -> str | None:
    """Which rule (a key of DROPPED) leaves the foul out, or None; the official order."""
    if action in ("", "Dont know"):
        return "action"
    if action != "Dive" and offence in ("", "Between"):
        return "offence"
    if action != "Dive" and offence not in NO_OFFENCE and severity in UNSURE_SEVERITY:
        return "severity"
    return None


def severity_class(offence: str, severity: str) -> str:
    """Class name of a foul that is kept: unsure offences count as offences, unsure severities as 1.0."""
    if offence in NO_OFFENCE:
        return "No offence"
    return SEVERITY["1.0" if severity in UNSURE_SEVERITY else severity]


def split_folder(root: Path, split: str) -> Path:
    """The split's folder, in upper or lower case, nested one level or not; UserError if absent."""
    for parent in (root, *sorted(path for path in root.glob("*") if path.is_dir())):
        for name in (split.capitalize(), split):
            if (parent / name / "annotations.json").is_file():
                return parent / name
            if (parent / name / name / "annotations.json").is_file():
                return parent / name / name
    raise UserError(f"{root}: no {split.capitalize()}/annotations.json; see data.root in params.yaml")


def read_split(root: Path, split: str) -> tuple[list[View], Counter]:
    """Views of the fouls that the label rule keeps, by foul number; and how many each rule dropped."""
    folder = split_folder(root, split)
    file = folder / "annotations.json"
    annotations = read_json(file)
    if not isinstance(annotations, dict) or not isinstance(annotations.get("Actions"), dict):
        raise UserError(f"{file}: has no table of Actions")
    views, dropped = [], Counter()
    for number, foul in sorted(annotations["Actions"].items(), key=lambda item: int(item[0])):
        try:
            reason = drop_reason(foul["Action class"], foul["Offence"], foul["Severity"])
            if reason:
                dropped[reason] += 1
            else:
                views += _views(foul, f"{split}/{number}", folder.relative_to(root) / f"action_{number}")
        except (KeyError, TypeError) as error:
            raise UserError(f"{file}: foul {number}: {type(error).__name__} at field {error}") from error
        if not reason and foul["Action class"] not in HEADS["action"]:
            raise UserError(f"{file}: foul {number}: unknown Action class {foul['Action class']!r}")
    return views, dropped


def _views(foul: dict, sample: str, folder: Path) -> list[View]:
    labels = foul["Action class"], severity_class(foul["Offence"], foul["Severity"])
    group = foul["UrlLocal"].replace("\\", "/")
    return [
        View(
            sample,
            int(clip["Url"].rpartition("_")[2]),
            group,
            *labels,
            (folder / f"{Path(clip['Url']).name}.mp4").as_posix(),
            clip["Camera type"],
            float(clip["Replay speed"]),
        )
        for clip in foul["Clips"]
    ]
