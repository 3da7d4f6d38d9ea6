"""All settings in one typed place, read once at the start of a command or a flow and passed down.

Flags win over environment variables, those win over the user's own settings file. Every variable is
`PAPER2RUN_` and the field's name in capitals; the few other names are given as aliases. Nothing is read from the
working folder, which may be a stranger's (paper2run/environment_file.py has what a command takes from there).
"""

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AliasChoices, Field, PrivateAttr, SecretStr
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from paper2run.errors import HostError
from paper2run.model.durations import DaySeconds, RunSeconds
from paper2run.model.usage import Budget, Dollars, Seconds, Tokens
from paper2run.redaction import secrets_in

ADDRESSES: Final = (
    "index_url", "torch_index_url", "conda_channel_alias", "http_proxy", "https_proxy", "base_url",
    "registry", "registry_prefix", "storage",
)  # fmt: skip
"""Settings that may hold a login."""
PREFIX: Final = "PAPER2RUN_"
OF_DEPLOYMENTS: Final = frozenset(
    {"BASE_TAG", "BUILD_MEMORY_MB", "BUILD_PIDS", "ENGINE_SOCKET", "GIT_PASSWORD", "GIT_USERNAME", "POSTGRES_PASSWORD",
     "PYTHON", "REGISTRY_PORT", "SERVER_PORT", "WORKER_IMAGE", "WORKER_LIMIT"}
)  # fmt: skip
"""Variables with our prefix that are no settings: those of `deployments/`, and what git's helper reads."""
OF_CLUSTERS: Final = re.compile(
    r"_SERVICE_(?:HOST|PORT)(?:_\w+)?$|_PORT(?:_\d+_(?:TCP|UDP|SCTP)(?:_\w+)?)?$"
)
"""What Kubernetes sets in each pod for a service whose name begins with ours.
https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables"""
SNAPSHOTS: Final = r"^$|^https?://[\w.~%:@/+-]+(?:[, ]+https?://[\w.~%:@/+-]+)*$"
"""Addresses without what a shell or sed reads in another way."""
PLAY: Final = "play:"
"""Before the folder of a tape that is only played."""
PlannerChoice = Literal["rules", "model", "auto"]
DEFAULT_NVIDIA_MODEL = "nvidia_nim/deepseek-ai/deepseek-v4-flash"
"""Planner when NVIDIA_API_KEY is set and no model is named."""

Builds = Annotated[int, Field(ge=1, le=20)]
Candidates = Annotated[int, Field(ge=1, le=9)]


def user_file() -> Path | None:
    """Return the path of the user's settings file, `~/.config/paper2run/env`; None without a home folder."""
    config, home = (Path(os.environ.get(name, "")) for name in ("XDG_CONFIG_HOME", "HOME"))
    if not config.is_absolute():
        config = home / ".config"
    return config / "paper2run" / "env" if config.is_absolute() else None


def default_home() -> Path:
    """Return `~/.local/share/paper2run`. HostError if the user has no home folder."""
    try:
        return Path("~/.local/share/paper2run").expanduser()
    except RuntimeError:
        raise HostError(
            "this user has no home folder", hint="set HOME, or PAPER2RUN_HOME and PREFECT_HOME"
        ) from None


@dataclass(frozen=True)
class Unset:
    """What holds where a field is left empty, in words: beside its type in `Annotated`."""

    words: str


