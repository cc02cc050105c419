"""Features of both streams: what is stored, what a cache keeps, faulty clips, mirrored passes."""

import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from support.video.actions import AUGMENT, DECODE, HEAD, STREAMS, WINDOW, write_actions
from tailwise.core.errors import UserError
from tailwise.core.tables import read_table
from tailwise.data.raw import RawFile
from tailwise.data.video.decode.frames import decode_clip
from tailwise.data.video.sampling import Sampling
from tailwise.data.video.store.facts import read_facts, write_facts
from tailwise.data.video.store.tokens import Tokens
from tailwise.data.video.views import Views
from tailwise.models.action.fusion import CrossAttention
from tailwise.models.action.model import TwoStreams
from tailwise.recipes.actions.features.build import Job, build_features
from tailwise.recipes.actions.features.options import Features
from tailwise.recipes.actions.features.shard import Passes
from tailwise.recipes.actions.recipe import RECIPE
from tailwise.recipes.actions.report.strips import frames_of, thumbnail, thumbnails
from tailwise.recipes.actions.task import Config, build

FLIPPED = Features(passes=1, flip=True)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    root = tmp_path_factory.mktemp("data")
    write_actions(root / "raw", root / "index", each=2)
    return root


@pytest.fixture(scope="module")
def net():
    torch.manual_seed(1)
    return STREAMS.build()


@pytest.fixture
def make(data, net, tmp_path, monkeypatch):
    """Computes the features of a split into a folder below tmp_path, which also has the cache."""
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))

    def made(split="train", how=FLIPPED, rows=None, folder="features", net=net):
        job = Job(data / "raw", WINDOW, DECODE, STREAMS, net, torch.device("cpu"), 1)
        table = rows_of(data, split) if rows is None else rows
        passes = Passes(how, replace(AUGMENT, mirror=0.0), 1, split == "train")
        return build_features(job, table, passes, tmp_path / folder / split), tmp_path / folder / split

    return made


def rows_of(data, split) -> pd.DataFrame:
    return read_table(data / "index" / f"{split}.csv", {})


def test_tokens_are_those_of_the_streams_plain_and_mirrored(make, data, net):
    made, folder = make()
    assert (made.shards, made.computed, made.faults) == (2, 2, {})
    split = Tokens(folder, (HEAD,), all_passes=True)
    assert len(split) == 6 and split.facts.flipped == (False, True)
    for place in (0, 5):
        _, found = split[place]
        clip = torch.from_numpy(decode_clip(RawFile(data / "raw", split.rows[place]["path"]), WINDOW)[0])[None]
        for name, passes in found.items():
            plain, mirrored = net.tokens(name, clip)[0], net.tokens(name, clip.flip(3))[0]
            np.testing.assert_allclose(passes, np.stack([plain.half(), mirrored.half()]), rtol=2e-2, atol=2e-2)


def test_evaluation_has_the_plain_pass_alone(make):
    _, folder = make("valid")
    split = Tokens(folder, (HEAD,))
    batch = split.collate([split[i] for i in (4, 0)])
    steps, dims = STREAMS.steps(WINDOW.frames), STREAMS.dims
    assert {name: tuple(of.shape) for name, of in batch.inputs.items()} == {
        name: (2, steps[name], dims[name]) for name in steps
    }
    assert batch.targets["action"].tolist() == [2, 0] and batch.index.tolist() == [4, 0]
    assert read_facts(folder).flipped == (False,)


def test_a_second_time_everything_comes_from_the_cache_and_no_frames_stay(make, tmp_path):
    _, folder = make()
    again, other = make(folder="again")
    assert again.computed == 0
    for file in sorted(folder.iterdir()):
        assert (other / file.name).read_bytes() == file.read_bytes()
    assert not list((tmp_path / ".cache/clips").glob("*.npy"))


def test_another_stream_is_computed_anew_and_the_other_is_not(make, net):
    make()
    torch.manual_seed(1)
    other = STREAMS.build()
    with torch.no_grad():
        other.motion.patches.bias[0] += 1
    made, _ = make(net=other)
    assert (made.shards, made.computed) == (2, 1)


def test_one_more_clip_computes_its_shard_alone(make, data, monkeypatch):
    monkeypatch.setattr("tailwise.data.shards.partition.LARGEST", 2)
    rows = rows_of(data, "train")
    first, _ = make(rows=rows.iloc[:-1])
    second, folder = make(rows=rows)
    assert 0 < second.computed < second.shards
    assert len(Tokens(folder, (HEAD,))) == len(rows)


def test_pooled_features_have_one_token(make):
    _, folder = make(how=Features(passes=0, flip=False, pool="max"))
    split = Tokens(folder, (HEAD,))
    assert {name: of.shape[0] for name, of in split[0][1].items()} == {"semantic": 1, "motion": 1}
    assert split.facts.steps == {"semantic": 1, "motion": 1} and split.facts.pool == "max"


def test_augmented_passes_differ_and_follow_from_the_clip(make):
    how = Features(passes=2, flip=False, augment=1.0)
    _, folder = make(how=how)
    _, again = make(how=replace(how, batch=1), folder="again")
    one, other = (Tokens(place, (HEAD,), all_passes=True) for place in (folder, again))
    for place in range(len(one)):
        passes = one[place][1]["motion"].astype(np.float32)
        assert np.abs(passes[1] - passes[0]).max() > 0 and np.abs(passes[2] - passes[1]).max() > 0
        np.testing.assert_allclose(other[place][1]["motion"], passes, rtol=2e-2, atol=2e-2)


