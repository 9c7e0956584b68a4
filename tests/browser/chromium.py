"""A headless Chromium, driven over its debugging pipe (Chrome DevTools Protocol): no port, no library."""

import base64
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from select import select
from typing import Any, Final

NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
_FLAGS: Final = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)
_PATIENCE: Final = 60.0
"""Seconds for one answer: far more than it takes, so that a hang ends."""


def found() -> str | None:
    """The first Chromium on the PATH."""
    return next((place for name in NAMES if (place := shutil.which(name))), None)


@dataclass
class Browser:
    """One page. ``events`` are all that it told unasked: requests, log lines, exceptions."""

    to: int
    back: int
    session: str = ""
    events: list[dict[str, Any]] = field(default_factory=list)
    number: int = 0
    rest: bytes = b""

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Ask for something and wait for the answer."""
        self.number += 1
        message: dict[str, Any] = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.to, json.dumps(message).encode() + b"\0")
        while (answer := self._next()).get("id") != self.number:
            self.events.append(answer)
        assert "error" not in answer, answer
        found: dict[str, Any] = answer["result"]
        return found

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self.rest:
            assert select([self.back], [], [], _PATIENCE)[0], "Chromium does not answer"
            more = os.read(self.back, 1 << 20)
            assert more, "Chromium ended"
            self.rest += more
        text, self.rest = self.rest.split(b"\0", 1)
        answer: dict[str, Any] = json.loads(text)
        return answer

    def until(self, method: str) -> None:
        """Wait for an event."""
        while not any(event.get("method") == method for event in self.events):
            self.events.append(self._next())

    def told(self, method: str) -> list[dict[str, Any]]:
        """What the events of a kind say."""
        return [event["params"] for event in self.events if event.get("method") == method]

    def show(self, file: Path, *, width: int, dark: bool) -> None:
        """Load a file into a window of this width."""
        self.events.clear()
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", media="screen", features=[scheme])
        self.call("Page.navigate", url=file.as_uri())
        self.until("Page.loadEventFired")

    def ask(self, expression: str) -> Any:
        """What a JavaScript expression is: the page itself may run none."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def wait_for(self, expression: str) -> Any:
        """What a promise is fulfilled with."""
        answer = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def picture(self) -> bytes:
        """The whole page as PNG."""
        answer = self.call("Page.captureScreenshot", captureBeyondViewport=True)
        return base64.b64decode(answer["data"])


_LAUNCH: Final = """import os, sys
for number, ours in enumerate([os.dup(os.dup(int(ours))) for ours in sys.argv[1:3]], 3):
    os.dup2(ours, number)
os.execv(sys.argv[3], sys.argv[3:])"""
"""Chromium reads commands from descriptor 3 and answers on 4. (Copies first: ours may be 3 or 4.)"""


@contextmanager
def browser(program: str, profile: Path) -> Iterator[Browser]:
    """A Chromium with a new, empty profile; it is gone afterwards."""
    (ours_in, to), (back, ours_out) = os.pipe(), os.pipe()
    command = [program, *_FLAGS, f"--user-data-dir={profile}", "about:blank"]
    process = subprocess.Popen(
        [sys.executable, "-c", _LAUNCH, str(ours_in), str(ours_out), *command],
        pass_fds=(ours_in, ours_out),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(ours_in)
    os.close(ours_out)
    try:
        page = Browser(to, back)
        target = page.call("Target.createTarget", url="about:blank")["targetId"]
        page.session = page.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Log", "Runtime"):
            page.call(f"{domain}.enable")
        yield page
        page.session = ""
        page.call("Browser.close")
        process.wait(_PATIENCE)
    finally:
        process.kill()
        process.wait()
        os.close(to)
        os.close(back)
