"""The browsers of this machine: where they are, what is lacking, and how they are started."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.servers.desktop import Desktop

if TYPE_CHECKING:
    from playwright.async_api import Browser, Playwright

    from tests.servers.autopush import Autopush

ROOT = Path(__file__).parents[2]
_CHROMIUM = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
_SHELL = ("chromium-headless-shell",)
"""Chromium without windows and notifications; a new person costs a third of the CPU there."""
_FIREFOX = ("firefox-esr", "firefox")
_QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",  # nothing leaves this machine
)
# Firefox asks its maker for news of many kinds at a start; none of it belongs into a test.
_ALONE: dict[str, str | int | bool] = {
    "app.normandy.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "extensions.getAddons.cache.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "network.dns.disabled": False,
    "services.settings.server": "data:,#remote-settings-dummy/v1",
    "toolkit.telemetry.enabled": False,
}


def lacking(*, firefox: bool = False) -> str:
    """What is to be installed for the tests in a browser, as a sentence; empty where all is there."""
    if firefox:
        found = _found(_FIREFOX)
        return Desktop.lacking() if found else "install Firefox (Debian: firefox-esr) for the pushes that really arrive"
    if not _found(_CHROMIUM):
        return "install Chromium (Debian: chromium) for the tests in a browser"
    if not (ROOT / "node_modules" / "axe-core" / "axe.min.js").exists():
        return "run `npm ci` for axe-core, the judge of the pages' accessibility"
    if not (ROOT / "broadcaster" / "web" / "static" / "manifest.json").exists():
        return "run `make pages`: the pages' scripts and styles are not built"
    return ""


def need(*, firefox: bool = False) -> None:
    """Skip where a browser is not installed; on a machine of the CI that is a failure."""
    sentence = lacking(firefox=firefox)
    if sentence and (os.environ.get("CI") or os.environ.get("BROWSERS") == "required"):
        pytest.fail(sentence, pytrace=False)
    if sentence:
        pytest.skip(sentence)


def _found(names: tuple[str, ...]) -> str | None:
    return next((path for path in map(shutil.which, names) if path), None)


async def start_chromium(playwright: Playwright, *, shell: bool = False) -> Browser:
    """``shell``: take the headless shell where there is one."""
    program = _found(_SHELL + _CHROMIUM if shell else _CHROMIUM)
    return await playwright.chromium.launch(executable_path=program, args=list(_QUIET))


async def start_firefox(playwright: Playwright, push: Autopush, desktop: Desktop) -> Browser:
    """A Firefox whose pushes come from ``push`` and whose notifications are shown on ``desktop``."""
    asked: dict[str, str | int | bool] = {
        "permissions.default.desktop-notification": 1,
        "alerts.useSystemBackend": True,
    }
    return await playwright.firefox.launch(
        channel="moz-firefox",
        executable_path=_found(_FIREFOX),
        env={name: each for name, each in os.environ.items() if name != "DISPLAY"} | desktop.environment,
        firefox_user_prefs=_ALONE | push.prefs | asked,
    )
