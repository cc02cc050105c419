"""``tailwise export`` and ``tailwise predict --model``."""

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from support.exporting import differing, write_weights
from support.video.actions import CLASSES, film
from tailwise.cli.main import main
from tailwise.core.heads import Head
from tailwise.evaluation.calibration.fitted import Temperature, write_calibration

ROOT = Path(__file__).parents[2]
pytest.importorskip("onnxscript", reason="needs requirements-export.txt")
pytest.importorskip("onnxruntime", reason="needs requirements-export.txt")
KIND = Head("kind", ("simple", "text", "gradient", "complex"))
NO_TORCH = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("torch", "torchvision"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Absent())
from tailwise.cli.main import main
sys.exit(main(sys.argv[1:]))
"""
FILES = {"model.onnx", "card.json", "README.md", "INTEGRATION.md", "predict.py", "example.npz", "answer.json"}


def export(*more, weights="w.safetensors", to="onnx", out="out") -> int:
    return main(["export", "--weights", str(weights), "--to", to, "--out", str(out), *map(str, more)])


def without_torch(*arguments) -> subprocess.CompletedProcess:
    """The command in a process where torch cannot be imported."""
    environment = {"PYTHONPATH": str(ROOT / "src"), "PATH": "/usr/bin:/bin"}
    command = [sys.executable, "-c", NO_TORCH, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


def predicted(text: str) -> list[float | str]:
    """Words and numbers of the answers."""
    return [float(word) if re.fullmatch(r"\d\.\d+", word) else word for word in text.split()]


def same_answers(one: str, other: str) -> bool:
    pairs = list(zip(predicted(one), predicted(other), strict=True))
    return all(a == b if isinstance(a, str) else a == pytest.approx(b, abs=2e-3) for a, b in pairs)


@pytest.fixture(scope="module")
def logo(tmp_path_factory):
    """An exported model of images with its calibration, the weights beside it, and an image."""
    folder = tmp_path_factory.mktemp("logo")
    weights = write_weights(folder / "w.safetensors", "logos-small")
    write_calibration(folder / "c.json", {"kind": Temperature("temperature", KIND.classes, 2.0)})
    Image.effect_noise((40, 30), 90).convert("RGB").save(folder / "a.png")
    given = ["--example", folder / "a.png", "--calibration", folder / "c.json", "--licence", "CC-BY-4.0"]
    assert export(*given, weights=weights, out=folder / "out") == 0
    return folder


def test_the_folder_is_complete_and_its_script_answers_the_example(logo):
    out = logo / "out"
    assert {file.name for file in out.iterdir()} == FILES
    card, answer = (json.loads((out / name).read_text()) for name in ("card.json", "answer.json"))
    assert card["heads"] == [{"name": "kind", "classes": list(KIND.classes)}] and card["licence"] == "CC-BY-4.0"
    assert card["inputs"] == [{"name": "image", "dtype": "uint8", "dims": ["batch", 3, 32, 32]}]
    assert card["calibration"]["kind"]["temperature"] == 2 and card["agreement"]["largest_difference"] < 1e-4
    done = subprocess.run([sys.executable, out / "predict.py"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith(f"kind {answer['kind']['classes'][0]} [")
    assert json.loads(done.stdout.split(maxsplit=2)[2]) == pytest.approx(answer["kind"]["probabilities"][0], abs=1e-4)
    assert len((out / "predict.py").read_text().splitlines()) <= 27
    page = (out / "README.md").read_text() + (out / "INTEGRATION.md").read_text()
    assert "trtexec" in page and "simple, text, gradient, complex" in page and "$" not in page


def test_the_example_is_the_image_as_the_recipe_reads_it(logo):
    with np.load(logo / "out/example.npz") as arrays:
        assert arrays["image"].shape == (1, 3, 32, 32) and arrays["image"].std() > 10


def test_exporting_again_gives_the_same_bytes(logo):
    given = ["--example", logo / "a.png", "--calibration", logo / "c.json", "--licence", "CC-BY-4.0"]
    assert export(*given, weights=logo / "w.safetensors", out=logo / "again") == 0
    assert list(differing(logo / "out", logo / "again")) == []


def test_images_are_predicted_without_torch_as_by_the_weights(logo, capsys):
    found = without_torch("predict", logo / "a.png", "--model", logo / "out")
    assert found.returncode == 0, found.stderr
    given = ["--weights", str(logo / "w.safetensors"), "--calibration", str(logo / "c.json")]
    assert main(["predict", str(logo / "a.png"), *given]) == 0
    assert same_answers(found.stdout, capsys.readouterr().out)


def test_songs_are_predicted_without_torch(folder, capsys):
    write_weights(Path("w.safetensors"), "sections")
    Path("song.txt").write_text("one line\nanother line\nla la la\nla la la\n")
    assert export() == 0
    capsys.readouterr()
    found = without_torch("predict", "song.txt", "--model", "out", "--format", "csv")
    assert found.returncode == 0, found.stderr
    assert main(["predict", "song.txt", "--weights", "w.safetensors", "--format", "csv"]) == 0
    rows = [[line.split(",") for line in text.splitlines()] for text in (found.stdout, capsys.readouterr().out)]
    assert len(rows[0]) == 5 and [row[:3] for row in rows[0]] == [row[:3] for row in rows[1]]
    numbers = [np.array([row[3:] for row in of[1:]], float) for of in rows]
    np.testing.assert_allclose(*numbers, atol=1e-5)


@pytest.mark.slow
def test_clips_are_predicted_without_torch(folder, capsys):
    for name in ("fouls", "actions"):
        film(Path("a.mp4"), CLASSES[0], 1, frames=24)
        write_weights(Path("w.safetensors"), name)
        assert export(out=name) == 0
        capsys.readouterr()
        found = without_torch("predict", "a.mp4", "--model", name)
        assert found.returncode == 0, found.stderr
        assert main(["predict", "a.mp4", "--weights", "w.safetensors"]) == 0
        assert same_answers(found.stdout, capsys.readouterr().out)


def test_int8_and_fp16_say_what_they_change(logo, capsys):
    for precision in ("fp16", "int8"):
        assert export("--precision", precision, weights=logo / "w.safetensors", out=logo / precision) == 0
        printed = capsys.readouterr().out
        assert f"onnx in {precision}" in printed and "in fp32:" in printed and "ms" in printed


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--to", "tensorrt"], "needs TensorRT's trtexec, which is not on the PATH"),
        (["--to", "torchscript", "--precision", "int8"], "--precision int8 is of --to onnx"),
        (["--to", "onnx", "--weights", "absent.safetensors"], "absent.safetensors: no such file"),
        (["--to", "onnx", "--example", "absent.png"], "absent.png: absent"),
        (["--to", "onnx", "--calibration", "absent.json"], "absent.json: No such file"),
        (["--to", "onnx", "--lock", "absent.lock"], "absent.lock: not a dvc.lock"),
        (["--to", "onnx", "--out", "."], "has other files, as "),
    ],
)
def test_what_cannot_be_exported_is_one_line(logo, monkeypatch, capsys, arguments, said):
    monkeypatch.chdir(logo)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    given = {"--weights": "w.safetensors", "--out": "new", **dict(zip(arguments[::2], arguments[1::2]))}
    assert main(["export", *(word for pair in given.items() for word in pair)]) == 1
    error = capsys.readouterr().err
    assert said in error and error.count("\n") == 1 and not Path("new").exists()


def spoilt(folder: Path, **changes) -> None:
    card = json.loads((folder / "card.json").read_text())
    (folder / "card.json").write_text(json.dumps({**card, **changes}))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"version": 2}, "no card of this version"),
        ({"sha256": "0"}, "is not the model that card.json is of"),
        ({"file": "../other/model.onnx"}, "is not the model that card.json is of"),
        ({"format": "torchscript"}, "--model runs ONNX"),
        ({"recipe": "absent"}, "written by the unknown recipe 'absent'"),
        ({"heads": [{"name": "kind", "classes": ["a", "b"]}]}, "numbers for the 2 classes of kind"),
        ({"heads": 3}, "heads"),
        ({"outputs": ["absent"]}, "outputs are not those"),
        ({"reading": {}}, "has no reading.canvas"),
        ({"reading": {"canvas": {"kind": "os.path", "value": 1}}}, "no dataclass of tailwise"),
        ({"inputs": [3]}, "must have name, dtype and dims"),
    ],
)
def test_a_spoilt_folder_is_one_line(logo, tmp_path, capsys, changes, said):
    import shutil

    shutil.copytree(logo / "out", tmp_path / "out")
    if "file" in changes:
        (tmp_path / "out/model.onnx").write_bytes(b"other")
    spoilt(tmp_path / "out", calibration={}, **changes)
    assert main(["predict", str(logo / "a.png"), "--model", str(tmp_path / "out")]) == 1
    error = capsys.readouterr().err
    assert said in error and error.count("\n") == 1


def test_a_folder_does_not_decode(logo, capsys):
    arguments = ["predict", str(logo / "a.png"), "--model", str(logo / "out"), "--decoding", "d.json"]
    assert main(arguments) == 1 and "--decoding needs a weights file" in capsys.readouterr().err
