"""How hard Hypothesis tries: a fixed set of examples, so that each run is the same.

``FUZZ_EXAMPLES=5000 python3 -m pytest tests/fuzz`` draws that many, others each time.
"""

import os

from hypothesis import HealthCheck, settings

EXAMPLES = os.environ.get("FUZZ_EXAMPLES")
settings.register_profile(
    "fuzz",
    max_examples=int(EXAMPLES or 50),
    derandomize=EXAMPLES is None,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile("fuzz")
