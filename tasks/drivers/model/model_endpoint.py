"""Selects the model, its address and its key from the settings, as LiteLLM needs them."""

import os
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from paper2run.errors import ModelError
from paper2run.settings import Settings
from tasks.drivers.model.chat import load_litellm

NVIDIA: Final = "nvidia_nim/"
OPENAI: Final = "openai/"
NVIDIA_KEY: Final = "NVIDIA_API_KEY"
OWN_KEY: Final = "PAPER2RUN_API_KEY"
NO_KEY: Final = "none"
"""Sent to a server that needs no key: OpenAI's client refuses to start without one."""


@dataclass(frozen=True)
class Endpoint:
    """A model that can be asked."""

    model: str
    """LiteLLM's model string, always with its provider where one is known."""
    base_url: str
    api_key: str = field(repr=False)
    """Empty if LiteLLM reads the provider's own variable."""


def endpoint(settings: Settings) -> Endpoint:
    """Return the endpoint that the settings select.

    ModelError if no model is set, or NVIDIA's key is missing. A model string that begins with a
    LiteLLM provider is taken as it is. Without one it names a model of the OpenAI-compatible server
    at `base_url`, else, as `owner/name` with NVIDIA's key, one of NVIDIA's. NVIDIA's key goes to
    NVIDIA's hosts alone. Keys come from the environment or the user's settings file; an address
    from anywhere else gets no key at all, because a line of a batch file or a parameter of a
    deployment may be a stranger's.
    """
    model = settings.planner_model
    if not model:
        raise ModelError(
            "no model is set", hint="set NVIDIA_API_KEY, or --model and PAPER2RUN_API_KEY"
        )
    own = settings.api_key.get_secret_value() if settings.api_key else ""
    nvidia = settings.nvidia_api_key.get_secret_value() if settings.nvidia_api_key else ""
    # LiteLLM itself reads only NVIDIA_NIM_API_KEY, and calls a missing key an internal server error.
    nvidia = nvidia or os.environ.get("NVIDIA_NIM_API_KEY", "")
    if settings.base_url and not _is_nvidia(settings.base_url):
        nvidia = ""
        if not settings.is_own_base_url:
            named = model if _has_provider(model) else OPENAI + model
            return Endpoint(named, settings.base_url, NO_KEY)
    if not _has_provider(model):
        if settings.base_url and not nvidia:
            return Endpoint(OPENAI + model, settings.base_url, own or NO_KEY)
        if nvidia and "/" in model:
            model = NVIDIA + model
    if model.startswith(NVIDIA):
        key = nvidia or own
        if not key:
            raise ModelError(
                f"there is no key for {model}",
                hint="set NVIDIA_API_KEY; for another address than NVIDIA's, PAPER2RUN_API_KEY",
            )
        return Endpoint(model, settings.base_url, key)
    if model.startswith(OPENAI) and settings.base_url and not own:
        return Endpoint(model, settings.base_url, os.environ.get("OPENAI_API_KEY", "") or NO_KEY)
    return Endpoint(model, settings.base_url, own)


def unset_keys(settings: Settings) -> tuple[str, ...]:
    """Return the variables that could hold the key for the settings' model, the provider's own first.

    None if one of them is set, if no model is set, or if the address is such that it gets no key.
    """
    model, at_nvidia = settings.planner_model, _gets_nvidias_key(settings.base_url)
    if not model or settings.is_tape_played_only or settings.api_key:
        return ()
    if not (at_nvidia or settings.is_own_base_url):
        return ()
    if not _has_provider(model) and not at_nvidia:
        return (OWN_KEY,)
    if model.startswith(NVIDIA) or not _has_provider(model):
        is_set = settings.nvidia_api_key or os.environ.get("NVIDIA_NIM_API_KEY")
        return () if at_nvidia and is_set else (*([NVIDIA_KEY] if at_nvidia else ()), OWN_KEY)
    missing = load_litellm().validate_environment(model)["missing_keys"]
    names = tuple(name for name in missing if name.endswith("_API_KEY"))
    return (*names, OWN_KEY) if names else ()


def _gets_nvidias_key(base_url: str) -> bool:
    return not base_url or _is_nvidia(base_url)


def _has_provider(model: str) -> bool:
    prefix = model.split("/", 1)[0]
    return "/" in model and prefix in {provider.value for provider in load_litellm().provider_list}


def _is_nvidia(base_url: str) -> bool:
    parts = urlsplit(base_url)
    host = parts.hostname or ""
    return parts.scheme == "https" and (host == "nvidia.com" or host.endswith(".nvidia.com"))
