"""Prepared splits of sequences: what is written comes back, normalised, and labels need no features."""

import resource
from pathlib import Path

import numpy as np
import pytest
import torch

from tailwise.core.errors import UserError
from tailwise.core.heads import IGNORE, Head
from tailwise.data.sequences import store
from tailwise.data.sequences.dataset import Sequences
from tailwise.data.sequences.store import Features, Moments, SplitWriter, features_of, read_features, write_features

HEADS = (Head("section", ("verse", "chorus")),)
COLUMNS = ("sample", "group", "path", "content", "seconds", "section")
NAMES = ("one", "two", "constant")


def song(number: int, labels: str) -> tuple[dict[str, str], np.ndarray]:
    length = len(labels.split("|"))
    features = np.random.default_rng(number).normal(3, 2, (length, 3)).astype(np.float32)
    features[:, 2] = 7
    row = dict.fromkeys(COLUMNS, "") | {"sample": f"s{number}", "group": f"g{number // 2}", "path": f"{number}.txt"}
    return row | {"section": labels}, features


SONGS = [song(0, "verse|verse|chorus"), song(1, "chorus"), song(2, "verse||chorus|verse|"), song(3, "|chorus")]


def write(folder, songs=SONGS, split="train") -> SplitWriter:
    writer = SplitWriter(folder / split, COLUMNS)
    for row, features in songs:
        writer.add(row, features)
    writer.close()
    write_features(folder / "features.json", writer.moments.features(NAMES))
    return writer


def test_features_come_back_normalised(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "PER_SHARD", 3)
    write(tmp_path)
    assert sorted(file.name for file in (tmp_path / "train").iterdir()) == [
        "features-000.npy",
        "features-001.npy",
        "manifest.csv",
    ]
    samples = Sequences(tmp_path / "train", HEADS)
    assert len(samples) == 4 and samples.names == ["s0", "s1", "s2", "s3"]
    assert samples.groups() == ["g0", "g0", "g1", "g1"] and samples.lengths.tolist() == [3, 1, 5, 2]
    stored = np.concatenate([features for _, features in SONGS]).astype(np.float16).astype(np.float64)
    std = np.where(stored.std(0) > 0, stored.std(0), 1)
    found = np.concatenate([samples[i][1] for i in range(4)])
    np.testing.assert_allclose(found, (stored - stored.mean(0)) / std, atol=1e-4)
    assert found.dtype == np.float32 and not found[:, 2].any()


def test_labels_and_groups_come_from_the_manifest_alone(tmp_path):
    write(tmp_path)
    (tmp_path / "train" / "features-000.npy").unlink()
    samples = Sequences(tmp_path / "train", HEADS)
    none = IGNORE
    table = [[0, 0, 1, none, none], [1, none, none, none, none], [0, none, 1, 0, none], [none, 1, none, none, none]]
    assert samples.labels("section").tolist() == table and samples.labels("section").dtype == np.int64
    with pytest.raises(UserError, match=r"features-000.npy: cannot be read: run the stage prepare again"):
        samples[0]


def test_a_shard_that_was_cut_short_is_named(tmp_path):
    write(tmp_path)
    file = tmp_path / "train" / "features-000.npy"
    file.write_bytes(file.read_bytes()[:-2])
    with pytest.raises(UserError, match=r"features-000.npy: cannot be read: run the stage prepare again"):
        Sequences(tmp_path / "train", HEADS)[0]


