"""Views mixed under their masks: whose, and what becomes of the pixels, by hand."""

import numpy as np
import torch

from tailwise.data.video.augment.mix import blended, partner_views, pasted


def test_the_views_that_are_present_are_mixed_in_order_and_begin_again():
    """Sample 0 has views 0, 2, 3; sample 1 has 1 and 3; sample 2 has 0. Places are 4 * sample + view."""
    present = np.array([[1, 0, 1, 1], [0, 1, 0, 1], [1, 0, 0, 0]], bool)
    of_0 = [4 + 1, 4 + 3, 4 + 1]
    of_1 = [8, 8]
    of_2 = [0]
    assert partner_views(present, np.array([1, 2, 0])).tolist() == of_0 + of_1 + of_2


def test_a_sample_that_is_its_own_partner_is_mixed_with_itself():
    present = np.array([[0, 1, 1]], bool)
    assert partner_views(present, np.array([0])).tolist() == [1, 2]


def views(*values):
    return torch.tensor(values, dtype=torch.uint8)[:, None, None, None, None].expand(-1, 2, 2, 3, 3)


def test_a_blend_is_the_weighted_mean_of_each_pixel():
    found = blended(views(100, 10), views(200, 20), torch.tensor([0.3, 1.0]))
    assert (found[0] == 170).all() and (found[1] == 10).all() and found.dtype == torch.uint8


def test_a_rectangle_of_every_frame_shows_the_partner():
    inside = np.zeros((2, 2, 3), bool)
    inside[0, 0, 1:] = True
    found = pasted(views(100, 10), views(200, 20), torch.from_numpy(inside))
    assert found[0, :, :, :, 0].tolist() == [[[100, 200, 200], [100, 100, 100]]] * 2 and (found[1] == 10).all()
