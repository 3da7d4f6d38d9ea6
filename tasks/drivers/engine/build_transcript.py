"""Reads what an engine reports while it builds.

BuildKit sends a trace; the classic builder and Podman send plain text.
"""

import re
from base64 import b64decode
from collections.abc import Callable
from typing import Any, Final

from paper2run.logs import BoundedLog, LineSplitter, plain
from paper2run.model.outcome import Log
from tasks.drivers.engine import build_trace

TRACE: Final = "moby.buildkit.trace"
CLASSIC_STEP: Final = re.compile(r"^STEP \d+(?:/\d+)? ?: (.+)", re.IGNORECASE)
"""`Step 2/5 : RUN …` of the classic builder, `STEP 2/5: RUN …` of Podman."""
NOT_A_STEP: Final = re.compile(r"^(?:\[internal\]|\[auth\]|exporting|naming|copy /context)")
OPENING_BYTES: Final = 4096
"""Of each step's output: enough for the message of a runtime that could not start it."""


class Transcript:
    """What the engine has said about a build."""

    def __init__(self, on_line: Callable[[str], None], clean: Callable[[str], str]) -> None:
        self.image_id = ""
        self.error = ""
        self._on_line = on_line
        self._clean = clean
        self._streams = {False: BoundedLog(), True: BoundedLog()}
        self._splitters: dict[tuple[str, bool], LineSplitter] = {}
        self._vertexes: dict[str, build_trace.Vertex] = {}
        self._classic_step = ""
        self._openings: dict[str, bytearray] = {}

    @property
    def log(self) -> Log:
        """Both streams of all steps."""
        return Log(stdout=self._streams[False].text(), stderr=self._streams[True].text())

    @property
    def cached_steps(self) -> int:
        """Steps that the engine took from its cache."""
        return sum(vertex.cached for vertex in self._vertexes.values())

    @property
    def failed_step(self) -> str:
        """The step that failed, as the engine names it; empty without one."""
        return self._blamed.name if self._blamed else self._classic_step

    @property
    def failed_output(self) -> str:
        """How the output of that step begins, both streams as they came; empty if it wrote nothing."""
        opening = self._openings.get(self._blamed.digest if self._blamed else "", b"")
        return plain(opening.decode(errors="replace"))

    @property
    def _blamed(self) -> build_trace.Vertex | None:
        blamed = [vertex for vertex in self._vertexes.values() if vertex.error]
        steps = [vertex for vertex in blamed if not NOT_A_STEP.match(vertex.name)]
        return next(iter(steps or blamed), None)

    def add(self, item: dict[str, Any]) -> None:
        """Take in one item of the answer."""
        aux = item.get("aux")
        if item.get("id") == TRACE and isinstance(aux, str):
            self._add_trace(build_trace.decode(b64decode(aux)))
        elif isinstance(aux, dict) and "ID" in aux:
            self.image_id = str(aux["ID"])
        elif "error" in item or "errorDetail" in item:
            words = str(item.get("error") or item["errorDetail"].get("message") or item)
            self.error = self._clean(words)
            self._write("", True, f"{self.error}\n".encode())
        elif "stream" in item:
            text = self._clean(str(item["stream"]))
            if step := CLASSIC_STEP.match(text):
                self._classic_step = step[1].strip()
                self._openings.pop("", None)
            else:
                self._open("", text.encode())
            self._write("", False, text.encode())

    def _add_trace(self, progress: build_trace.Progress) -> None:
        for vertex in progress.vertexes:
            vertex = vertex._replace(name=self._clean(vertex.name))
            before = self._vertexes.get(vertex.digest)
            self._vertexes[vertex.digest] = vertex
            if vertex.begun and not (before and before.begun):
                cached = " (cached)" if vertex.cached else ""
                self._write(vertex.digest, False, f"=> {vertex.name}{cached}\n".encode())
        for output in progress.outputs:
            self._open(output.digest, output.data)
            self._write(output.digest, output.is_stderr, output.data)

    def _open(self, origin: str, data: bytes) -> None:
        opening = self._openings.setdefault(origin, bytearray())
        opening += data[: OPENING_BYTES - len(opening)]

    def _write(self, origin: str, is_stderr: bool, data: bytes) -> None:
        self._streams[is_stderr].add(data)
        splitter = self._splitters.setdefault((origin, is_stderr), LineSplitter())
        for line in splitter.lines(data):
            self._on_line(line)
