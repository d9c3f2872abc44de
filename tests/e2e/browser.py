"""A person at Airflow's UI: headless Chromium, driven as a hand would."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException, WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

T = TypeVar("T")

DRIVER = shutil.which("chromedriver")
_SECONDS = 60
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--window-size=1600,1000",
)


class Browser:
    """One window."""

    def __init__(self, driver: webdriver.Chrome, url: str) -> None:
        self._driver, self._url = driver, url
        ignored = [StaleElementReferenceException]  # React draws anew what is looked at
        self._wait = WebDriverWait(driver, _SECONDS, 0.1, ignored)

    def log_in(self, user: str, password: str) -> None:
        self._driver.get(self._url)
        self.element(By.NAME, "username").send_keys(user)
        self.element(By.NAME, "password").send_keys(password)
        self.element(By.CSS_SELECTOR, "button[type=submit]").click()
        self.until(lambda: "login" not in self._driver.current_url)

    def open(self, path: str) -> None:
        self._driver.get(f"{self._url}{path}")

    @property
    def path(self) -> str:
        return self._driver.current_url.removeprefix(self._url)

    @property
    def text(self) -> str:
        return self._driver.find_element(By.TAG_NAME, "body").text

    def until(self, condition: Callable[[], T]) -> T:
        """What the condition gives as soon as it is something; selenium's TimeoutException else."""
        return self._wait.until(lambda _: condition())

    def element(self, by: str, what: str) -> WebElement:
        """An element, as soon as it can be seen."""

        return self.until(lambda: next(iter(self._visible(by, what)), None))

    def by_test_id(self, test_id: str) -> WebElement:
        return self.element(By.CSS_SELECTOR, _test_id(test_id))

    def choose(self, menu: str, entry: str, opens: str) -> None:
        """Open a menu and press an entry, until what it opens is there.

        A page that is still being drawn closes the menu again.
        """

        def is_open() -> bool:
            if self._visible(By.CSS_SELECTOR, _test_id(opens)):
                return True
            items = self._visible(By.CSS_SELECTOR, f"[role=menuitem][data-value='{entry}']")
            items = items or self._visible(By.CSS_SELECTOR, _test_id(menu))
            with contextlib.suppress(WebDriverException):
                for item in items[:1]:  # none is there yet, or is not while it is drawn anew
                    item.click()
            time.sleep(1)
            return False

        self.until(is_open)

    def fill(self, name: str, value: str) -> None:
        """Put a value into a field in the place of what is there."""
        field = self.element(By.NAME, name)
        field.send_keys(Keys.CONTROL, "a")
        field.send_keys(value, Keys.TAB)

    def _visible(self, by: str, what: str) -> list[WebElement]:
        return [item for item in self._driver.find_elements(by, what) if item.is_displayed()]


def _test_id(name: str) -> str:
    return f"[data-testid='{name}']"


@contextlib.contextmanager
def browser(url: str) -> Iterator[Browser]:
    """A window with a profile of its own."""
    assert DRIVER is not None
    options = webdriver.ChromeOptions()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        for flag in (*_FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        service = webdriver.ChromeService(DRIVER)
        with webdriver.Chrome(options=options, service=service) as driver:
            yield Browser(driver, url)