class Settings(BaseSettings):
    """All settings. Names carry units; the text under a field is also its line in the docs."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        extra="ignore",
        frozen=True,
        populate_by_name=True,
        use_attribute_docstrings=True,
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

    home: Annotated[Path, Unset("~/.local/share/paper2run")] = Field(default_factory=default_home)
    """Folder that runs share and that outlives them: git mirrors, index cache."""
    out: Path = Path("runs")
    """Folder that gets one folder per run."""
    timeout: DaySeconds = 900
    """Seconds per smoke run; tests that you did not request get a third. A command that still runs then counts as
    passed."""
    max_attempts: Builds = 3
    """Maximum number of image builds of one candidate, repairs included; retrying with another smoke command in the
    same image does not count."""
    max_candidates: Candidates = 3
    """Maximum number of candidates (ways to an environment): releases of the commit's day, the CI's recipe, a plain
    install of today's releases. The next one is tried when no repair is left."""
    time_limit: RunSeconds = 7200
    """Seconds after which a run starts no new attempt; the attempt under way may finish."""
    claims_timeout: DaySeconds = 1800
    """Seconds for all commands that are run for the numbers that authors state (`--target claims`)."""
    build_timeout: DaySeconds = 3600
    """Seconds per image build."""
    clone_timeout: DaySeconds = 900
    """Seconds per git transfer."""
    max_repo_mb: int = Field(2048, ge=1)
    """Maximum size of a repository, history and files; a larger one is refused."""
    memory_mb: int = Field(4096, ge=64)
    """Memory of a smoke container; it gets no swap."""
    cpus: float = Field(2.0, gt=0)
    """Processors of a smoke container."""
    pids: int = Field(512, ge=16)
    """Processes and threads of a smoke container."""
    disk_mb: int = Field(10_240, ge=16)
    """What a smoke container may write to its own layer."""
    min_free_mb: int = Field(2048, ge=0)
    """Free space that the engine's disk must have before and during a build; a quarter of it during a smoke run."""
    keep_gb: float = Field(50, ge=0)
    """What our images and our build cache may take of the engine's disk, in GB of 10^9 bytes; the least recently used
    go first. 0 keeps only what is in use, `inf` removes nothing. The default holds about 100 runs
    ([scale.md](scale.md#disk))."""
    engine_slots: Annotated[int, Unset("0: as the engine's processors and memory carry")] = Field(
        0, ge=0
    )
    """Builds and containers at a time on one engine, all workers together. Read when the limit is created; change it
    in the Prefect UI from then on."""
    inventory: bool = True
    """List packages and files of the image that is handed over, so that `paper2run verify` can name what has changed
    since; takes a second per 100 MB of the image."""
    smoke_network: Literal["none", "bridge"] = "none"
    """Network of smoke containers: `bridge` lets them reach the network. With `none`, a command that downloads at run
    time fails, and the report shows its error."""
    planner: PlannerChoice = "auto"
    """Who plans: `rules` never calls a model, `model` lets it improve the rules' plan, `auto` calls it only where the
    rules doubt their plan."""
    model: Annotated[str, Unset("NVIDIA's default if its key is set, else rules only")] = ""
    """LiteLLM model string of the planner; the same model diagnoses where no repair rule matches."""
    base_url: Annotated[str, Unset("the provider's own")] = ""
    """Address of an OpenAI-compatible endpoint."""
    model_context: Annotated[
        int | None, Field(ge=4096), Unset("LiteLLM's list, else the server's, else 8192")
    ] = None
    """Tokens that the model reads at once, prompt and answer together."""
    model_tape: Annotated[str, Unset("none")] = ""
    """Folder that keeps the model's answers, and plays them back where the same question comes again, at no cost.
    `play:FOLDER` only plays: a question without an answer there ends the run ([model.md](model.md#taped-answers))."""
    nvidia_api_key: SecretStr | None = Field(
        None, validation_alias=AliasChoices("nvidia_api_key", "NVIDIA_API_KEY")
    )
    """Key for NVIDIA's endpoint; it also sets the default model."""
    api_key: Annotated[SecretStr | None, Unset("the provider's own variable")] = None
    """Key for any other endpoint."""
    max_tokens: Annotated[Tokens | None, Unset("no limit")] = None
    """Tokens, prompts and answers together, that one run may spend on the model; checked before each call. 0: never
    call the model."""
    max_cost_usd: Annotated[Dollars | None, Unset("no limit")] = None
    """US dollars that one run may spend on the model; checked before each call. A model without a known price is then
    never called."""
    max_model_seconds: Annotated[Seconds | None, Unset("no limit")] = None
    """Seconds that one run may wait for the model."""
    index_url: Annotated[str, Unset("the public one")] = Field(
        "",
        validation_alias=AliasChoices(
            "index_url", "PAPER2RUN_INDEX_URL", "UV_DEFAULT_INDEX", "PIP_INDEX_URL"
        ),
    )
    """Python package index for resolving and building."""
    ca_bundle: Annotated[Path | None, Unset("the system's")] = Field(
        None,
        validation_alias=AliasChoices(
            "ca_bundle", "PAPER2RUN_CA_BUNDLE", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"
        ),
    )
    """PEM file of the certificate authorities to trust, such as a company's own; builds mount it, no image contains
    it."""
    http_proxy: str = Field(
        "", validation_alias=AliasChoices("http_proxy", "PAPER2RUN_HTTP_PROXY", "HTTP_PROXY")
    )
    """Proxy for http, of the host's requests and of builds; predefined in builders, so it stays out of image and
    history."""
    https_proxy: str = Field(
        "", validation_alias=AliasChoices("https_proxy", "PAPER2RUN_HTTPS_PROXY", "HTTPS_PROXY")
    )
    """Proxy for https, of the host's requests and of builds."""
    no_proxy: str = Field(
        "", validation_alias=AliasChoices("no_proxy", "PAPER2RUN_NO_PROXY", "NO_PROXY")
    )
    """Hosts that are reached without a proxy."""
    torch_index_url: Annotated[str, Unset("PyTorch's own")] = ""
    """Index with the CPU builds of torch, which plans without a GPU use."""
    conda_channel_alias: Annotated[str, Unset("the public hosts")] = ""
    """Address that stands for all public conda channels, with `main` and `r` of `defaults` below it, e.g.
    `https://mirror.example.org/conda`. It may hold a password: builds mount it, no image contains it."""
    debian_snapshot: Annotated[str, Unset("today's packages")] = Field("", pattern=SNAPSHOTS)
    """Mirrors of Debian's [snapshots](https://snapshot.debian.org), with commas between, tried in order, e.g.
    `http://snapshot.debian.org/archive/debian`; each serves `ADDRESS/YYYYMMDDTHHMMSSZ/dists/…` and the same below
    `ADDRESS-security`. Debian's packages are then those of the day of the run, and a later rebuild gets the same
    ([proof.md](proof.md#debians-packages-of-one-day))."""
    registry_prefix: str = ""
    """Prefix of the names of official base images, for a registry mirror, e.g. `mirror.example.org/library`."""
    registry: str = Field("", pattern=r"^$|^[a-z0-9][a-z0-9.-]*(:\d+)?(/[a-z0-9._-]+)*/?$")
    """Registry, with or without a path, that built images are pushed to, and pulled from instead of building again."""
    storage: Annotated[str, Unset("this machine")] = Field("", pattern=r"^$|^[a-z0-9+.-]+://.+")
    """Address that [fsspec](https://filesystem-spec.readthedocs.io) knows for kept results and run folders, e.g.
    `s3://bucket/prefix`, which needs `paper2run[s3]`; `AWS_*` variables say where and who."""
    progress: Literal["auto", "live", "plain"] = "auto"
    """How the terminal shows progress; `auto` is `live` on a terminal, else `plain`."""

    _own_base_url: str = PrivateAttr("")
    """The address that environment or settings file name."""

    def model_post_init(self, context: Any, /) -> None:
        """Note the address that does not come from flags; a later change of the environment has no effect."""
        kind = type(self)
        file, environment = (
            DotEnvSettingsSource(kind, env_file=user_file()),
            EnvSettingsSource(kind),
        )
        self._own_base_url = {**file(), **environment()}.get("base_url", "")

    @property
    def is_own_base_url(self) -> bool:
        """Whether `base_url` comes from environment or settings file, as the keys do, and not from a flag."""
        return self.base_url == self._own_base_url

    @property
    def planner_model(self) -> str:
        """The model that plans and diagnoses; empty if rules do all."""
        if self.planner == "rules":
            return ""
        if self.model:
            return self.model
        return DEFAULT_NVIDIA_MODEL if self.nvidia_api_key else ""

    @property
    def tape_folder(self) -> Path | None:
        """The folder of taped answers; None without one."""
        given = self.model_tape.removeprefix(PLAY)
        return Path(given).expanduser().absolute() if given else None

    @property
    def is_tape_played_only(self) -> bool:
        """Whether the model is never asked: what is not on the tape is an error."""
        return self.tape_folder is not None and self.model_tape.startswith(PLAY)

    @property
    def debian_snapshots(self) -> tuple[str, ...]:
        """The mirrors of Debian's snapshots, in order."""
        return tuple(one.rstrip("/") for one in re.split(r"[, ]+", self.debian_snapshot) if one)

    @property
    def budget(self) -> Budget:
        """What this run may spend on the model."""
        return Budget(**{name: getattr(self, name) for name in Budget.model_fields})

    def changed(self, **fields: Any) -> Self:
        """Return a copy with other values for some fields; ValueError for unknown names and bad values."""
        if unknown := fields.keys() - type(self).model_fields.keys():
            raise ValueError(f"settings have no field {', '.join(sorted(unknown))}")
        copy = type(self)(**{**dict(self), **fields})
        copy._own_base_url = self._own_base_url
        return copy

    def secrets(self) -> tuple[str, ...]:
        """Return the secrets in the settings: keys, and credentials in addresses."""
        found = {key.get_secret_value() for key in (self.api_key, self.nvidia_api_key) if key}
        for address in (*(str(getattr(self, name)) for name in ADDRESSES), *self.debian_snapshots):
            found |= secrets_in(address)
        return tuple(sorted(found - {""}))


def unknown_variables(names: Iterable[str]) -> tuple[str, ...]:
    """Return those of the variables that have our prefix and set nothing, sorted; case counts for nothing."""
    known = {PREFIX + name.upper() for name in (*Settings.model_fields, *OF_DEPLOYMENTS)}
    ours = {name for name in names if name.upper().startswith(PREFIX)}
    return tuple(
        sorted(name for name in ours if name.upper() not in known and not OF_CLUSTERS.search(name))
    )
