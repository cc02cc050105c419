"""Raw files in folders and zips, and reproducible packing."""

import os
import random
import shutil
import tracemalloc
import zipfile

import pytest

from support.video.bombs import MIB, bzip2_bomb, deflate_bomb, lzma_that_asks_for, many_names, with_password, write_zip
from tailwise.core.errors import UserError
from tailwise.data.raw import LARGEST_MEMBER, DamagedFile, RawFile
from tailwise.data.video.decode.probe import ClipError, probe
from tailwise.recipes.fouls.demo.pack import pack


@pytest.fixture
def root(tmp_path):
    for name in ("Train/action_0/clip_0.mp4", "Train/annotations.json", "Train/action_10/clip_1.mp4"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())
    return tmp_path


def test_a_file_is_the_same_in_a_folder_and_in_a_zip(root):
    shutil.copytree(root / "Train", root / "Copy")
    assert pack(root / "Copy") == root / "Copy.zip" and not (root / "Copy").exists()
    plain, zipped = RawFile(root, "Train/action_0/clip_0.mp4"), RawFile(root, "Copy.zip/action_0/clip_0.mp4")
    assert plain.exists() and zipped.exists() and plain.read() == zipped.read() == zipped.source().read()
    assert plain.source() == str(root / "Train/action_0/clip_0.mp4")


@pytest.mark.parametrize(
    "path", ["Train/action_7/clip_0.mp4", "Train.zip/action_7/clip_0.mp4", "No.zip/clip_0.mp4", "a\0b"]
)
def test_an_absent_file_is_absent(root, path):
    shutil.copytree(root / "Train", root / "Copy")
    pack(root / "Copy").rename(root / "Train.zip")
    assert not RawFile(root, path).exists()
    with pytest.raises(FileNotFoundError):
        RawFile(root, path).read()


@pytest.mark.parametrize("path", ["x" * 5000, "x" * 5000 + ".zip/clip_0.mp4"])
def test_a_name_longer_than_any_file_has_is_absent(root, path):
    assert not RawFile(root, path).exists()


def test_a_zip_that_changed_is_read_anew(root):
    shutil.copytree(root / "Train", root / "Copy")
    archive = pack(root / "Copy")
    assert RawFile(root, "Copy.zip/annotations.json").read() == b"Train/annotations.json"
    with zipfile.ZipFile(archive, "w") as target:
        target.writestr("annotations.json", "new")
    os.utime(archive, ns=(1, 1))
    assert RawFile(root, "Copy.zip/annotations.json").read() == b"new"


def test_a_folder_may_be_called_like_a_zip(root):
    (root / "Train").rename(root / "Train.zip")
    assert RawFile(root, "Train.zip/annotations.json").read() == b"Train/annotations.json"


def test_a_broken_zip_is_named(root):
    (root / "Valid.zip").write_bytes(b"no zip")
    with pytest.raises(UserError, match="Valid.zip: .*not a zip.*pack it again"):
        RawFile(root, "Valid.zip/annotations.json").exists()


def test_a_packed_folder_has_the_same_bytes_whenever_and_however_it_was_made(root, tmp_path):
    one, two = tmp_path / "a" / "Train", tmp_path / "b" / "Train"
    shutil.copytree(root / "Train", one)
    two.mkdir(parents=True)
    for file in sorted((path for path in one.rglob("*") if path.is_file()), reverse=True):
        target = two / file.relative_to(one)
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(file.read_bytes())
        os.utime(target, (0, 0))
        target.chmod(0o600)
    assert pack(one).read_bytes() == pack(two).read_bytes()
    with zipfile.ZipFile(tmp_path / "a" / "Train.zip") as archive:
        names = archive.namelist()
    assert names == ["action_0/clip_0.mp4", "action_10/clip_1.mp4", "annotations.json"]


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA, zipfile.ZIP_STORED])
def test_a_damaged_member_is_named(tmp_path, method):
    with zipfile.ZipFile(tmp_path / "Train.zip", "w", method) as target:
        target.writestr("clip_0.mp4", os.urandom(3000))
    content = bytearray((tmp_path / "Train.zip").read_bytes())
    content[200:260] = bytes(60)
    (tmp_path / "Train.zip").write_bytes(content)
    damaged = RawFile(tmp_path, "Train.zip/clip_0.mp4")
    with pytest.raises(DamagedFile, match="Train.zip/clip_0.mp4: .*; unpack the zip"):
        damaged.read()
    with pytest.raises(ClipError, match="damaged in its zip"):
        probe(damaged)


