"""Archives in numbered parts: joined, unpacked, gone on with, and refused where a part is missing or damaged."""

import io
import tarfile

import pytest

from tailwise.cli.main import main
from tailwise.core.errors import UserError
from tailwise.data.download.parts import find_parts
from tailwise.data.download.unpack import unpack

NAME = "20bn-something-something-v2-"
FILES = {f"{n}.webm": bytes([n]) * (2000 + n) for n in range(1, 9)}


def archive(files=FILES, mode="w:gz", change=lambda member: member) -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode=mode) as target:
        for name, data in files.items():
            member = tarfile.TarInfo(f"20bn-something-something-v2/{name}")
            member.size = len(data)
            target.addfile(change(member), io.BytesIO(data))
    return content.getvalue()


def split(folder, content, parts=4):
    folder.mkdir(exist_ok=True)
    size = -(-len(content) // parts)
    for n in range(parts):
        (folder / f"{NAME}{n:02}").write_bytes(content[n * size : (n + 1) * size])
    return folder


def run(folder, into):
    counted = []
    found = unpack(find_parts(folder), into, counted.append)
    return found, sum(counted)


def files_in(folder):
    return {file.name: file.read_bytes() for file in folder.iterdir()}


@pytest.mark.parametrize("mode", ["w:gz", "w"])
def test_parts_are_joined_and_unpacked_into_one_folder(tmp_path, mode):
    content = archive(mode=mode)
    found, counted = run(split(tmp_path / "raw", content), tmp_path / "videos")
    assert (found.written, found.kept) == (8, 0) and files_in(tmp_path / "videos") == FILES
    assert 0 < counted <= len(content)


def test_it_goes_on_with_what_is_missing_or_was_cut_off(tmp_path):
    raw, videos = split(tmp_path / "raw", archive()), tmp_path / "videos"
    run(raw, videos)
    (videos / "3.webm").unlink()
    (videos / "5.webm").write_bytes(b"cut")
    before = (videos / "1.webm").stat().st_mtime_ns
    found, _ = run(raw, videos)
    assert (found.written, found.kept) == (2, 6) and files_in(videos) == FILES
    assert (videos / "1.webm").stat().st_mtime_ns == before


def test_one_part_names_the_others_and_a_whole_archive_is_one_part(tmp_path):
    raw = split(tmp_path / "raw", archive())
    (raw / "labels-00").write_bytes(b"x")
    assert [part.name[-2:] for part in find_parts(raw / f"{NAME}02")] == ["00", "01", "02", "03"]
    with pytest.raises(UserError, match="parts of 2 files"):
        find_parts(raw)
    (tmp_path / "all.tgz").write_bytes(archive())
    assert find_parts(tmp_path / "all.tgz") == [tmp_path / "all.tgz"]


@pytest.mark.parametrize("number", [0, 2])
def test_a_missing_part_is_named(tmp_path, number):
    raw = split(tmp_path / "raw", archive())
    (raw / f"{NAME}{number:02}").unlink()
    if number == 0:
        (raw / f"{NAME}01").unlink()
    with pytest.raises(UserError, match=rf"has no {NAME}{number:02}, but {NAME}03"):
        find_parts(raw)


@pytest.mark.parametrize(("cut", "named"), [(0, 1), (2, 2)])
def test_a_part_that_was_cut_off_is_named_before_anything_is_unpacked(tmp_path, cut, named):
    raw = split(tmp_path / "raw", archive())
    part = raw / f"{NAME}{cut:02}"
    part.write_bytes(part.read_bytes()[:-1])
    with pytest.raises(UserError, match=f"{NAME}{named:02}: has .* bytes where the first part has"):
        run(raw, tmp_path / "videos")


@pytest.mark.parametrize("mode", ["w:gz", "w"])
def test_an_archive_without_its_end_is_said_to_end_early(tmp_path, mode):
    content = archive(mode=mode)
    raw = split(tmp_path / "raw", content[: len(content) - (11_000 if mode == "w" else 40)], parts=2)
    with pytest.raises(UserError, match=f"{NAME}01: the archive ends early"):
        run(raw, tmp_path / "videos")


def test_what_is_no_archive_is_said_to_be_none(tmp_path):
    with pytest.raises(UserError, match="is no tar archive"):
        run(split(tmp_path / "raw", b"no archive" * 500), tmp_path / "videos")


def a_link(member):
    member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
    return member


def test_links_are_refused_and_no_path_leads_out(tmp_path):
    with pytest.raises(UserError, match="is no plain file but a link"):
        run(split(tmp_path / "links", archive(change=a_link)), tmp_path / "videos")
    content = archive({"../../../out.webm": b"x"})
    run(split(tmp_path / "out", content, parts=1), tmp_path / "deep" / "videos")
    assert files_in(tmp_path / "deep" / "videos") == {"out.webm": b"x"}


def test_two_files_of_one_name_are_refused(tmp_path):
    content = archive({"a/1.webm": b"x", "b/1.webm": b"y"})
    with pytest.raises(UserError, match="two files named 1.webm"):
        run(split(tmp_path / "raw", content, parts=1), tmp_path / "videos")


def test_the_command_says_what_it_did(tmp_path, capsys):
    raw = split(tmp_path / "raw", archive())
    assert main(["unpack", str(raw), str(tmp_path / "videos")]) == 0
    assert "8 files unpacked from 4 parts, 0 were there" in capsys.readouterr().out
    assert main(["unpack", str(tmp_path / "nothing"), str(tmp_path / "videos")]) == 1
    assert "no such file or folder" in capsys.readouterr().err
