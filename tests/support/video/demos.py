"""Demos of three sizes: the smallest for tests, the preset's, and the default."""

from dataclasses import replace

from tailwise.recipes.fouls.demo import Demo

TINY = Demo(seed=3, train=20, valid=8, test=8, width=96, height=64, frames=24, contact=12)
FULL = Demo(seed=3, train=700, valid=256, test=256, width=256, height=144, frames=60, contact=30)
SMOKE = replace(TINY, train=64, valid=32, test=32)
