"""Reads the model's key from a Secret block of the Prefect server, where this machine has none.

The key stays in the settings in memory: they are no parameter of a flow and no part of a cache key.
"""

from prefect.blocks.system import Secret
from pydantic import SecretStr

from paper2run.settings import PREFIX, Settings
from tasks.drivers.model.model_endpoint import NVIDIA_KEY, unset_keys
from tasks.running.patience import patiently
from tasks.running.progress_log import PROGRESS


def with_model_key(settings: Settings) -> Settings:
    """Return the settings with the key of the first block that there is for the model, else as they are.

    The server is asked only where environment and settings file lack the key and the model may have one.
    """
    for variable in unset_keys(settings):
        key = _read(block_name(variable))
        if key:
            PROGRESS.info(f"the model's key is that of the Secret block {block_name(variable)}")
            field = "nvidia_api_key" if variable == NVIDIA_KEY else "api_key"
            return settings.changed(**{field: SecretStr(key)})
    return settings


def block_name(variable: str) -> str:
    """Return the name of the block that stands for the variable: `paper2run-openai-api-key`."""
    return f"paper2run-{variable.removeprefix(PREFIX).lower().replace('_', '-')}"


def _read(name: str) -> str:
    """Return the text of the Secret block; empty if there is no such block."""

    def read() -> object:
        try:
            return Secret.load(name).get()  # type: ignore[union-attr]
        except ValueError:
            # Prefect's only word for a block that is not there.
            return ""

    found = patiently(read)
    return found if isinstance(found, str) else ""
