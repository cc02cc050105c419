"""Corrections: kept with their files, each in a folder of its own, and listed for a pipeline's own reader."""

import io
from types import SimpleNamespace

import pytest
from PIL import Image

from tailwise.cli.main import main
from tailwise.core.errors import UserError
from tailwise.core.files import read_csv
from tailwise.core.heads import Head
from tailwise.data.tables.partition import Split
from tailwise.recipes.logos.readers.images import ImageFiles

for needed in ("fastapi", "python_multipart", "prometheus_client", "httpx"):
    pytest.importorskip(needed, reason="needs requirements-serve.txt")

from starlette.testclient import TestClient  # noqa: E402

from tailwise.serve.app import make_app  # noqa: E402
from tailwise.serve.feedback import BLOCK, Feedback, collect  # noqa: E402
from tailwise.serve.figures import Figures  # noqa: E402
from tailwise.serve.limits import Limits  # noqa: E402
from tailwise.serve.uploads import Refused, Upload  # noqa: E402

KIND, HEADS = Head("kind", ("plain", "rare")), (Head("action", ("pass", "foul")), Head("severity", ("none", "red")))


def picture(shade: int) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 8), (shade, 0, 0)).save(file, "png")
    return file.getvalue()


async def as_it_is(samples):
    return samples


def client(folder, answers, heads=(KIND,), most: int = 10**6) -> TestClient:
    """A server that answers every request so."""
    service = SimpleNamespace(read=lambda files: answers, answer=as_it_is)
    kept = folder and Feedback(folder, heads, most)
    return TestClient(make_app(service, {}, Limits(files=3), Figures(), None, kept), raise_server_exceptions=False)


PLAIN = [{"heads": {"kind": {"class": "plain", "confidence": 0.7}}}]


def correct(app: TestClient, labels: str, *contents: bytes, **more: str):
    files = [("files", (f"../{i}.PNG", content)) for i, content in enumerate(contents or (picture(1),))]
    return app.post("/feedback", files=files, data={"labels": labels, **more})


def test_corrections_are_folders_that_a_reader_takes_up(tmp_path, capsys):
    app = client(tmp_path / "kept", PLAIN)
    names = [
        correct(app, '{"kind": "rare"}', picture(shade), group=f"brand {shade}").json()["sample"] for shade in (1, 2)
    ]
    names.append(correct(app, '{"kind": "plain"}', picture(3)).json()["sample"])
    assert len({*names}) == 3 and all((tmp_path / "kept" / name / "file1.png").is_file() for name in names)
    text = app.get("/metrics").text
    assert 'tailwise_corrected_total{head="kind",right="false"} 2.0' in text
    assert 'tailwise_corrected_total{head="kind",right="true"} 1.0' in text
    assert main(["feedback", str(tmp_path / "kept")]) == 0
    assert "labels.csv: 3 samples, 3 files\nkind: rare 2, plain 1\n" in capsys.readouterr().out
    logos = ImageFiles("images", "labels.csv", split=Split(0.2, 0.2, 1)).logos(tmp_path / "kept")
    found = {logo.path: (logo.kind, logo.group) for logo in logos}
    assert found[f"{names[0]}/file1.png"] == ("rare", "brand 1") and found[f"{names[2]}/file1.png"][0] == "plain"


def test_views_of_a_sample_are_rows_with_the_labels_that_are_known(tmp_path):
    answer = [{"heads": {head.name: {"class": head.classes[0], "confidence": 0.5} for head in HEADS}}]
    app = client(tmp_path, answer, HEADS)
    name = correct(app, '{"severity": "red"}', picture(1), picture(2)).json()["sample"]
    file, rows = collect(tmp_path)
    assert [list(row.values()) for row in read_csv(file)] == [
        [name, f"{name}/file{view + 1}.png", str(view), rows[0]["group"], "", "red"] for view in (0, 1)
    ]
    assert list(rows[0]) == ["sample", "path", "view", "group", "action", "severity"]


