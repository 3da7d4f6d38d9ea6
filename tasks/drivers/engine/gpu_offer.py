"""Tells from an engine's own account of itself how it hands NVIDIA GPUs to containers.

Docker's `--gpus` needs the runtime of the NVIDIA container toolkit; an engine with CDI hands out devices by name.
https://docs.docker.com/reference/api/engine/version/v1.49/#tag/System/operation/SystemInfo
"""

from collections.abc import Mapping
from typing import Any, Final, Literal

GpuOffer = Literal["runtime", "cdi"]
CDI_KIND: Final = "nvidia.com/gpu="
CDI_GPUS: Final = f"{CDI_KIND}all"
"""All GPUs, as the toolkit names them. https://github.com/cncf-tags/container-device-interface"""
GPU_FLAGS: Final[Mapping[GpuOffer, str]] = {
    "runtime": "--gpus=all",
    "cdi": f"--device={CDI_GPUS}",
}
"""What a person writes into `docker run` for the same request."""


def gpu_offer(info: Mapping[str, Any]) -> GpuOffer | None:
    """Return how the engine with this `info` offers GPUs; None if it offers none."""
    if "nvidia" in (info.get("Runtimes") or {}):
        return "runtime"
    devices = info.get("DiscoveredDevices") or ()
    return (
        "cdi" if any(str(device.get("ID", "")).startswith(CDI_KIND) for device in devices) else None
    )
