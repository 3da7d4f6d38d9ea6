"""Judges at the start of a command whether its model can be asked, without loading LiteLLM."""

import os
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Final

from paper2run.errors import UserError
from paper2run.settings import Settings

NOT_INSTALLED: Final = "LiteLLM, through which models are asked, is not installed"
INSTALL: Final = (
    "in the clone of paper2run: `pipx install --force '.[model]'`, `uv tool install --force '.[model]'`, or"
    " `pip install '.[model]'` into this environment"
)
KEY_VARIABLES: Final[Mapping[str, tuple[str, ...]]] = {
    "anthropic": ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"),
    "deepseek": ("DEEPSEEK_API_KEY",),
    "gemini": ("GEMINI_API_KEY", "GOOGLE_API_KEY"),
    "groq": ("GROQ_API_KEY",),
    "mistral": ("MISTRAL_API_KEY",),
    "nvidia_nim": ("NVIDIA_API_KEY", "NVIDIA_NIM_API_KEY"),
    "openai": ("OPENAI_API_KEY",),
    "openrouter": ("OPENROUTER_API_KEY", "OR_API_KEY"),
    "xai": ("XAI_API_KEY",),
}
"""By provider of LiteLLM: the variables that hold its key, the usual one first. Of other providers the first request
tells: their access has more parts than a key, or they are rare."""


def is_installed() -> bool:
    """Whether LiteLLM can be imported: it is the extra `model`."""
    return find_spec("litellm") is not None


def need_model(settings: Settings) -> None:
    """UserError if the settings ask for a model, and LiteLLM or the provider's key is missing."""
    model = settings.planner_model
    if not model or settings.is_tape_played_only:
        return
    if not is_installed():
        raise UserError(
            f"{model} cannot be asked: {NOT_INSTALLED}",
            hint=f"{INSTALL}; or run without a model: --planner rules",
        )
    names = KEY_VARIABLES.get(model.partition("/")[0], ())
    # An address of one's own may need no key.
    if not names or settings.base_url or settings.api_key:
        return
    # NVIDIA's may stand in the settings file.
    in_settings = settings.nvidia_api_key and "NVIDIA_API_KEY" in names
    if not in_settings and not any(os.environ.get(name) for name in names):
        raise UserError(
            f"there is no key for {model}",
            hint=f"set {names[0]} or PAPER2RUN_API_KEY; or run without a model: --planner rules",
        )
