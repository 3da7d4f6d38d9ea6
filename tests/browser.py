"""A headless Chromium that opens a page of ours: it is asked over its debugging protocol.

https://chromedevtools.github.io/devtools-protocol/
"""

import base64
import itertools
import json
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from websockets.sync.client import connect

PROGRAMS: Final = ("chromium", "chromium-browser", "google-chrome")
START_S: Final = 60.0
LISTENS: Final = re.compile(r"DevTools listening on (ws://\S+)")


class Browser:
    """One tab."""

    def __init__(self, call: Any) -> None:
        self._call = call

    def open(self, page: Path | str, *, dark: bool = False, width: int = 1280) -> None:
        """Load a file or an address and wait until it is there."""
        scheme = "dark" if dark else "light"
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self._call("Emulation.setEmulatedMedia", features=features)
        self._call(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=900, deviceScaleFactor=1, mobile=False,
        )  # fmt: skip
        url = page.as_uri() if isinstance(page, Path) else page
        self._call("Page.navigate", url=url)
        while (
            self.run("document.readyState") != "complete"
            or self.run("location.href") == "about:blank"
        ):
            time.sleep(0.05)

    def run(self, script: str) -> Any:
        """Return what an expression of JavaScript gives; a promise is awaited."""
        answer = self._call(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def words(self) -> str:
        """Return the text that a person sees."""
        return str(self.run("document.body.innerText"))

    def picture(self) -> bytes:
        """Return the whole page as PNG."""
        size = self._call("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}
        shot = self._call(
            "Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip
        )
        return base64.b64decode(shot["data"])

    def printed(self) -> bytes:
        """Return the page as PDF."""
        return base64.b64decode(self._call("Page.printToPDF", printBackground=True)["data"])


@contextmanager
def browser(profile: Path) -> Iterator[Browser]:
    """Start the browser with a profile of its own, and end it with the block; skip the test without one."""
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        pytest.skip("needs Chromium: apt-get install chromium")
    log = profile / "browser.log"
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [
                program, "--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0",
                "--disable-dev-shm-usage", f"--user-data-dir={profile / 'data'}", "about:blank",
            ],
            stdout=subprocess.DEVNULL,
            stderr=errors,
        )  # fmt: skip
    try:
        with connect(_address(log, process), max_size=None, compression=None) as socket:
            numbers = itertools.count(1)

            def call(method: str, *, session: str = "", **given: Any) -> Any:
                number = next(numbers)
                named = {"sessionId": session} if session else {}
                socket.send(json.dumps({"id": number, "method": method, "params": given, **named}))
                while (answer := json.loads(socket.recv(timeout=120))).get("id") != number:
                    pass
                assert "error" not in answer, (method, answer)
                return answer["result"]

            tab = call("Target.createTarget", url="about:blank")["targetId"]
            session = call("Target.attachToTarget", targetId=tab, flatten=True)["sessionId"]
            yield Browser(lambda method, **given: call(method, session=session, **given))
    finally:
        process.terminate()
        process.wait()


def _address(log: Path, process: "subprocess.Popen[bytes]") -> str:
    end = time.monotonic() + START_S
    while time.monotonic() < end:
        if found := LISTENS.search(log.read_text("utf-8", errors="replace")):
            return found[1]
        assert process.poll() is None, log.read_text("utf-8", errors="replace")
        time.sleep(0.1)
    raise AssertionError(f"the browser does not answer: {log.read_text('utf-8', errors='replace')}")
