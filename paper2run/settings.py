"""All settings in one typed place, read once at the start of a command or a flow and passed down.

Flags win over environment variables, those win over the user's own settings file. Every variable is
`PAPER2RUN_` and the field's name in capitals; the few other names are given as aliases. Nothing is read from the
working folder, which may be a stranger's (paper2run/environment_file.py has what a command takes from there).
"""

import os
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AliasChoices, Field, SecretStr
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from paper2run.errors import HostError
from paper2run.model.usage import Budget
from paper2run.redaction import secrets_in

ADDRESSES: Final = (
    "index_url", "torch_index_url", "conda_channel_alias", "http_proxy", "https_proxy", "base_url",
    "registry", "registry_prefix", "storage",
)  # fmt: skip
"""Settings that may hold a login."""
PlannerChoice = Literal["rules", "model", "auto"]
DEFAULT_NVIDIA_MODEL = "nvidia_nim/deepseek-ai/deepseek-v4-flash"
"""Planner when NVIDIA_API_KEY is set and no model is named."""

SmokeSeconds = Annotated[int, Field(ge=1, le=86_400)]
Builds = Annotated[int, Field(ge=1, le=20)]


def user_file() -> Path | None:
    """Return where the user's own settings file lies, `~/.config/paper2run/env`; None without a home folder."""
    config, home = (Path(os.environ.get(name, "")) for name in ("XDG_CONFIG_HOME", "HOME"))
    if not config.is_absolute():
        config = home / ".config"
    return config / "paper2run" / "env" if config.is_absolute() else None


def default_home() -> Path:
    """Return `~/.local/share/paper2run`. HostError where the user has no home folder."""
    try:
        return Path("~/.local/share/paper2run").expanduser()
    except RuntimeError:
        raise HostError(
            "this user has no home folder", hint="set HOME, or PAPER2RUN_HOME and PREFECT_HOME"
        ) from None


