"""The image store: right pixels, faults set aside, unchanged shards from the cache, the same bytes each time."""

import hashlib
import shutil
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from support.images.encoding import encoded, two_halves
from support.images.openers import killing, opener
from tailwise.core.errors import UserError
from tailwise.core.files import read_csv
from tailwise.core.heads import IGNORE, Head
from tailwise.data.images import store as module
from tailwise.data.images.canvas import Canvas
from tailwise.data.images.dataset import Images
from tailwise.data.images.store import Shard, build_store
from tailwise.data.shards import partition

CANVAS = Canvas(16, "#ffffff", "pad")
HEAD = Head("kind", ("a", "b"))
pytestmark = pytest.mark.usefixtures("inline")


def rows_of(root: Path) -> list[dict[str, str]]:
    files = sorted(root.iterdir())
    digests = [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]
    return [
        {"sample": file.stem, "group": file.stem, "path": file.name, "content": digest, "kind": "ab"[place % 2]}
        for place, (file, digest) in enumerate(zip(files, digests))
    ]


@pytest.fixture
def root(tmp_path, monkeypatch):
    """Twelve pictures, in shards of at most 4, one of them broken and one animated."""
    monkeypatch.setattr(partition, "LARGEST", 4)
    return pictures(tmp_path / "raw")


