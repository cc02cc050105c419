"""Compressed cells count as their text wherever a table is read."""

import pandas as pd
import pytest

from tailwise.balance.labels import label_in
from tailwise.data.tables.packed import pack

TEXTS = ["verse|chorus", "|chorus", 'é|\n"quoted"', "verse|" * 1000]


@pytest.mark.parametrize("text", TEXTS)
def test_it_is_equal_to_its_text_and_splits_as_it(text):
    packed = pack(text)
    assert str(packed) == text and packed == text and packed == pack(text) and hash(packed) == hash(text)
    assert packed != f"{text} " and packed != pack(f"{text} ") and packed != ""
    assert label_in(packed, positions=True) == label_in(text, positions=True)


def test_a_column_groups_and_compares_as_one_of_texts():
    texts = pd.Series([*TEXTS, "", TEXTS[0]], dtype=object)
    packed = texts.map(lambda text: pack(text) if text else text)
    assert packed.duplicated().tolist() == texts.duplicated().tolist()
    assert (packed == "").tolist() == (texts == "").tolist() and (packed == texts).all()
    assert packed.groupby([0, 0, 1, 1, 2, 2]).nunique().tolist() == [2, 2, 2]
    assert packed.astype("str").tolist() == texts.tolist()


def test_a_repeated_text_is_small():
    assert len(pack(TEXTS[-1]).content) < len(TEXTS[-1]) / 50
