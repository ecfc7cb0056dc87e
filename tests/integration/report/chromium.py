# Copyright: (c) 2026, netfabric.container_net contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A headless Chromium that is asked over a pipe: one process, no driver, no port."""

from __future__ import annotations

import base64
import json
import os
import select
import subprocess
import time
from pathlib import Path
from typing import Any

PATIENCE = 60  # seconds
# Texts that leave the box that they were drawn into, more than the eye sees.
OUTSIDE = """
[...document.querySelectorAll('svg g.node')].flatMap(node => {
  const box = node.querySelector('path, polygon').getBoundingClientRect();
  return [...node.querySelectorAll('text')].filter(text => {
    const own = text.getBoundingClientRect();
    return text.textContent.trim() && (own.right > box.right + 2 || own.left < box.left - 2);
  }).map(text => text.textContent);
})
"""


class Chromium:
    def __init__(self, folder: Path) -> None:
        self._answers, their_answers = os.pipe()
        their_questions, self._questions = os.pipe()
        self._rest = b""
        self._number = 0
        self._session = ""
        self.events: list[dict[str, Any]] = []
        command = [
            "chromium",
            "--headless",
            "--no-sandbox",  # the tests are root
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-background-networking",
            "--disable-component-update",
            "--hide-scrollbars",
            "--no-first-run",
            "--remote-debugging-pipe",
            f"--user-data-dir={folder}",
            "about:blank",
        ]
        # It reads questions from descriptor 3 and writes answers to 4.
        redirected = f'exec 3<&{their_questions} 4>&{their_answers}; exec "$@"'
        with (folder / "chromium.log").open("wb") as log:
            self._process = subprocess.Popen(
                ["bash", "-c", redirected, "chromium", *command],
                pass_fds=(their_questions, their_answers),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, "HOME": str(folder)},
            )
        os.close(their_questions)
        os.close(their_answers)
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.ask("Target.attachToTarget", targetId=target, flatten=True)[
            "sessionId"
        ]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.ask(f"{domain}.enable")

    def close(self) -> None:
        try:
            self._session = ""
            self.ask("Browser.close")
        finally:
            os.close(self._questions)
            os.close(self._answers)
            try:
                self._process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    # --- questions and answers, each a JSON text that ends with a zero byte ---

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        question: dict[str, Any] = {
            "id": self._number,
            "method": method,
            "params": parameters,
        }
        if self._session:
            question["sessionId"] = self._session
        os.write(self._questions, json.dumps(question).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise AssertionError(f"{method}: {answer['error']}")
                result: dict[str, Any] = answer["result"]
                return result
            self.events.append(answer)

    def _next(self) -> dict[str, Any]:
        end = time.monotonic() + PATIENCE
        while b"\0" not in self._rest:
            ready, dummy, dummy = select.select(
                [self._answers], [], [], max(0, end - time.monotonic())
            )
            data = os.read(self._answers, 1 << 20) if ready else b""
            if not data:
                raise AssertionError("Chromium does not answer")
            self._rest += data
        text, dummy, self._rest = self._rest.partition(b"\0")
        found: dict[str, Any] = json.loads(text)
        return found

    # --- what the tests want ---

    def open(self, page: Path, width: int, theme: str) -> None:
        """Open a page on a screen of this width, for a reader who wants light or dark."""
        height = 800 if width < 600 else 1000
        self.ask(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        features = [{"name": "prefers-color-scheme", "value": theme}]
        self.ask("Emulation.setEmulatedMedia", features=features)
        self.events.clear()
        self.ask("Page.navigate", url=page.as_uri())
        while not any(event["method"] == "Page.loadEventFired" for event in self.events):
            self.events.append(self._next())

    def evaluate(self, expression: str) -> Any:
        answer = self.ask("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def complaints(self) -> list[dict[str, Any]]:
        """What the page would have shown in the console."""
        kinds = {"Log.entryAdded", "Runtime.exceptionThrown", "Runtime.consoleAPICalled"}
        return [event for event in self.events if event["method"] in kinds]

    def requests(self) -> list[str]:
        """What was fetched."""
        return [
            event["params"]["request"]["url"]
            for event in self.events
            if event["method"] == "Network.requestWillBeSent"
        ]

    def texts_outside(self) -> Any:
        """Texts of the picture that leave their boxes."""
        return self.evaluate(OUTSIDE)

    def screenshot(self, path: Path) -> None:
        """The whole page, not only what the window shows."""
        answer = self.ask("Page.captureScreenshot", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(answer["data"]))