def test_a_batch_is_padded_to_its_longest(tmp_path):
    write(tmp_path)
    samples = Sequences(tmp_path / "train", HEADS, ("next", "until"))
    batch = samples.collate([samples[3], samples[0]])
    assert batch.inputs["features"].shape == (2, 3, 3) and batch.inputs["features"].dtype == torch.float32
    assert batch.inputs["length"].tolist() == [2, 3] and batch.index.tolist() == [3, 0]
    assert not batch.inputs["features"][0, 2].any()
    assert batch.targets["section"].tolist() == [[IGNORE, 1, IGNORE], [0, 0, 1]]
    assert batch.targets["next"].tolist() == [[IGNORE] * 3, [1, 1, IGNORE]]
    assert batch.targets["until"].tolist() == [[IGNORE] * 3, [2, 1, IGNORE]]
    assert {ids.dtype for ids in batch.targets.values()} == {torch.int64}
    assert samples.labels("until")[0].tolist() == [2, 1, IGNORE, IGNORE, IGNORE]
    assert list(Sequences(tmp_path / "train", HEADS).collate([samples[0]]).targets) == ["section"]


def test_the_same_bytes_each_time(tmp_path):
    for name in ("a", "b"):
        write(tmp_path / name)
    files = [file.relative_to(tmp_path / "a") for file in (tmp_path / "a").rglob("*") if file.is_file()]
    assert len(files) == 3
    assert all((tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes() for file in files)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e6])
def test_what_cannot_be_stored_is_refused(tmp_path, value):
    row, features = song(0, "verse|verse|chorus")
    features[1, 2] = value
    with pytest.raises(UserError, match=r"0.txt: sample 's0': position 2: feature 3 is "):
        SplitWriter(tmp_path, COLUMNS).add(row, features)


def test_two_samples_of_a_name_are_refused(tmp_path):
    with pytest.raises(UserError, match="there are two samples 's0'"):
        write(tmp_path, [SONGS[0], SONGS[0]])


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("section", "verse|verse|bridge", "bridge"),
        ("section", "verse|chorus", "has not a label for each of 3 positions"),
        ("length", "x", "invalid literal"),
    ],
)
def test_a_manifest_that_does_not_fit(tmp_path, column, value, message):
    write(tmp_path, SONGS[:1])
    file = tmp_path / "train" / "manifest.csv"
    header, cells = (line.split(",") for line in file.read_text().splitlines())
    cells[header.index(column)] = value
    file.write_text(f"{','.join(header)}\n{','.join(cells)}\n")
    with pytest.raises(UserError, match=f"manifest.csv: sample s0: .*{message}"):
        Sequences(tmp_path / "train", HEADS)


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        '{"names": ["a"], "mean": [0]}',
        '{"names": ["a"], "mean": [0, 1], "std": [1, 1]}',
        '{"names": ["a"], "mean": [0], "std": [0]}',
        '{"names": ["a"], "mean": ["x"], "std": [1]}',
    ],
)
def test_features_of_another_form_are_refused(tmp_path, text):
    (tmp_path / "features.json").write_text(text)
    with pytest.raises(UserError, match=r"features.json: needs names, mean and std"):
        read_features(tmp_path / "features.json")


def test_features_come_back_from_json():
    moments = Moments()
    moments.add(np.array([[1.0, 5.0], [3.0, 5.0]], np.float16))
    features = moments.features(("a", "b"))
    assert features.mean.tolist() == [2, 5] and features.std.tolist() == [1, 1]
    again = features_of(features.as_json())
    assert isinstance(again, Features) and again.names == ("a", "b") and again.mean.tolist() == [2, 5]


def test_memory_does_not_grow_with_what_was_read(tmp_path):
    labels = "|".join(["verse"] * 1000)
    songs = [song(number, labels) for number in range(64)]
    wide = [(row, np.tile(features, 64)) for row, features in songs]
    writer = SplitWriter(tmp_path / "train", COLUMNS)
    for row, features in wide:
        writer.add(row, features)
    writer.close()
    write_features(tmp_path / "features.json", writer.moments.features([str(i) for i in range(192)]))
    samples = Sequences(tmp_path / "train", HEADS)
    samples[0]
    before = resident_kib()
    for i in range(len(samples)):
        samples[i]
    assert resident_kib() - before < 8_000  # all that is stored are 24,000


def resident_kib() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() // 1024
