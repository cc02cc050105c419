"""The recalls that the augmentation of a phase follows, read from the figures of an earlier one."""

import pytest

from support.helpers import make_phase
from tailwise.core.errors import UserError
from tailwise.core.files import write_json
from tailwise.engine.contract.strength import ClassStrength
from tailwise.engine.train.setup import with_recalls

BEST = {"epoch": 3, "size": {"hits": {"small": 30, "large": 0}, "support": {"small": 30, "large": 10}}, "accuracy": 0.5}


def test_recalls_are_read_and_shrunk(tmp_path):
    """The mean is 0.5: small (30 + 5) / 40, large (0 + 5) / 20."""
    write_json(tmp_path / "best.json", BEST)
    phase = make_phase(augment=1.0, augment_by_class=ClassStrength(rarity=0.5, mastery=0.5))
    found = with_recalls(phase, tmp_path / "best.json").augment_by_class
    assert found == ClassStrength(0.5, 0.5, {"size": {"small": 0.875, "large": 0.25}})


@pytest.mark.parametrize("how", [None, ClassStrength(rarity=0.5), ClassStrength(mastery=0.5, recalls={"size": {}})])
def test_without_need_no_file_is_read(tmp_path, how):
    phase = make_phase(augment=1.0, augment_by_class=how)
    assert with_recalls(phase, tmp_path / "none.json") is phase and with_recalls(phase, None) is phase


def test_a_stage_without_recalls_is_told_how_to_get_them():
    with pytest.raises(UserError, match="augment_by_class.mastery needs recalls: --recalls FILE in the cmd"):
        with_recalls(make_phase(augment=1.0, augment_by_class=ClassStrength(mastery=0.5)), None)