METHODS = [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("content", [b"", b"x", bytes(5 * MIB), random.Random(0).randbytes(3 * MIB) + bytes(MIB)])
def test_a_file_of_any_size_and_compression_is_taken_out_whole(tmp_path, method, content):
    write_zip(tmp_path / "a.zip", "clip.mp4", content, method)
    assert RawFile(tmp_path, "a.zip/clip.mp4").read() == content


def test_a_zip_with_a_password_is_named_with_what_to_do(tmp_path):
    with_password(tmp_path / "train.zip", "action_0/clip_0.mp4")
    with pytest.raises(UserError, match="train.zip: has a password: unpack it first, as by unzip -P PASSWORD train"):
        RawFile(tmp_path, "train.zip/action_0/clip_0.mp4").exists()


def refusal(tmp_path) -> str:
    """What is said of a.zip/clip.mp4, for which no more than a few MiB may be taken."""
    tracemalloc.start()
    try:
        with pytest.raises(DamagedFile) as refused:
            RawFile(tmp_path, "a.zip/clip.mp4").read()
        assert tracemalloc.get_traced_memory()[1] < 64 * MIB
    finally:
        tracemalloc.stop()
    reason = refused.value.reason
    assert str(refused.value) == f"{tmp_path}/a.zip/clip.mp4: {reason}; unpack the zip with a tool that can"
    return reason


def test_a_member_of_more_than_the_limit_is_refused_before_it_is_unpacked(tmp_path):
    deflate_bomb(tmp_path / "a.zip", "clip.mp4", 10 * 1024, says=LARGEST_MEMBER + 1)
    assert refusal(tmp_path) == f"{LARGEST_MEMBER + 1} bytes: a file of more than 512 MiB is not read from a zip"


@pytest.mark.parametrize("bomb", [deflate_bomb, bzip2_bomb])
def test_a_member_that_is_more_than_the_zip_says_is_refused_at_that_size(tmp_path, bomb):
    bomb(tmp_path / "a.zip", "clip.mp4", 96, says=3 * MIB)
    assert refusal(tmp_path) in ("it has more than the 3145728 bytes that the zip says", WRONG)


WRONG = "Bad CRC-32 for file 'clip.mp4'"
"""zipfile itself ends at the size that the zip says, and finds the checksum to be another's."""


@pytest.mark.parametrize("dictionary", [2**32 - 1, 2**26 + 1])
def test_a_member_whose_lzma_header_asks_for_gigabytes_is_refused(tmp_path, dictionary):
    lzma_that_asks_for(tmp_path / "a.zip", "clip.mp4", dictionary)
    asked = f"its LZMA header asks for {dictionary >> 20} MiB of memory: at most 64 MiB is given"
    assert refusal(tmp_path) == asked
    lzma_that_asks_for(tmp_path / "b.zip", "clip.mp4", 2**26)
    assert RawFile(tmp_path, "b.zip/clip.mp4").read() == b"video " * 1000


def test_a_table_of_contents_of_more_than_the_limit_is_refused(tmp_path):
    many_names(tmp_path / "a.zip", 300_000)
    with pytest.raises(UserError, match="a.zip: its table of contents is larger than 16 MiB; download or pack"):
        RawFile(tmp_path, "a.zip/clip_00000000.mp4").exists()
    many_names(tmp_path / "b.zip", 1_000)
    assert RawFile(tmp_path, "b.zip/clip_00000000.mp4").exists()
