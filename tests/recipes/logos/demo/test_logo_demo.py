"""The demo of logos: the same bytes, the classes as they were meant, brands and near-duplicates in one split."""

import hashlib
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from tailwise.data.images.fingerprints import fingerprint_of, near_duplicates
from tailwise.data.images.vector import read_vector
from tailwise.recipes.logos.demo import Demo, make_demo
from tailwise.recipes.logos.demo.drawing import Place
from tailwise.recipes.logos.demo.letters import FORMS, letter_path
from tailwise.recipes.logos.demo.shapes import LINES, OPEN, SOLID, bands, sectors
from tailwise.recipes.logos.properties.source import source_facts
from tailwise.recipes.logos.readers.images import ImageFiles

SMALL = Demo(seed=7, train=16, valid=8, test=8, per_brand=2, imbalance=1.0)
ALL = Place(50, 50, 100, 100)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("demo")
    make_demo(SMALL, root)
    return root


def files(folder: Path) -> dict[str, bytes]:
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in sorted(folder.rglob("*.svg"))}


def test_the_same_bytes_each_time(folder, tmp_path):
    make_demo(SMALL, tmp_path)
    assert files(tmp_path) == files(folder)


def test_another_seed_draws_other_logos(folder, tmp_path):
    make_demo(Demo(8, 16, 8, 8, 2, 1.0), tmp_path)
    assert not set(files(tmp_path).values()) & set(files(folder).values())


def test_the_reader_of_images_reads_it(folder):
    logos = ImageFiles("images", groups="brand").logos(folder)
    counts = Counter((logo.split, logo.kind) for logo in logos)
    assert counts == {
        (split, kind): getattr(SMALL, split)
        for split in ("train", "valid", "test")
        for kind in ("simple", "text", "gradient", "complex")
    }
    groups = Counter(logo.group for logo in logos)
    assert set(groups.values()) == {2}


def test_brands_and_near_duplicates_are_in_one_split(folder):
    names = list(files(folder))
    found = [fingerprint_of(content) for content in files(folder).values()]
    assert all(each.hash is not None for each in found)
    assert not [1 for a, b in near_duplicates(found) if names[a].split("/")[0] != names[b].split("/")[0]]


def test_the_sources_are_what_the_classes_mean(folder):
    for name, content in files(folder).items():
        facts, kind = source_facts(content.replace(b"<rect", b"<ground")), name.split("/")[1]
        assert (facts.gradients > 0) == (kind == "gradient")
        if kind == "simple":
            inks = set(re.findall(rb'<path[^>]*(?:fill|stroke)="(#\w+)"', content))
            assert len(inks) == 1 and facts.shapes <= 2
        if kind == "complex":
            assert facts.shapes >= 4 and facts.colours >= 3


def test_classes_are_alike_in_size_and_number_of_brands(folder):
    aspects = {
        kind: [source_facts(content).aspect for name, content in files(folder).items() if f"/{kind}/" in name]
        for kind in ("simple", "text", "gradient", "complex")
    }
    assert np.ptp([np.mean(np.log(values)) for values in aspects.values()]) < 0.25


@pytest.mark.parametrize("maker", [*SOLID, *OPEN, *LINES])
def test_a_shape_lies_within_its_square(maker):
    for seed in range(5):
        element = maker(np.random.default_rng(seed)).element(ALL, "#000000")
        svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-20 -20 140 140">{element}</svg>'
        alpha = np.asarray(read_vector(svg.encode(), 140).pixels)[..., 3]
        assert alpha[20:120, 20:120].sum() > 0.75 * alpha.sum() > 0


@pytest.mark.parametrize("paths", [sectors(5, 0.2, 30), bands(6, True), bands(4, False)])
def test_parts_of_an_outline_do_not_overlap(paths):
    def area(elements):
        svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100">{"".join(elements)}</svg>'
        return np.asarray(read_vector(svg.encode(), 200).pixels)[..., 3].sum() / 255

    elements = [path.element(ALL, "#000000") for path in paths]
    assert sum(area([each]) for each in elements) == pytest.approx(area(elements), rel=0.02)


def test_no_two_letters_are_drawn_alike():
    forms = {letter: letter_path(letter, 0.2).data(ALL) for letter in FORMS}
    assert len(forms) == 26 == len(set(forms.values()))


def test_the_long_tail_has_the_ratio_asked_for():
    counts = Demo(1, 200, 10, 10, 2, 50.0).counts("train")
    assert list(counts.values()) == [200, 54, 15, 4]
    assert set(Demo(1, 200, 10, 10, 2, 50.0).counts("test").values()) == {10}


@pytest.mark.parametrize("wrong", [{"seed": -1}, {"train": 0}, {"per_brand": 0}, {"imbalance": 0.5}])
def test_demos_that_cannot_be(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Demo(**{"seed": 7, "train": 1, "valid": 1, "test": 1, "per_brand": 1, "imbalance": 1.0, **wrong})


def test_the_bytes_are_those_of_when_this_was_written(folder):
    """Another machine or release of NumPy must draw the same logos."""
    digest = hashlib.sha256(b"".join(files(folder).values())).hexdigest()
    assert digest[:16] == "b77512896c7fe7c9"
