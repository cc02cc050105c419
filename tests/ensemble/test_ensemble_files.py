"""ensemble.json and the weights beside it."""

import hashlib
import json
import os
from pathlib import Path

import numpy as np
import pytest

from tailwise.core.errors import UserError
from tailwise.ensemble.file import read_ensemble
from tailwise.ensemble.members import Member
from tailwise.ensemble.write import write_ensemble

OUT = Path("ensembles/x/ensemble.json")


def member(name: str, content: bytes = b"weights", md5: str | None = None) -> Member:
    Path(name).write_bytes(content)
    return Member(name, "0" * 40, {}, "data/models/phase3.safetensors", Path(name), md5)


@pytest.fixture
def written(folder):
    members = [member("one", b"1"), member("unused", b"2"), member("other", b"3")]
    write_ensemble(OUT, members, np.array([2, 0, 1]) / 3, {"verdict": "Use it."})
    return json.loads(OUT.read_text())


def test_weights_are_copied_and_pinned(written):
    assert {path.name for path in OUT.parent.iterdir()} == {
        "ensemble.json",
        "member-1.safetensors",
        "member-3.safetensors",
    }
    first, unused, _ = written["members"]
    assert first == {
        "name": "one",
        "commit": "0" * 40,
        "weight": 0.666667,
        "weights": {
            "path": "data/models/phase3.safetensors",
            "file": "member-1.safetensors",
            "sha256": hashlib.sha256(b"1").hexdigest(),
        },
    }
    assert unused["weight"] == 0 and unused["weights"] is None and written["verdict"] == "Use it."
    assert os.fspath(Path.cwd()) not in OUT.read_text()


def test_weights_that_a_copy_would_replace_are_refused_and_kept(written):
    """Also where another file is a link to them."""
    Path("link.safetensors").symlink_to(OUT.parent / "member-1.safetensors")
    (OUT.parent / "own.safetensors").write_bytes(b"own")
    before = {path.name: path.read_bytes() for path in OUT.parent.iterdir()}
    for place in (OUT.parent / "member-1.safetensors", Path("link.safetensors"), OUT.parent / "member-3.safetensors"):
        members = [member("other"), Member("again", None, {}, place.name, place)]
        with pytest.raises(UserError) as error:
            write_ensemble(OUT, members, np.array([0.5, 0.5]), {})
        assert str(error.value) == f"{place}: its place is for copies of this ensemble: move it, or give another --out"
        assert {path.name: path.read_bytes() for path in OUT.parent.iterdir()} == before
    own = OUT.parent / "own.safetensors"
    write_ensemble(OUT, [Member("own", None, {}, own.name, own)], np.array([1.0]), {})
    assert own.read_bytes() == (OUT.parent / "member-1.safetensors").read_bytes() == b"own"


def test_a_smaller_ensemble_leaves_no_copies_of_a_larger_one(written):
    (OUT.parent / "member-notes.txt").write_text("mine")
    write_ensemble(OUT, [member("one", b"new")], np.array([1.0]), {})
    assert {path.name for path in OUT.parent.iterdir()} == {"ensemble.json", "member-1.safetensors", "member-notes.txt"}
    assert [part.path.read_bytes() for part in read_ensemble(OUT)] == [b"new"]


def test_members_with_a_weight_are_read(written):
    parts = read_ensemble(OUT)
    assert [part.path.name for part in parts] == ["member-1.safetensors", "member-3.safetensors"]
    assert [part.weight for part in parts] == pytest.approx([2 / 3, 1 / 3], abs=1e-6)
    assert sum(part.weight for part in parts) == 1


def test_it_is_found_from_elsewhere_and_after_the_first_files_are_gone(written, monkeypatch):
    Path("one").unlink()
    monkeypatch.chdir("ensembles")
    assert len(read_ensemble(Path("x/ensemble.json"))) == 2


def test_weights_that_dvc_did_not_record_are_refused_and_nothing_is_left(folder):
    with pytest.raises(UserError, match="one: the content of data/models/phase3.safetensors is not what dvc.lock"):
        write_ensemble(OUT, [member("one", md5="0" * 32)], np.array([1.0]), {})
    assert list(OUT.parent.iterdir()) == []
    md5 = hashlib.md5(b"weights", usedforsecurity=False).hexdigest()
    write_ensemble(OUT, [member("one", md5=md5)], np.array([1.0]), {})


def refused() -> str:
    with pytest.raises(UserError) as error:
        read_ensemble(OUT)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_a_changed_or_absent_file_is_refused(written):
    file = OUT.with_name("member-3.safetensors")
    file.write_bytes(b"4")
    assert refused().startswith(f"{file}: is not the file that {OUT} names by its sha256: run `tailwise ensemble`")
    file.unlink()
    assert refused().startswith(f"{file}: no such file, but {OUT} needs it")
    OUT.unlink()
    assert refused() == f"{OUT}: no such file"


def with_member(**changed):
    return lambda found: {**found, "members": [{**found["members"][0], **changed}]}


def elsewhere(found):
    weights = {**found["members"][0]["weights"], "file": "../one"}
    return with_member(weights=weights)(found)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda found: [], "not an ensemble: needs version 1: write it again"),
        (lambda found: {**found, "version": 2}, "not an ensemble: needs version 1: write it again"),
        (lambda found: {"version": 1}, "not an ensemble: members must be"),
        (lambda found: {**found, "members": []}, "no member has a weight"),
        (with_member(weight=-1.0), "weight must be from 0 to 1"),
        (with_member(weight=True), "members[0].weight must be"),
        (with_member(weights=None), "a member that has one needs weights"),
        (with_member(more=1), "members[0].more is unknown"),
        (elsewhere, "weights.file must be a name without a folder"),
        (lambda found: {**found, "members": [found["members"][1]] * 1001}, "1001 members, at most 1000 are read"),
    ],
)
def test_another_file_is_refused_in_a_line(written, change, said):
    OUT.write_text(json.dumps(change(written)))
    assert said in refused()


def test_no_json_or_a_folder_is_refused(written):
    OUT.write_text("{")
    assert "not JSON" in refused()
    OUT.write_text("[" * 100_000)
    assert "nested too deeply" in refused()
    OUT.unlink()
    OUT.mkdir()
    assert "is a folder, not a file" in refused()
