"""The computing backend: versions, processor and environment, which decide the last digits of a result.

Part of a run's record and of its state's key. ``.logs/computing/<stage>.json``, outside git and DVC,
has that of a stage's last run, since DVC removes a stage's outputs before it starts. In a fresh clone without such a
file, the certificate in git has that of the recorded run.
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
"""Variables that choose kernels or their number of threads. ATEN_CPU_CAPABILITY is not among them: torch reports the
capability that results."""

OF_OPENBLAS = ("OPENBLAS_CORETYPE", "OPENBLAS_NUM_THREADS")
"""They change a weight only if torch is built with OpenBLAS, as on ARM; on x86 they change numpy alone."""

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
    """{name: value}: versions, the instruction set of the processor, the GPU, and the variables that are set."""
    found = {"torch": torch.__version__.split("+")[0], "CPU capability": torch.backends.cpu.get_cpu_capability()}
    names = [*ON_CPU, *(OF_OPENBLAS if "BLAS_INFO=open" in torch.__config__.show() else ())]
    if device.type == "cuda":
        versions = {"CUDA": torch.version.cuda, "cuDNN": torch.backends.cudnn.version()}
        found |= {"GPU": torch.cuda.get_device_name(device), **{name: str(value) for name, value in versions.items()}}
        names += ON_CUDA
    return found | {name: os.environ[name] for name in names if os.environ.get(name)}


def difference(now: dict[str, str], before: dict[str, str]) -> str:
    """One line on what differs; "" if nothing does."""
    apart = [name for name in {**before, **now} if now.get(name) != before.get(name)]
    if not apart:
        return ""
    had, has = (", ".join(f"{name} {values.get(name, 'unset')}" for name in apart) for values in (before, now))
    text = f"computing with {has} where the recorded run had {had}"
    return f"{text}: weights and figures may differ in their bytes"


CERTIFICATE, COMPUTING = Path("reports/certificate.json"), "computing"


def log_difference(device: torch.device, events: Events) -> None:
    """Log how the backend differs from that of this stage's last finished run, or of the certified run."""
    now, before = backend(device), _facts(_path()) or _facts(CERTIFICATE).get(COMPUTING)
    if isinstance(before, dict) and before and (text := difference(now, before)):
        events.log("computing", text, now=now, before=before)


def keep_backend(device: torch.device) -> None:
    """Record the backend, at the end of a stage."""
    try:
        write_json(_path(), backend(device))
    except OSError as error:  # a failed log must not fail the stage
        print(f"{stage_name()}: not logged: {_path()}: {error.strerror}", file=sys.stderr)


def _facts(path: Path) -> dict:
    """Empty if the file is absent or unreadable."""
    with suppress(UserError):
        found = read_json(path)
        return found if isinstance(found, dict) else {}
    return {}


def _path() -> Path:
    log = events_path(stage_name())
    return log.parents[1] / "computing" / f"{log.stem}.json"
