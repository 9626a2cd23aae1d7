"""A real, headless Chromium, driven over the Chrome DevTools Protocol: what a person at the screen does and sees.

with chromium(folder) as page:
    page.open(f"{url}/demo")
    page.click("button")
    assert "…" in page.text("h1")
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import time
from contextlib import contextmanager
from importlib.util import find_spec
from itertools import count
from typing import TYPE_CHECKING, Any

from websockets.sync.client import ClientConnection, connect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PATIENCE = 20.0
FLAGS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"),
    *("--remote-debugging-port=0", "--hide-scrollbars", "--lang=zh-CN", "about:blank"),
)
FONTS = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>/usr/share/fonts</dir><dir>{fonts}</dir><cachedir>{cache}</cachedir>
<alias><family>sans-serif</family><prefer><family>Noto Sans CJK SC</family></prefer></alias></fontconfig>"""
DESKTOP, PHONE = (1280, 900), (390, 844)


class Page:
    """One tab. `faults` gathers what the console would show in red: a script's error, or what the CSP stopped."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._numbers = count(1)
        self._session: str | None = None
        self.faults: list[str] = []
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self._call(f"{domain}.enable")

    def open(self, url: str) -> None:
        self.leave(lambda: self._call("Page.navigate", url=url))

    def leave(self, act: Callable[[], object]) -> None:
        """Do what leads to another document, and wait until that one has loaded."""
        self.run("window.left = true")
        act()
        self.wait("window.left !== true && document.readyState === 'complete'")

    def click(self, selector: str) -> None:
        """Press a button or follow a link that leads to another document."""
        self.leave(lambda: self.run(f"document.querySelector({json.dumps(selector)}).click()"))

    def type(self, text: str) -> None:
        """Press keys one after the other, as a scan gun does; a line end is Enter."""
        for character in text:
            pressed = (
                {"key": "Enter", "code": "Enter", "text": "\r", "windowsVirtualKeyCode": 13}
                if character == "\n"
                else {"key": character, "text": character}
            )
            self._call("Input.dispatchKeyEvent", type="keyDown", **pressed)
            self._call("Input.dispatchKeyEvent", type="keyUp", **{**pressed, "text": ""})

    def insert(self, text: str) -> None:
        """Let an input method commit a text."""
        self._call("Input.insertText", text=text)

    def text(self, selector: str) -> str:
        return str(self.run(f"document.querySelector({json.dumps(selector)}).textContent.trim()"))

    def run(self, script: str) -> object:
        answer = self._call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def wait(self, condition: str) -> None:
        """Wait until a condition of the page holds."""
        give_up = time.monotonic() + PATIENCE
        while time.monotonic() < give_up:
            try:
                if self.run(f"Boolean({condition})"):
                    return
            except RuntimeError:  # The old document went while it was asked.
                pass
            time.sleep(0.05)
        message = f"waited in vain for {condition}"
        raise AssertionError(message)

    def resize(self, width: int, height: int) -> None:
        is_phone = width < DESKTOP[0]
        self._call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=is_phone
        )

    def without_scripts(self) -> None:
        self._call("Emulation.setScriptExecutionDisabled", value=True)

    def picture(self) -> bytes:
        """Take the whole page as PNG."""
        shot = self._call("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        return base64.b64decode(shot["data"])

    def _call(self, method: str, **params: object) -> dict[str, Any]:
        number = next(self._numbers)
        session = {} if self._session is None else {"sessionId": self._session}
        self._connection.send(json.dumps({"id": number, "method": method, "params": params, **session}))
        while True:
            told = json.loads(self._connection.recv(timeout=PATIENCE))
            if told.get("id") == number:
                break
            self._note(told)
        if "error" in told:
            raise RuntimeError(f"{method}: {told['error']['message']}")
        return dict(told["result"])

    def _note(self, event: dict[str, Any]) -> None:
        match event:
            case {"method": "Runtime.exceptionThrown", "params": {"exceptionDetails": fault}}:
                self.faults.append(str(fault))
            case {"method": "Log.entryAdded", "params": {"entry": {"level": "error", "text": text}}}:
                self.faults.append(str(text))


@contextmanager
def chromium(folder: Path, size: tuple[int, int] = DESKTOP) -> Iterator[Page]:
    """Start Debian's Chromium with a profile of its own below `folder`, and end it."""
    profile = folder / "profile"
    profile.mkdir(parents=True)
    command = shutil.which("chromium")
    assert command is not None, "Debian's chromium is needed: apt-get install chromium"
    process = subprocess.Popen(
        [command, *FLAGS, f"--user-data-dir={profile}"],
        env={**os.environ, "HOME": str(folder), "FONTCONFIG_FILE": str(_fonts(folder))},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        with connect(_address(profile, process), max_size=None, proxy=None) as connection:
            page = Page(connection)
            page.resize(*size)
            yield page
    finally:
        process.terminate()
        process.wait(PATIENCE)


def _fonts(folder: Path) -> Path:
    """The Chinese font is the one that draws the codes: no system package is needed for it."""
    spec = find_spec("mpl_font")
    assert spec is not None
    assert spec.submodule_search_locations
    listed = folder / "fonts.conf"
    fonts = f"{spec.submodule_search_locations[0]}/fonts"
    listed.write_text(FONTS.format(fonts=fonts, cache=folder / "font-cache"), "utf-8")
    return listed


def _address(profile: Path, process: subprocess.Popen[bytes]) -> str:
    told = profile / "DevToolsActivePort"
    give_up = time.monotonic() + PATIENCE
    while time.monotonic() < give_up and process.poll() is None:
        if told.exists() and told.read_text("ascii").count("\n"):
            port, path = told.read_text("ascii").split("\n")[:2]
            return f"ws://127.0.0.1:{port}{path}"
        time.sleep(0.05)
    message = "Chromium did not start"
    raise AssertionError(message)
