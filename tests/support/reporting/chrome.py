"""Headless Chromium: reads the page, console messages and requests."""

import json
import os
import shutil
from pathlib import Path

import pytest
from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select, WebDriverWait

NEEDED = "NEEDS_BROWSER"
"""In the environment: a browser that is not there is a failure."""


def start(folder: Path) -> "Page":
    """A browser with its profile in `folder`; skips the test where none is installed, unless NEEDED is set."""
    programs = [shutil.which("chromium") or shutil.which("chromium-browser"), shutil.which("chromedriver")]
    if None in programs:
        missing = "the report is tested in Chromium: apt-get install chromium chromium-driver"
        pytest.fail(missing) if os.environ.get(NEEDED) else pytest.skip(missing)
    options = ChromeOptions()
    options.binary_location = programs[0]
    for argument in ("headless=new", "no-sandbox", "disable-dev-shm-usage", f"user-data-dir={folder}"):
        options.add_argument(f"--{argument}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    return Page(Chrome(options, ChromeService(programs[1])))


class Page:
    """One page in the browser."""

    def __init__(self, driver: Chrome):
        self.driver = driver

    def open(self, path: Path, part: str = "", width: int = 1200, dark: bool = False) -> None:
        """A file at a window's width, in pixels; part: of the report, the id of its section."""
        size = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
        self.driver.get("about:blank")  # or another part alone would not load the page anew
        self.logs()
        self.driver.get(path.resolve().as_uri() + (f"#{part}" if part else ""))
        self.settle()

    def settle(self) -> None:
        """Until the page has drawn what it draws once it knows the width of a box: in the next frame, not at once."""
        self.driver.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")

    def logs(self) -> tuple[list[str], list[str]]:
        """Warnings and errors of the console, and addresses asked for, since this was last called."""
        said = [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] in ("WARNING", "SEVERE")]
        events = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        asked = [e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"]
        return said, asked

    def all(self, selector: str) -> list:
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector: str):
        (found,) = self.all(selector)
        return found

    def text(self, selector: str) -> str:
        return self.one(selector).get_attribute("textContent").strip()

    def texts(self, selector: str) -> list[str]:
        """Of the elements that are shown."""
        return [found.text for found in self.all(selector) if found.is_displayed()]

    def click(self, selector: str) -> None:
        self.one(selector).click()

    def await_all(self, selector: str) -> list:
        """What the page adds in an event of its own, such as a list's `toggle`: once there is any."""
        return WebDriverWait(self.driver, 10).until(lambda _: self.all(selector))

    def go(self, part: str) -> None:
        """To another part of the report, by its link."""
        self.click(f"nav a[href='#{part}']")
        self.await_part(part)

    def await_part(self, part: str) -> None:
        """Until a part of the report is shown, after a click that leads to it: the address changes first."""
        WebDriverWait(self.driver, 10).until(lambda _: self.one(f"#{part}").is_displayed())
        self.settle()

    def choose(self, selector: str, name: str) -> None:
        Select(self.one(selector)).select_by_visible_text(name)

    def hover(self, element) -> list[str]:
        """Move the pointer to the middle of an element; the lines of what the page then tells."""
        self.script("arguments[0].scrollIntoView({block: 'center'})", element)
        ActionChains(self.driver).move_to_element(element).perform()
        return self.text("#tip").splitlines()

    def script(self, text: str, *arguments):
        return self.driver.execute_script(text, *arguments)
