import numpy as np

from tailwise.evaluation.explain.nearest import nearest


def test_the_largest_cosines_first_whatever_the_length():
    known = np.array([[1.0, 0.0], [3.0, 3.0], [0.0, 0.1], [-1.0, 0.0]], np.float32)
    found = nearest(known, np.array([[10.0, 0.0], [0.0, 2.0]], np.float32), 3)
    assert found.places.tolist() == [[0, 1, 2], [2, 1, 0]]
    assert found.similarities.tolist() == [[1.0, 0.707107, 0.0], [1.0, 0.707107, 0.0]]


def test_of_equal_ones_the_earlier_row():
    known = np.array([[0.0, 1.0], [2.0, 0.0], [1.0, 0.0], [4.0, 1e-9]])
    assert nearest(known, np.array([[1.0, 0.0]]), 3).places.tolist() == [[1, 2, 3]]


def test_fewer_than_asked_and_a_row_of_zeros():
    found = nearest(np.array([[1.0, 2.0], [0.0, 0.0]]), np.zeros((1, 2)), 5)
    assert found.places.tolist() == [[0, 1]] and found.similarities.tolist() == [[0.0, 0.0]]
