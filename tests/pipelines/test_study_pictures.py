"""The study's pictures: how the tails are cut, how they are augmented, and what is refused."""

import gzip

import numpy as np
import pytest
import torch

from pictures.augment import Augment, augment_images, draw, places
from pictures.sources import LongTail, Pictures, cut, read_digits, read_fashion, read_idx
from pictures.store import Store, write_split
from pictures.task import Config, Model, build
from tailwise.core.errors import UserError
from tailwise.core.heads import Head

HEADS = (Head("label", ("a", "b")),)


def test_the_sizes_decline_from_the_largest_by_the_imbalance():
    assert LongTail(1, 100, 100, 1, 1).sizes(3) == [100, 10, 1]
    assert sum(LongTail(1, 100, 6000, 500, 500).sizes(10)) == 14886
    assert LongTail(1, 50, 100, 1, 1).sizes(10)[-1] == 2 and LongTail(1, 9, 7, 1, 1).sizes(1) == [7]


def test_splits_share_no_picture_and_are_the_same_each_time():
    pictures, tail = read_digits(), LongTail(1, 50, 100, 37, 37)
    found = cut(pictures, tail)
    every = np.concatenate(list(found.values()))
    assert len(set(every.tolist())) == len(every)
    assert np.bincount(pictures.labels[found["train"]]).tolist() == tail.sizes(10)
    assert set(np.bincount(pictures.labels[found["valid"]]).tolist()) == {37}
    assert all(np.array_equal(found[split], indices) for split, indices in cut(pictures, tail).items())


def test_what_was_meant_for_training_alone_is_trained_on():
    pool = np.array(["train"] * 4 + ["rest"] * 4)
    pictures = Pictures(("a",), np.zeros((8, 2, 2), np.uint8), np.zeros(8, np.int64), pool)
    found = cut(pictures, LongTail(1, 1, 4, 2, 2))
    assert found["train"].tolist() == [0, 1, 2, 3]
    assert sorted([*found["valid"], *found["test"]]) == [4, 5, 6, 7]
    with pytest.raises(UserError, match="class a has too few pictures"):
        cut(pictures, LongTail(1, 1, 5, 2, 2))


def test_fashion_mnist_that_is_not_there_is_refused_with_a_line(tmp_path):
    with pytest.raises(UserError, match="is in neither of .*: install Debian's package dataset-fashion-mnist"):
        read_fashion((tmp_path / "a", tmp_path / "b"))


def write_idx(file, values: np.ndarray) -> None:
    head = bytes([0, 0, 8, values.ndim]) + b"".join(int(size).to_bytes(4, "big") for size in values.shape)
    file.write_bytes(gzip.compress(head + values.astype(np.uint8).tobytes(), mtime=0))


def test_fashion_mnists_files_are_read(tmp_path):
    images, labels = np.arange(24).reshape(2, 3, 4), np.array([9, 0])
    for name in ("train", "t10k"):
        write_idx(tmp_path / f"{name}-images-idx3-ubyte.gz", images)
        write_idx(tmp_path / f"{name}-labels-idx1-ubyte.gz", labels)
    found = read_fashion((tmp_path,))
    np.testing.assert_array_equal(found.images, np.concatenate([images, images]))
    assert found.labels.tolist() == [9, 0, 9, 0] and found.pool.tolist() == ["train", "train", "rest", "rest"]


@pytest.mark.parametrize(
    "content",
    [b"", b"no gzip", gzip.compress(b"ab", mtime=0), gzip.compress(b"\0\0\x08\x01\0\0\0\x05abc", mtime=0)],
    ids=["empty", "no gzip", "no header", "too short"],
)
def test_a_damaged_file_is_refused_with_a_line(content, tmp_path):
    (tmp_path / "x.gz").write_bytes(content)
    with pytest.raises(UserError, match="x.gz: no file of Fashion-MNIST"):
        read_idx(tmp_path / "x.gz")


def test_a_shift_repeats_the_edge_and_a_mirror_turns_columns():
    assert places(4, np.array([0, 1, -2])).tolist() == [[0, 1, 2, 3], [0, 0, 1, 2], [2, 3, 3, 3]]
    image = torch.arange(16.0).reshape(1, 1, 4, 4)
    down = augment_images(image, np.array([[0.99, 0.5, 0.9]]), Augment(0.25, 0.5), 1.0)
    assert down[0, 0].tolist() == [image[0, 0, row].tolist() for row in (0, 0, 1, 2)]
    mirrored = augment_images(image, np.array([[0.5, 0.5, 0.1]]), Augment(0.25, 0.5), 1.0)
    assert torch.equal(mirrored, image.flip(3))


def test_strength_0_changes_nothing_and_draws_follow_from_the_keys():
    image, keys = torch.rand(3, 1, 5, 6), np.arange(12).reshape(3, 4)
    assert torch.equal(augment_images(image, draw(keys), Augment(0.4, 0.5), 0.0), image)
    np.testing.assert_array_equal(draw(keys)[1:2], draw(keys[1:2]))


@pytest.mark.parametrize(("shift", "mirror"), [(0.5, 0.0), (-0.1, 0.0), (0.1, 0.6)])
def test_ranges_that_make_no_sense_are_refused(shift, mirror):
    with pytest.raises(ValueError, match="shift must be in"):
        Augment(shift, mirror)


@pytest.fixture
def split(tmp_path):
    images = np.arange(3 * 8 * 8, dtype=np.uint8).reshape(3, 8, 8)
    write_split(tmp_path, images, ["a", "b", "a"], [7, 8, 9])
    return tmp_path


def test_a_split_is_read_as_it_was_written(split):
    store = Store(split, HEADS)
    batch = store.collate([2, 1])
    assert store.names == ["picture 7", "picture 8", "picture 9"] and list(store.groups()) == store.names
    assert batch.targets["label"].tolist() == [0, 1] and batch.index.tolist() == [2, 1]
    assert batch.inputs["image"].shape == (2, 1, 8, 8) and batch.inputs["image"].max() == 191 / 255


def test_a_split_with_too_few_pictures_is_refused(split):
    np.save(split / "images.npy", np.zeros((2, 8, 8), np.uint8))
    with pytest.raises(UserError, match="3 rows and 2 pictures"):
        Store(split, HEADS)


def test_the_net_takes_one_sample_and_any_size(split):
    task = build(Config(Model(4), Augment(0.1, 0.0)), HEADS, split, split, seed=1)
    for size in (8, 28):
        assert task.model(image=torch.rand(1, 1, size, size))["label"].shape == (1, 2)
    with pytest.raises(ValueError, match="multiple of 4"):
        Model(6)
