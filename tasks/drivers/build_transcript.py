"""What an engine says while it builds: BuildKit's trace, or the plain text of the classic builder and Podman."""

import re
from base64 import b64decode
from collections.abc import Callable
from typing import Any, Final

from paper2run.logs import BoundedLog, LineSplitter
from paper2run.model.outcome import Log
from tasks.drivers import build_trace

TRACE: Final = "moby.buildkit.trace"
CLASSIC_STEP: Final = re.compile(r"^STEP \d+(?:/\d+)? ?: (.+)", re.IGNORECASE)
"""`Step 2/5 : RUN …` of the classic builder, `STEP 2/5: RUN …` of Podman."""
NOT_A_STEP: Final = re.compile(r"^(?:\[internal\]|\[auth\]|exporting|naming|copy /context)")


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
        """The step that the engine blames, as it names it; empty where it blames none."""
        blamed = [vertex.name for vertex in self._vertexes.values() if vertex.error]
        steps = [name for name in blamed if not NOT_A_STEP.match(name)]
        return next(iter(steps or blamed), self._classic_step)

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
            self._write(output.digest, output.is_stderr, output.data)

    def _write(self, origin: str, is_stderr: bool, data: bytes) -> None:
        self._streams[is_stderr].add(data)
        splitter = self._splitters.setdefault((origin, is_stderr), LineSplitter())
        for line in splitter.lines(data):
            self._on_line(line)
