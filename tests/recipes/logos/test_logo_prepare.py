"""Prepared splits of logos: every usable one once, the others listed with the reason."""

from dataclasses import replace
from pathlib import Path

import pytest

from support.images.logos import write_splits
from tailwise.core.errors import UserError
from tailwise.core.files import read_csv
from tailwise.core.heads import IGNORE, Head
from tailwise.core.tables import write_table
from tailwise.data.images.dataset import Images
from tailwise.recipes.logos.index import index
from tailwise.recipes.logos.prepare import Prepare, prepare
from tailwise.recipes.logos.readers.images import ImageFiles
from tailwise.recipes.logos.source import Source

HEAD = Head("kind", ("simple", "text"))
HOW = Prepare(16, max_faulty=0.2, calibration=0.0)
pytestmark = pytest.mark.usefixtures("inline")


@pytest.fixture
def source(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DVC_ROOT", raising=False)
    return Source(str(write_splits(tmp_path / "logos")), "refuse", ImageFiles("images", groups="brand"))


def run(source: Source, how: Prepare = HOW) -> tuple[list[str], Path]:
    for split, rows in index(source).index.rows.items():
        write_table(Path(f"data/index/{split}.csv"), rows)
    return list(prepare(how, source, Path("data/prepared"))), Path("data/prepared")


def test_every_logo_is_prepared_once(source):
    lines, folder = run(source)
    assert lines[0] == "train: 8 images in 1 shards, 1 of them made now"
    for split in ("train", "valid", "test"):
        images = Images(folder / split, (HEAD,))
        assert images.names == [row["sample"] for row in read_csv(Path(f"data/index/{split}.csv"))]
        assert images[0][1].shape == (16, 16, 3)
        assert not read_csv(folder / split / "quarantine.csv")
    assert list(prepare(HOW, source, folder))[0] == "train: 8 images in 1 shards, 0 of them made now"


def test_what_cannot_be_used_is_listed_with_its_reason(source):
    (Path(source.root) / "Train/text/bad-1.png").write_bytes(b"nothing")
    lines, folder = run(source)
    assert "  left out: Train/text/bad-1.png: unknown format: neither PNG, JPEG, WEBP, GIF nor SVG" in lines
    assert [row["path"] for row in read_csv(folder / "train/quarantine.csv")] == ["Train/text/bad-1.png"]


def test_too_many_that_cannot_be_used_are_an_error_with_a_list(source):
    for number in range(2):
        (Path(source.root) / f"Train/text/bad{number}-1.png").write_bytes(b"nothing" * (number + 1))
    with pytest.raises(UserError, match=r"2 of 26 images cannot be used.*prepare\.max_faulty = 0\.05"):
        run(source, replace(HOW, max_faulty=0.05))
    assert len(read_csv(Path(".logs/quarantine.csv"))) == 2
    run(source)
    assert not Path(".logs/quarantine.csv").exists()


def test_a_class_of_which_nothing_can_be_used_is_an_error(source):
    for number, file in enumerate(sorted(Path(source.root).glob("Train/text/*"))):
        file.write_bytes(b"nothing" * (number + 1))
    with pytest.raises(UserError, match="no training image of the class 'text' can be used"):
        run(source)


def test_whole_brands_are_set_aside_for_calibration(source):
    """A quarter of eight logos of four brands."""
    _, folder = run(source, replace(HOW, calibration=0.25))
    parts = {split: read_csv(folder / split / "manifest.csv") for split in ("train", "calibration")}
    assert [len(rows) for rows in parts.values()] == [6, 2]
    groups = [{row["group"] for row in rows} for rows in parts.values()]
    assert not groups[0] & groups[1]


def test_too_few_brands_to_set_some_aside_are_one_line(source):
    with pytest.raises(UserError, match=r"prepare\.calibration: too few training logos"):
        run(source, replace(HOW, calibration=0.01))


@pytest.mark.parametrize("wrong", [{"size": 2}, {"background": "red"}, {"max_faulty": 1.5}])
def test_params_that_cannot_be(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Prepare(**wrong)


def test_a_share_of_the_labels_is_kept_by_whole_brands(source):
    """Half of eight logos of four brands; every picture stays, and so do the labels of the other splits."""
    _, folder = run(source, replace(HOW, labels=0.5))
    rows = {split: read_csv(folder / split / "manifest.csv") for split in ("train", "valid", "test")}
    assert [len(of_split) for of_split in rows.values()] == [8, 8, 8]
    assert sorted(row["kind"] for row in rows["train"]) == ["", "", "", "", "simple", "simple", "text", "text"]
    labelled = {row["group"] for row in rows["train"] if row["kind"]}
    assert not labelled & {row["group"] for row in rows["train"] if not row["kind"]}
    assert all(row["kind"] for split in ("valid", "test") for row in rows[split])
    assert (Images(folder / "train", (HEAD,)).labels("kind") == IGNORE).sum() == 4


@pytest.mark.parametrize("share", [0.0, 1.5])
def test_a_share_of_labels_outside_its_range_is_refused(share):
    with pytest.raises(ValueError, match=r"labels must be in \(0, 1\]"):
        replace(HOW, labels=share)


def test_too_few_groups_for_a_share_of_labels_are_named(source):
    with pytest.raises(UserError, match=r"prepare\.labels: too few training logos"):
        run(source, replace(HOW, labels=0.1))
