"""The kinds of loss of a head's labels: a phase's ``loss`` names one."""

from tailwise.losses.head.adaptive import AdaptiveFocal
from tailwise.losses.head.cross_entropy import CrossEntropy
from tailwise.losses.head.focal import Focal
from tailwise.losses.head.ldam import LDAM

Loss = CrossEntropy | Focal | LDAM | AdaptiveFocal

PLAIN = CrossEntropy("cross_entropy")
"""The loss of a phase that names none, and of evaluation."""