@pytest.mark.parametrize("kind", ["uniform", "segments", "dense", "key_frames"])
def test_features_are_of_the_sampled_frames_and_crops(make, data, net, kind):
    looks = Views(Sampling(kind, 4), crop=32)
    _, folder = make("train", Features(passes=1, flip=False, views=looks))
    split = Tokens(folder, (HEAD,), all_passes=True)
    _, found = split[2]
    frames = decode_clip(RawFile(data / "raw", split.rows[2]["path"]), WINDOW)[0]
    plain = net.tokens("semantic", torch.from_numpy(looks.plain(frames))[None])[0]
    np.testing.assert_allclose(found["semantic"][0], plain, rtol=2e-2, atol=2e-2)
    assert split.facts.steps == {"semantic": 2, "motion": 1} and split.facts.looks == looks
    assert np.abs(found["motion"][1] - found["motion"][0]).max() > 0  # another crop


def test_a_protocol_has_its_views_in_tests_alone(make, data, net):
    looks = Views(Sampling("uniform", 8), crop=32, test="8x1x3")
    _, train = make("train", Features(passes=1, views=looks))
    _, valid = make("valid", Features(passes=1, views=looks))
    assert (read_facts(train).views, read_facts(train).flipped) == (1, (False, True))
    split = Tokens(valid, (HEAD,))
    batch = split.collate([split[0], split[1]])
    assert split.facts.views == 3 and batch.inputs["motion"].shape == (2, 3, 2, 32)
    frames = decode_clip(RawFile(data / "raw", split.rows[1]["path"]), WINDOW)[0]
    seen = net.tokens("motion", torch.from_numpy(looks.for_test(frames)))
    np.testing.assert_allclose(batch.inputs["motion"][1], seen, rtol=2e-2, atol=2e-2)


def test_a_thumbnail_is_of_the_middle_frame_and_grey_where_the_clip_is_gone(make, data, tmp_path):
    shutil.copytree(data / "raw", tmp_path / "raw")
    _, folder = make("valid")
    write_facts(folder, replace(read_facts(folder), root=str(tmp_path / "raw")))
    first, second = Tokens(folder, (HEAD,)).rows[:2]
    (tmp_path / "raw" / second["path"]).unlink()
    found = thumbnails(folder, [second["sample"], first["sample"], first["sample"]])
    assert found[1] == found[2] != found[0] and all(of.startswith("data:image/webp;base64,") for of in found)
    frame = frames_of(read_facts(folder), first["path"])[WINDOW.frames // 2]
    assert found[1] == thumbnail(frame) and max(map(len, found)) < 1024


def test_an_explained_clip_has_the_importance_of_each_frame(make, net):
    _, folder = make("valid")
    model = TwoStreams(CrossAttention("cross_attention", heads=2), width=16)
    task = build(Config(STREAMS, model), (HEAD,), None, folder, seed=1)
    task.model.eval().streams.load_state_dict(net.state_dict())
    found = RECIPE.explain(task, task.valid.names[0], "action", torch.device("cpu"))
    assert len(found["importance"]) == found["frames"] == WINDOW.frames and found["strip"].startswith("data:image")
    assert [len(found["attention"][name]) for name in ("semantic", "motion")] == [4, 2]
    write_facts(folder, replace(read_facts(folder), root="absent"))
    again = build(Config(STREAMS, model), (HEAD,), None, folder, seed=1)
    gone = RECIPE.explain(replace(again, model=task.model), task.valid.names[0], "action", torch.device("cpu"))
    assert (gone["strip"], gone["importance"], gone["attention"]) == ("", [], found["attention"])


def test_facts_without_views_are_as_they_were(make):
    _, folder = make("valid")
    assert "looks" not in (text := (folder / "tokens.json").read_text()) and "views" not in text


def test_faulty_clips_are_left_out_and_told(make, data):
    rows = rows_of(data, "test")
    broken = data / "raw" / "broken.mp4"
    broken.write_bytes(b"no clip" * 200)
    rows.loc[0, ["path", "content"]] = ["broken.mp4", "f" * 64]
    made, folder = make("test", rows=rows)
    assert list(made.faults) == ["broken.mp4"]
    assert len(Tokens(folder, (HEAD,))) == len(rows) - 1
    with pytest.raises(UserError, match="no clip of the test split can be used"):
        make("test", rows=rows.iloc[:1])


def test_numbers_that_are_not_finite_are_refused(make):
    torch.manual_seed(1)
    broken = STREAMS.build()
    with torch.no_grad():
        broken.motion.patches.bias[0] = float("nan")
    with pytest.raises(UserError, match="the motion stream gives numbers that are not finite"):
        make(net=broken)


@pytest.mark.parametrize(
    ("how", "training", "expected"),
    [
        (Features(passes=3, flip=True), True, (False, True, False, True)),
        (Features(passes=2, flip=False, augment=0.5), True, (False, False, False)),
        (Features(passes=3, flip=True), False, (False,)),
    ],
)
def test_every_other_pass_is_mirrored_in_training(how, training, expected):
    assert how.flipped(training) == expected


def test_passes_without_effect_are_refused():
    with pytest.raises(ValueError, match="passes has no effect"):
        Features(passes=1, flip=False)
