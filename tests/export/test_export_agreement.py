"""An export agrees with the trained model only where every output is a number."""

import numpy as np
import pytest

from tailwise.core.errors import UserError
from tailwise.core.heads import Head
from tailwise.export.graph.compare import check_agreement, compare

KIND = Head("kind", ("a", "b"))
BATCHES = [{"x": np.zeros((1, 2), np.float32)}, {"x": np.ones((1, 2), np.float32)}]


def agreement(wanted, found):
    """Of a model that answers the second batch so; the first one alike."""

    def answers(last):
        return lambda batch: {"kind": np.array([last if batch["x"].any() else [0.0, 1.0]], np.float32)}

    return compare(BATCHES, answers(wanted), answers(found), {"x": ("batch",)}, [KIND])


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("both", [False, True])
def test_an_output_that_is_no_number_is_refused(value, both):
    found = agreement([1.0, value if both else 0.0], [1.0, value])
    with pytest.raises(UserError, match="differs from the trained one by inf"):
        check_agreement(found, "onnx in fp32")


def test_the_largest_difference_of_all_batches_is_found():
    found = agreement([1.0, 0.0], [1.0, 0.25])
    assert found.difference == 0.25 and found.same == 1
    check_agreement(agreement([1.0, 0.0], [1.0, 0.0]), "onnx in fp32")
