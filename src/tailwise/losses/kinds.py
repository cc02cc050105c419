"""The kinds of loss of a head's labels: a phase's ``loss`` names one."""

from tailwise.losses.adaptive import AdaptiveFocal
from tailwise.losses.cross_entropy import CrossEntropy
from tailwise.losses.focal import Focal
from tailwise.losses.ldam import LDAM

Loss = CrossEntropy | Focal | LDAM | AdaptiveFocal

PLAIN = CrossEntropy("cross_entropy")
"""The loss of a phase that names none, and of evaluation."""