def test_the_same_correction_twice_is_one_and_another_label_another(tmp_path):
    app = client(tmp_path, PLAIN)
    first = correct(app, '{"kind": "rare"}').json()
    before = (tmp_path / first["sample"] / "labels.csv").stat()
    assert correct(app, '{"kind": "rare"}').json() == first
    assert (tmp_path / first["sample"] / "labels.csv").stat() == before
    assert correct(app, '{"kind": "plain"}').json() != first
    assert len(list(tmp_path.iterdir())) == 2
    assert len({row["group"] for row in collect(tmp_path)[1]}) == 1  # the same files: one group
    assert correct(app, '{"kind": "rare"}', group="match 7").json() != first
    assert 'tailwise_corrected_total{head="kind",right="false"} 2.0' in app.get("/metrics").text


@pytest.mark.parametrize("group", ["=HYPERLINK(1)", "a\nb", "a\0", "x" * 201, "@a"])
def test_a_group_that_tables_cannot_have_is_422(tmp_path, group):
    found = correct(client(tmp_path, PLAIN), '{"kind": "rare"}', group=group)
    assert found.status_code == 422 and "group must be at most 200" in found.json()["detail"]


def test_a_blank_group_is_none_and_views_of_some_samples_are_views_of_all(tmp_path):
    app = client(tmp_path, PLAIN)
    for contents in ([picture(1)], [picture(2), picture(3)]):
        assert correct(app, '{"kind": "rare"}', *contents, group=" \u200b").status_code == 200
    _, rows = collect(tmp_path)
    assert sorted(row["view"] for row in rows) == ["0", "0", "1"] and all(row["group"] for row in rows)


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ("", "and labels as JSON in a field named labels"),
        ("{}", "labels must be JSON"),
        ("[1]", "labels must be JSON"),
        ("[" * 100_000, "labels must be JSON"),
        ('{"other": "rare"}', "labels: no head 'other'; there are: kind"),
        ('{"kind": "gone"}', "labels: kind has no class 'gone'; there are: plain, rare"),
        ('{"kind": ["rare"]}', "labels: kind has no class"),
    ],
)
def test_labels_that_the_model_does_not_have_are_422(tmp_path, labels, said):
    found = correct(client(tmp_path, PLAIN), labels)
    assert found.status_code == 422 and said in found.json()["detail"].replace('"', "'")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        (PLAIN * 2, "2 samples: correct one at a time"),
        ([{"heads": {"kind": [PLAIN[0]]}}], "this model labels positions"),
    ],
)
def test_what_is_no_sample_with_one_label_is_422(tmp_path, answers, said):
    found = correct(client(tmp_path, answers), '{"kind": "rare"}')
    assert found.status_code == 422 and said in found.json()["detail"] and not list(tmp_path.iterdir())


def test_a_full_folder_takes_no_more_also_after_a_restart(tmp_path):
    size = 4 * BLOCK  # a folder, its table, and a small file with its name
    assert correct(client(tmp_path, PLAIN, most=size), '{"kind": "rare"}').status_code == 200
    found = correct(client(tmp_path, PLAIN, most=2 * size), '{"kind": "rare"}', picture(2))
    assert found.status_code == 507 and "no more corrections are kept" in found.json()["detail"]
    assert len(list(tmp_path.iterdir())) == 1


def test_without_a_folder_nothing_is_kept():
    found = correct(client(None, PLAIN), '{"kind": "rare"}')
    assert found.status_code == 404 and "--feedback" in found.json()["detail"]


def test_a_disk_that_fails_leaves_no_half_of_a_correction(tmp_path, monkeypatch):
    kept = Feedback(tmp_path, [KIND], 10**6)

    def fail(*given):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tailwise.serve.feedback.write_csv", fail)
    with pytest.raises(OSError, match="No space"):
        kept.save([Upload("a.png", b"x")], {"kind": "rare"}, "")
    assert not list(tmp_path.iterdir()) and kept.bytes == 0


def test_a_folder_without_corrections_or_of_two_models_is_one_line(tmp_path):
    with pytest.raises(UserError, match="has no correction"):
        collect(tmp_path)
    Feedback(tmp_path, [KIND], 10**6).save([Upload("a.png", b"x")], {"kind": "rare"}, "")
    Feedback(tmp_path, HEADS, 10**6).save([Upload("a.png", b"y")], {"action": "foul"}, "")
    with pytest.raises(UserError, match="has other columns than"):
        collect(tmp_path)
    assert Refused(507, "a").status == 507