class Settings(BaseSettings):
    """Everything that can be set. Units stand in the names."""

    model_config = SettingsConfigDict(
        env_prefix="PAPER2RUN_", extra="ignore", frozen=True, populate_by_name=True
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Return where values come from, the strongest first; the user's file is looked for anew each time."""
        file = DotEnvSettingsSource(settings_cls, env_file=user_file())
        return init_settings, env_settings, file

    home: Path = Field(default_factory=default_home)
    """Folder of what runs share: git mirrors, resolver cache. Outside the run folders, kept between runs."""
    out: Path = Path("runs")
    """Folder that gets one folder per run."""
    timeout: SmokeSeconds = 900
    """Seconds that a smoke run may take; still alive then counts as success."""
    max_attempts: Builds = 3
    """Builds that one run may make, the first included."""
    build_timeout: int = Field(3600, ge=1, le=86_400)
    """Seconds that one image build may take."""
    clone_timeout: int = Field(900, ge=1, le=86_400)
    """Seconds that one git transfer may take."""
    max_repo_mb: int = Field(2048, ge=1)
    """Size of a repository's history and files beyond which it is refused."""
    memory_mb: int = Field(4096, ge=64)
    """Memory of a smoke container; swap is not given."""
    cpus: float = Field(2.0, gt=0)
    """Processors of a smoke container."""
    pids: int = Field(512, ge=16)
    """Processes and threads of a smoke container."""
    disk_mb: int = Field(10_240, ge=16)
    """What a smoke container may write to its own layer."""
    min_free_mb: int = Field(2048, ge=0)
    """Free space that the engine's disk must have before and during a build; a quarter of it during a run."""
    keep_gb: float = Field(50, ge=0)
    """What our images and our build cache may take of the engine's disk, in GB of 10^9 bytes; what was used last
    longest ago goes first. 0: only what is in use; inf: no limit. The default holds about 100 runs (90 took 35 GB)."""
    engine_slots: int = Field(0, ge=0)
    """Builds and containers at a time on one engine, all workers together; 0: as its processors and memory carry.
    Read when the limit is made; from then on it is changed in the Prefect UI."""
    smoke_network: Literal["none", "bridge"] = "none"
    """Network of smoke containers. With none, a repository that downloads at run time fails and says so."""
    planner: PlannerChoice = "auto"
    """Who plans: rules only, the model with the rules' plan as draft, or the model where the rules doubt their plan."""
    model: str = ""
    """LiteLLM model string of the planner; empty: NVIDIA's default if its key is set, else rules only."""
    base_url: str = ""
    """Address of an OpenAI-compatible endpoint; empty for the provider's own."""
    nvidia_api_key: SecretStr | None = Field(
        None, validation_alias=AliasChoices("nvidia_api_key", "NVIDIA_API_KEY")
    )
    """Key for NVIDIA's endpoint."""
    api_key: SecretStr | None = None
    """Key for any other endpoint; without it LiteLLM reads the provider's own variable."""
    max_tokens: int | None = Field(None, ge=0)
    """Tokens, prompts and answers together, that one run may spend on the model; None: no limit, 0: asks nobody."""
    max_cost_usd: float | None = Field(None, ge=0)
    """US dollars that one run may spend on the model; models without a known price are then not asked."""
    index_url: str = Field(
        "",
        validation_alias=AliasChoices(
            "index_url", "PAPER2RUN_INDEX_URL", "UV_DEFAULT_INDEX", "PIP_INDEX_URL"
        ),
    )
    """Python package index for resolving and building; empty for the public one."""
    ca_bundle: Path | None = Field(
        None,
        validation_alias=AliasChoices(
            "ca_bundle", "PAPER2RUN_CA_BUNDLE", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"
        ),
    )
    """PEM file of the certificate authorities that builds trust; it is mounted, never copied into an image."""
    http_proxy: str = Field(
        "", validation_alias=AliasChoices("http_proxy", "PAPER2RUN_HTTP_PROXY", "HTTP_PROXY")
    )
    """Proxy that builds use for http; predefined in builders, so it stays out of image and history."""
    https_proxy: str = Field(
        "", validation_alias=AliasChoices("https_proxy", "PAPER2RUN_HTTPS_PROXY", "HTTPS_PROXY")
    )
    """Proxy that builds use for https."""
    no_proxy: str = Field(
        "", validation_alias=AliasChoices("no_proxy", "PAPER2RUN_NO_PROXY", "NO_PROXY")
    )
    """Hosts that builds reach without a proxy."""
    torch_index_url: str = ""
    """Index with the CPU builds of torch, where a site has a mirror of it; empty for PyTorch's own."""
    conda_channel_alias: str = ""
    """Address that stands for all public conda channels, e.g. `https://mirror.example.org/conda`; empty for none."""
    registry_prefix: str = ""
    """Put before the names of official base images, e.g. `mirror.example.org/library`; empty for none."""
    registry: str = Field("", pattern=r"^$|^[a-z0-9][a-z0-9.-]*(:\d+)?(/[a-z0-9._-]+)*/?$")
    """Registry, with a path if wanted, that built images are pushed to and pulled from; empty for none."""
    storage: str = Field("", pattern=r"^$|^[a-z0-9+.-]+://.+")
    """Address that fsspec knows for kept results and run folders, e.g. `s3://bucket/prefix`; empty: this machine."""
    progress: Literal["auto", "live", "plain"] = "auto"
    """How the terminal shows progress: live only on a terminal, unless told."""

    @property
    def planner_model(self) -> str:
        """The model that plans and diagnoses; empty where rules do all."""
        if self.planner == "rules":
            return ""
        if self.model:
            return self.model
        return DEFAULT_NVIDIA_MODEL if self.nvidia_api_key else ""

    @property
    def budget(self) -> Budget:
        """What this run may spend on the model."""
        return Budget(max_tokens=self.max_tokens, max_cost_usd=self.max_cost_usd)

    def changed(self, **fields: Any) -> Self:
        """Return a copy with other values for some fields; ValidationError for names and values that it cannot have."""
        return type(self)(**{**dict(self), **fields})

    def secrets(self) -> tuple[str, ...]:
        """Return what the settings hold that nobody else may see: keys, and what is secret in addresses."""
        found = {key.get_secret_value() for key in (self.api_key, self.nvidia_api_key) if key}
        for name in ADDRESSES:
            found |= secrets_in(str(getattr(self, name)))
        return tuple(sorted(found - {""}))
