"""What torch computes with: what no parameter says, and yet decides the last digits of a result.

It goes into a run's record and into the key of its saved state. What a stage's last run computed with is kept in
``.logs/computing/<stage>.json`` besides, outside git and DVC: DVC removes a stage's outputs before it starts it. Where
there is none, as in a fresh clone, the certificate in git says what the recorded run had.
"""

import os
import sys
from contextlib import suppress
from pathlib import Path

import torch

from tailwise.core.errors import UserError
from tailwise.core.files import read_json, write_json
from tailwise.core.stage.events import Events, events_path, stage_name

ON_CPU = (
    "ONEDNN_MAX_CPU_ISA",
    "DNNL_MAX_CPU_ISA",
    "ONEDNN_CPU_ISA_HINTS",
    "DNNL_CPU_ISA_HINTS",
    "ONEDNN_DEFAULT_FPMATH_MODE",
    "DNNL_DEFAULT_FPMATH_MODE",
    "MKL_CBWR",
    "MKL_ENABLE_INSTRUCTIONS",
    "MKL_DEBUG_CPU_TYPE",
    "MKL_DOMAIN_NUM_THREADS",
    "MKL_NUM_STRIPES",
    "OMP_DYNAMIC",
    "GLIBC_TUNABLES",
)
"""Variables that choose kernels, or how many threads they have. ATEN_CPU_CAPABILITY is not among them: torch says
what came of it."""

OF_OPENBLAS = ("OPENBLAS_CORETYPE", "OPENBLAS_NUM_THREADS")
"""Heeded by numpy, too, but by no weight unless torch is built with it: on ARM, not on x86."""

ON_CUDA = (
    "NVIDIA_TF32_OVERRIDE",
    "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE",
    "CUBLAS_WORKSPACE_CONFIG",
    "CUBLASLT_WORKSPACE_SIZE",
    "TORCH_BLAS_PREFER_CUBLASLT",
    "DISABLE_ADDMM_CUDA_LT",
    "TORCH_CUDNN_V8_API_DISABLED",
    "TORCH_CUDNN_USE_HEURISTIC_MODE_B",
    "CUDNN_CONV_WSCAP_DBG",
    "NCCL_ALGO",
    "NCCL_PROTO",
)


def backend(device: torch.device) -> dict[str, str]:
    """{what: which}: versions, the instructions of the processor, the GPU, and the variables that are set."""
    found = {"torch": torch.__version__.split("+")[0], "CPU capability": torch.backends.cpu.get_cpu_capability()}
    names = [*ON_CPU, *(OF_OPENBLAS if "BLAS_INFO=open" in torch.__config__.show() else ())]
    if device.type == "cuda":
        versions = {"CUDA": torch.version.cuda, "cuDNN": torch.backends.cudnn.version()}
        found |= {"GPU": torch.cuda.get_device_name(device), **{name: str(value) for name, value in versions.items()}}
        names += ON_CUDA
    return found | {name: os.environ[name] for name in names if os.environ.get(name)}


def difference(now: dict[str, str], before: dict[str, str]) -> str:
    """One line on what is not as it was; "" where all is."""
    apart = [name for name in {**before, **now} if now.get(name) != before.get(name)]
    if not apart:
        return ""
    had, has = (", ".join(f"{name} {values.get(name, 'unset')}" for name in apart) for values in (before, now))
    text = f"computing with {has} where the recorded run had {had}"
    return f"{text}: weights and figures may differ in their bytes"


CERTIFICATE, COMPUTING = Path("reports/certificate.json"), "computing"


def log_difference(device: torch.device, events: Events) -> None:
    """Say what the last run of this stage that came to its end had, or the certified run, where it was another."""
    now, before = backend(device), _facts(_path()) or _facts(CERTIFICATE).get(COMPUTING)
    if isinstance(before, dict) and before and (text := difference(now, before)):
        events.log("computing", text, now=now, before=before)


def keep_backend(device: torch.device) -> None:
    """This run of the stage has made its outputs."""
    try:
        write_json(_path(), backend(device))
    except OSError as error:  # what the stage made counts, not what is told of it
        print(f"{stage_name()}: not logged: {_path()}: {error.strerror}", file=sys.stderr)


def _facts(path: Path) -> dict:
    """Empty where nothing was kept, or nothing that can be read."""
    with suppress(UserError):
        found = read_json(path)
        return found if isinstance(found, dict) else {}
    return {}


def _path() -> Path:
    log = events_path(stage_name())
    return log.parents[1] / "computing" / f"{log.stem}.json"
