"""Prepared splits of songs: every song once, calibration by group, altered songs with features of their own."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest

from tailwise.core.errors import UserError
from tailwise.core.files import read_csv
from tailwise.core.heads import Head
from tailwise.core.tables import write_table
from tailwise.data.sequences.dataset import Sequences
from tailwise.recipes.sections.index import index
from tailwise.recipes.sections.prepare import Prepare, prepare
from tailwise.recipes.sections.readers.song import Song
from tailwise.recipes.sections.variants import Variants

HEAD = Head("section", ("chorus", "verse"))
LABELS = ("verse",) * 20 + ("chorus",) * 30 + ("verse",) * 20


@dataclass(frozen=True)
class Drawn:
    """Songs of random chroma, by number."""

    count: int = 24
    split: None = None
    heads: dict = field(default_factory=dict)

    def songs(self, root: Path) -> Iterator[Song]:
        splits = ["train"] * (self.count - 4) + ["valid", "valid", "test", "test"]
        for number, split in enumerate(splits):
            chroma = np.random.default_rng(number).random((len(LABELS), 24)).astype(np.float32)
            group = f"{split} {number // 2}"
            yield Song(f"s{number:02}", group, "all.npz", LABELS, chroma=chroma, seconds=0.5, split=split)

    def read_file(self, file: Path) -> Song:
        raise NotImplementedError


@dataclass(frozen=True)
class Source:
    root: str
    reader: Drawn = Drawn()
    leaks: str = "refuse"


@pytest.fixture
def source(tmp_path):
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "all.npz").write_bytes(b"")
    found = Source(str(tmp_path / "raw"))
    for split, rows in index(found).index.rows.items():
        write_table(tmp_path / "index" / f"{split}.csv", rows)
    return found


@pytest.fixture
def write(tmp_path, source):
    def run(how: Prepare, name: str = "prepared", of: Source = source) -> Path:
        lines = list(prepare(how, of, tmp_path / name, tmp_path / "index"))
        (tmp_path / name / "lines.txt").write_text("\n".join(lines))
        return tmp_path / name

    return run


def test_calibration_is_set_aside_by_group(write):
    folder = write(Prepare(0.2, 1))
    parts = {path.name: Sequences(path, (HEAD,)) for path in folder.iterdir() if path.is_dir()}
    assert {name: len(part) for name, part in parts.items()} == {"train": 16, "calibration": 4, "valid": 2, "test": 2}
    assert not set(parts["train"].groups()) & set(parts["calibration"].groups())
    assert parts["valid"].labels("section").tolist() == [[HEAD.id(label) for label in LABELS]] * 2
    assert (folder / "lines.txt").read_text().splitlines()[0] == "train: 16 songs, 1120 positions"
    values = np.concatenate([parts["train"][i][1] for i in range(16)])
    np.testing.assert_allclose(values.mean(0), 0, atol=2e-3)
    assert set(np.round(values.std(0), 2)) <= {0.0, 1.0}


def test_without_calibration_there_is_no_such_split(write):
    assert not (write(Prepare(0.0)) / "calibration").exists()


def test_altered_songs_are_of_the_training_part_alone(write):
    folder = write(Prepare(0.2, 1, Variants(2, drop=0.0, repeat=1.0, cut=0.0)))
    rows = read_csv(folder / "train" / "manifest.csv")
    names = [row["sample"] for row in rows]
    assert len(names) == 48 and names[:3] == [names[0], f"{names[0]}~1", f"{names[0]}~2"]
    assert len({row["group"] for row in rows[:3]}) == 1 and rows[1]["length"] == "140"
    assert len(rows[1]["section"].split("|")) == 140
    assert all("~" not in row["sample"] for row in read_csv(folder / "calibration" / "manifest.csv"))
    assert (folder / "lines.txt").read_text().startswith("train: 48 songs, 32 of them altered")


def test_features_of_altered_songs_are_computed_anew(write):
    samples = Sequences(write(Prepare(0.2, 1, Variants(1, drop=0.0, repeat=1.0, cut=0.0))) / "train", (HEAD,))
    best = samples.features.names.index("best_8s")
    assert samples[1][1][:, best].mean() > samples[0][1][:, best].mean() + 0.5


def test_the_same_bytes_each_time(write):
    how = Prepare(0.2, 1, Variants(1, drop=0.5))
    first, again = write(how, "a"), write(how, "b")
    files = [file.relative_to(first) for file in first.rglob("*") if file.is_file()]
    assert len(files) == 4 * 2 + 2
    assert all((first / file).read_bytes() == (again / file).read_bytes() for file in files)


def test_too_few_songs_to_set_some_aside(write, source):
    with pytest.raises(UserError, match="prepare.calibration: too few training songs to set some aside"):
        write(Prepare(0.02, 1))


def test_a_song_of_the_index_that_is_gone(write, source):
    with pytest.raises(UserError, match="has no song 's20', which .*index lists: run the stage index again"):
        write(Prepare(0.2), of=replace(source, reader=Drawn(20)))


@pytest.mark.parametrize("wrong", [{"calibration": 1.0}, {"calibration": -0.1}, {"seed": -1}])
def test_params_out_of_range(wrong):
    with pytest.raises(ValueError):
        Prepare(**wrong)