def pictures(folder: Path) -> Path:
    folder.mkdir()
    for number in range(10):
        (folder / f"{number}.png").write_bytes(encoded(two_halves(20 + number, 10), "PNG"))
    (folder / "broken.svg").write_bytes(b"<svg")
    frames = {"save_all": True, "append_images": [two_halves().rotate(180)]}
    (folder / "moving.gif").write_bytes(encoded(two_halves(), "GIF", **frames))
    return folder


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The pictures, their store, and its folder; only read."""
    raw = pictures(tmp_path_factory.mktemp("images") / "raw")
    return raw, *build(raw)


def build(root: Path, name: str = "train", canvas: Canvas = CANVAS, opened=opener) -> tuple[module.Store, Path]:
    folder = root.parent / name
    return build_store(rows_of(root), partial(opened, root), canvas, folder, root.parent / "cache", 1), folder


def digests(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def test_samples_are_the_pictures_in_the_order_of_the_table(built):
    root, _, folder = built
    images = Images(folder, (HEAD,))
    assert images.names == [str(number) for number in range(10)] + ["moving"] and images.size == 16
    for number, name in enumerate(images.names):
        file = next(root.glob(f"{name}.*"))
        i, picture = images[number]
        assert i == number
        np.testing.assert_array_equal(picture, np.asarray(CANVAS.read(file.read_bytes())[0]))


def test_a_batch_has_channels_first_and_class_ids(built):
    images = Images(built[2], (HEAD,))
    batch = images.collate([images[3], images[0]])
    assert batch.inputs["image"].shape == (2, 3, 16, 16) and str(batch.inputs["image"].dtype) == "torch.uint8"
    assert batch.inputs["image"][1, :, 8, 1].tolist() == [0, 0, 255]
    assert batch.targets["kind"].tolist() == [1, 0] and batch.index.tolist() == [3, 0]
    assert images.labels("kind").tolist() == [0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 1]
    assert list(images.groups()) == images.names


def test_a_sample_without_a_label_is_ignored(built, tmp_path):
    shutil.copytree(built[2], tmp_path / "train")
    manifest = tmp_path / "train" / "manifest.csv"
    manifest.write_text(manifest.read_text().replace(",a,", ",,"))
    assert Images(tmp_path / "train", (HEAD,)).labels("kind").tolist() == [IGNORE, 1] * 5 + [1]


def test_a_broken_picture_is_set_aside_with_its_reason(built):
    _, store, folder = built
    assert list(store.faults) == ["broken.svg"] and store.faults["broken.svg"].startswith("broken: ")
    (listed,) = read_csv(folder / "quarantine.csv")
    assert (listed["sample"], listed["path"], listed["reason"]) == ("broken", "broken.svg", store.faults["broken.svg"])
    assert store.notes == {"moving.gif": "animated: its first frame is used"}


def test_a_picture_that_crashes_its_reader_is_set_aside(root, real_processes):
    store, folder = build(root, opened=killing)
    assert store.faults["3.png"] == "crashed: SIGSEGV"
    assert Images(folder, (HEAD,)).names == [*"012456789", "moving"]


def test_a_file_that_is_gone_is_set_aside(root):
    rows = rows_of(root)
    (root / "4.png").unlink()
    found = build_store(rows, partial(opener, root), CANVAS, root.parent / "train", root.parent / "cache", 1)
    assert found.faults["4.png"] == "absent"


def test_no_usable_picture_is_an_error(root):
    for file in root.iterdir():
        file.write_bytes(b"x" * file.stat().st_size)
    with pytest.raises(UserError, match="no picture of the split train can be used: unknown format"):
        build(root)


def test_the_second_time_nothing_is_read_and_the_bytes_are_the_same(root):
    first, before = build(root)
    second, after = build(root, "again")
    assert first.made == first.shards > 2 and second.made == 0
    assert digests(before) == digests(after) and first.faults == second.faults and first.notes == second.notes


def test_the_bytes_do_not_depend_on_the_cache(root):
    _, before = build(root)
    for file in (root.parent / "cache").iterdir():
        file.unlink()
    store, after = build(root, "again")
    assert store.made == store.shards and digests(before) == digests(after)


def test_one_more_picture_changes_one_shard(root):
    first, before = build(root)
    (root / "10.png").write_bytes(encoded(two_halves(44, 10), "PNG"))
    second, after = build(root, "again")
    assert second.made == 1 + second.shards - first.shards or second.made == 1
    assert len({file.name for file in before.glob("*.npy")} & {file.name for file in after.glob("*.npy")}) > 1


@pytest.mark.parametrize(
    "change", ["bytes", "size", "background", "fit", "pillow", "resvg", "code", "pictures", "lost"]
)
def test_the_key_follows_all_that_decides_the_bytes(change, monkeypatch):
    shard = Shard({"a.png": "1", "b.png": "2"}, CANVAS)
    before = shard.key()
    if change in ("pillow", "resvg"):
        monkeypatch.setattr({"pillow": module.PIL, "resvg": module.resvg_py}[change], "__version__", "0")
    if change == "code":
        monkeypatch.setattr(module, "code_hash", lambda: "other code")
    changed = {
        "bytes": Shard({"a.png": "1", "b.png": "3"}, CANVAS),
        "size": Shard(shard.pictures, Canvas(32, "#ffffff", "pad")),
        "background": Shard(shard.pictures, Canvas(16, "#fffffe", "pad")),
        "fit": Shard(shard.pictures, Canvas(16, "#ffffff", "crop")),
        "pictures": Shard({"a.png": "1"}, CANVAS),
        "lost": shard.without("b.png", "crashed: SIGSEGV"),
    }.get(change, shard)
    assert changed.key() != before and (changed is shard or shard.key() == before)


def test_the_code_that_counts_is_what_reading_imports():
    package, found, waiting = "tailwise.data.", set(), {"tailwise.data.images.store"}
    while waiting:
        found.add(name := waiting.pop())
        file = module.ROOM.parent / f"{name.removeprefix(package).replace('.', '/')}.py"
        lines = file.read_text(encoding="utf8").splitlines()
        waiting |= {line.split()[1] for line in lines if line.startswith(f"from {package}")} - found
    expected = {f"{name.replace('.', '/')}.py" for name in found}
    assert {file.as_posix().rpartition("/src/")[2] for file in module.CODE} == expected


@pytest.mark.parametrize("damage", ["manifest", "class", "shard"])
def test_a_damaged_split_is_an_error_that_names_the_file(built, tmp_path, damage):
    folder = tmp_path / "train"
    shutil.copytree(built[2], folder)
    manifest = folder / "manifest.csv"
    if damage == "shard":
        next(folder.glob("*.npy")).write_bytes(b"x")
    else:
        text = manifest.read_text()
        manifest.write_text(text.replace("shard", "other") if damage == "manifest" else text.replace(",a,", ",c,"))
    with pytest.raises(UserError, match=r"\.npy|manifest\.csv"):
        images = Images(folder, (HEAD,))
        [images[i] for i in range(len(images))]
