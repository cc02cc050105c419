"""Which data roots are valid, and what may lie below them."""

import os
import subprocess

import pytest

from support.fouls import write_data_set
from tailwise.core.errors import UserError
from tailwise.data.tables.checks.root import check_tree, name_fault
from tailwise.data.tables.checks.source import read_source
from tailwise.recipes.fouls.soccernet.reader import Soccernet
from tailwise.recipes.fouls.source import Source


@pytest.fixture
def place(tmp_path):
    """A data root with a folder and a file, beside a folder `real` with another file."""
    for file in ("root/sub/a.mp4", "real/inner/b.mp4"):
        (tmp_path / file).parent.mkdir(parents=True)
        (tmp_path / file).write_text(file)
    return tmp_path


def refusal(root) -> str:
    with pytest.raises(UserError) as refused:
        check_tree(root)
    assert "\n" not in str(refused.value) and len(str(refused.value)) < 500 + len(str(root))
    return str(refused.value)


def test_files_folders_and_links_to_files_may_be_there(place):
    (place / "root/b.mp4").symlink_to("../real/inner/b.mp4")
    (place / "root/sub/c.mp4").symlink_to(place / "root/sub/a.mp4")
    check_tree(place / "root")


def test_the_root_itself_may_be_a_link_to_a_folder(place):
    (place / "link").symlink_to("root")
    check_tree(place / "link")


@pytest.mark.parametrize("link", ["root/l", "root/sub/l", "root/sub/deep/er/l"])
@pytest.mark.parametrize("target", ["real", "real/inner", "root/sub"])
def test_a_link_to_a_folder_is_named_with_what_to_do(place, link, target):
    (place / link).parent.mkdir(parents=True, exist_ok=True)
    (place / link).symlink_to(place / target)
    said = refusal(place / "root")
    assert said.startswith(f"{place / link}: is a link to the folder '{str(place)[:20]}") and target[-5:] in said
    assert said.endswith("tracked by `dvc add`, or named by its absolute path as data.root in params.yaml")


@pytest.mark.parametrize("target", ["../nothing", "l", "../real/inner/b.mp4/c"])
def test_a_link_to_nothing_is_named(place, target):
    (place / "root/l").symlink_to(target)
    said = f"{place / 'root/l'}: is a link to {target!r}, which does not exist: repair or remove it"
    assert refusal(place / "root") == said


@pytest.mark.parametrize("linked", [False, True])
def test_a_pipe_is_named(place, linked):
    """DVC would wait at it for ever."""
    os.mkfifo(place / ("real/pipe" if linked else "root/pipe"))
    if linked:
        (place / "root/pipe").symlink_to("../real/pipe")
    assert refusal(place / "root").startswith(f"{place / 'root/pipe'}: is a {'link to a ' if linked else ''}pipe")


def test_the_first_by_name_is_named(place):
    for name in ("root/y", "root/x", "root/sub/a"):
        (place / name).symlink_to(place / "real")
    assert refusal(place / "root").startswith(f"{place / 'root/x'}: ")


def test_folders_may_lie_as_deep_as_they_can(place):
    folder = os.open(place / "root", os.O_RDONLY)
    for _ in range(1_500):  # deeper than Python calls itself
        os.mkdir("d", dir_fd=folder)
        folder, above = os.open("d", os.O_RDONLY, dir_fd=folder), folder
        os.close(above)
    os.close(folder)
    try:
        check_tree(place / "root")
    finally:  # pytest could not: it would fail at the start of a later run
        subprocess.run(["rm", "-rf", place / "root/d"], check=True)


def test_the_index_reads_nothing_behind_a_link_to_a_folder(tmp_path):
    root = write_data_set(tmp_path / "root")
    (root / "Valid").rename(tmp_path / "Valid")
    (root / "Valid").symlink_to("../Valid")
    with pytest.raises(
        UserError, match="root/Valid: is a link to the folder '../Valid', and DVC does not descend into it"
    ):
        read_source(Source(str(root), "refuse", Soccernet("soccernet")))


@pytest.mark.parametrize("root", ["data/own", "/data/own", ".", "../videos", "C:\\videos", "s3", "a:b", "data/12:30/x"])
def test_names_of_folders(root):
    assert name_fault(root) is None


@pytest.mark.parametrize(
    ("root", "said"),
    [
        (None, "must name a folder, found None: put the raw files and their annotations into one, such as data/own"),
        ("", "must name a folder, found ''"),
        (5, "must name a folder, found 5"),
        (["a"], "must name a folder, found ['a']"),
        ("s3://bucket/clips", "must name a folder, found the URL 's3://bucket/clips': download it"),
        ("file:///data", "must name a folder, found the URL 'file:///data'"),
        ("https://x.org/a.zip", "must name a folder, found the URL"),
        ("remote://store/clips", "must name a folder, found the URL"),
        ("~/clips", "must name a folder, found '~/clips': write the absolute path instead of ~"),
        ("s3://" + "x" * 10**6, "must name a folder"),
    ],
)
def test_invalid_folder_names(root, said):
    assert name_fault(root).startswith(said) and len(name_fault(root)) < 300
    if isinstance(root, str):
        with pytest.raises(ValueError, match="^root must name a folder"):
            Source(root, "refuse", Soccernet("soccernet"))
