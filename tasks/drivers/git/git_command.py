"""Runs git without prompts, hooks or filters, and keeps credentials out of arguments and files.

There are two ways: `git_remote` talks to servers under the user's own configuration (insteadOf,
credential helpers, certificates); `git_local` works inside our mirrors and ignores it, so that a
commit comes out the same everywhere.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from paper2run.source import Login
from tasks.drivers.git.git_failures import failure
from tasks.drivers.host.process import Finished, run

LOCAL_TIMEOUT_S: Final = 600.0
"""For work on our own disk; only a checkout of many gigabytes takes that long."""
SSH_CONNECT_TIMEOUT_S: Final = 20
MAX_LISTING_BYTES: Final = 256 * 1024 * 1024
"""Output of listings. Those of a commit's files are ended beyond it, others lose their middle."""

NO_PROMPT: Final[Mapping[str, str | None]] = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "false",
    "SSH_ASKPASS": "false",
    "SSH_ASKPASS_REQUIRE": "force",
    "GCM_INTERACTIVE": "never",
    "GIT_LFS_SKIP_SMUDGE": "1",
    "LC_ALL": "C",
    "LANGUAGE": "C",
    # Set if we run inside a hook: git would work on that repository instead of ours.
    "GIT_DIR": None,
    "GIT_WORK_TREE": None,
    "GIT_INDEX_FILE": None,
    "GIT_OBJECT_DIRECTORY": None,
    "GIT_ALTERNATE_OBJECT_DIRECTORIES": None,
    "GIT_NAMESPACE": None,
    "GIT_TRACE": None,
    "GIT_TRACE_CURL": None,
    # Missing objects are never fetched on demand: the repository would choose the address and the program.
    "GIT_NO_LAZY_FETCH": "1",
}
USER_CONFIG_OFF: Final[Mapping[str, str | None]] = {
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_CONFIG_COUNT": None,
    "GIT_CONFIG_PARAMETERS": None,
    "GIT_PROTOCOL_FROM_USER": None,
    "GIT_NO_REPLACE_OBJECTS": "1",
    # No transport has this name, so none is allowed (all versions); git before 2.45 knows no GIT_NO_LAZY_FETCH.
    "GIT_ALLOW_PROTOCOL": "none",
}
FROM_DISK: Final = {"GIT_ALLOW_PROTOCOL": "file"}
"""Over it, for a fetch from a git directory that is our own."""
SAFE_CONFIG: Final = {
    "core.hooksPath": "/dev/null",
    "core.fsmonitor": "false",
    "core.quotePath": "false",
    "protocol.ext.allow": "never",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "advice.detachedHead": "false",
    "filter.lfs.smudge": "",
    "filter.lfs.clean": "",
    "filter.lfs.process": "",
    "filter.lfs.required": "false",
    # Everything arrives as one pack that is renamed once complete; loose objects could stay incomplete.
    "fetch.unpackLimit": "1",
    "fetch.recurseSubmodules": "false",
    "fetch.fsckObjects": "false",
    "transfer.fsckObjects": "false",
}
LOCAL_CONFIG: Final = {
    "core.excludesFile": "/dev/null",
    "core.attributesFile": "/dev/null",
    "core.autocrlf": "false",
    "init.templateDir": "",
    "init.defaultBranch": "main",
}
LOGIN_HELPER: Final = (
    '!f() { test "$1" = get && printf "username=%s\\npassword=%s\\n"'
    ' "$PAPER2RUN_GIT_USERNAME" "$PAPER2RUN_GIT_PASSWORD"; }; f'
)
"""A credential helper as gitcredentials(7) has them: the secret stays in the environment of git alone."""


@dataclass(frozen=True)
class Transfer:
    """The limits and listeners of a conversation with another host, or of a fetch from our own disk."""

    timeout_s: float
    on_line: Callable[[str], None] | None = None
    watch: Callable[[], str | None] | None = None
    keep_fds: Sequence[int] = ()
    listing_bytes: int | None = None
    """Size limit of git's answer, which is kept whole; beyond it git is ended and nothing is kept."""
    proxies: Mapping[str, str | None] = field(default_factory=dict)
    """Variables of git, None to remove one; for other hosts alone."""


LOCAL: Final = Transfer(LOCAL_TIMEOUT_S)


def git_remote(
    args: Sequence[str], transfer: Transfer, *, login: Login | None = None, at: Path | None = None
) -> Finished:
    """Return how git ended, run in our git directory `at` or outside any repository.

    `git_failures.failure` explains a failure. Only `git_foreign` reads a git directory that is not
    ours.
    """
    settings = _config_arguments({**SAFE_CONFIG, "core.sshCommand": _ssh_command()})
    env: dict[str, str | None] = {**NO_PROMPT, **transfer.proxies}
    if login:
        key = f"credential.{login.host}.helper"
        settings += ["-c", f"{key}=", "-c", f"{key}={LOGIN_HELPER}"]
        env["PAPER2RUN_GIT_USERNAME"] = login.username.get_secret_value()
        env["PAPER2RUN_GIT_PASSWORD"] = login.password.get_secret_value()
    return run(
        ["git", *settings, *([f"--git-dir={at}"] if at else []), *args],
        timeout_s=transfer.timeout_s,
        # Outside any repository: the configuration of the repository we happen to be in has no effect.
        cwd=Path("/"),
        env=env,
        max_bytes=MAX_LISTING_BYTES,
        on_line=transfer.on_line,
        watch=transfer.watch,
        keep_fds=transfer.keep_fds,
    )


def git_local(
    args: Sequence[str],
    *,
    at: Path,
    env: Mapping[str, str] | None = None,
    stdin_text: str | None = None,
    errors: str = "replace",
) -> str:
    """Return git's output for the repository with the git directory `at`; our own error if git fails."""
    finished = git_attempt(args, at=at, env=env, stdin_text=stdin_text, errors=errors)
    if finished.exit_code != 0:
        raise failure(finished, str(at), is_local=True)
    return finished.stdout


def git_attempt(
    args: Sequence[str],
    *,
    at: Path,
    env: Mapping[str, str] | None = None,
    stdin_text: str | None = None,
    errors: str = "replace",
    transfer: Transfer = LOCAL,
) -> Finished:
    """Return how git ended on the repository with the git directory `at`; failures do not raise.

    No transport is allowed, unless `env` holds FROM_DISK.
    """
    return run(
        ["git", f"--git-dir={at}", *_config_arguments({**SAFE_CONFIG, **LOCAL_CONFIG}), *args],
        timeout_s=transfer.timeout_s,
        env={**NO_PROMPT, **USER_CONFIG_OFF, **(env or {})},
        max_bytes=MAX_LISTING_BYTES,
        stdin_text=stdin_text,
        errors=errors,
        on_line=transfer.on_line,
        watch=transfer.watch,
        keep_fds=transfer.keep_fds,
        listing_bytes=transfer.listing_bytes,
    )


def _ssh_command() -> str:
    """Return the user's own ssh command with our options; GIT_SSH_COMMAND still wins over it in git."""
    asked = run(
        ["git", "config", "--get", "core.sshCommand"],
        timeout_s=LOCAL_TIMEOUT_S,
        cwd=Path("/"),
        env=NO_PROMPT,
    )
    command = asked.stdout.strip() or "ssh"
    return f"{command} -o BatchMode=yes -o ConnectTimeout={SSH_CONNECT_TIMEOUT_S}"


def _config_arguments(config: Mapping[str, str]) -> list[str]:
    return [word for key, value in config.items() for word in ("-c", f"{key}={value}")]
