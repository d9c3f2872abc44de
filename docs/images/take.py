"""Takes the documents' pictures, by headless Chromium: pages of Airflow's UI, and drawings.

    take.py FILE.png file:///path/to/first_tree.svg
    take.py FILE.png http://127.0.0.1:8080/dags/penguins/runs/RUN --user admin --password ...

It needs selenium, Chromium and its driver; with Pillow, FILE is a third of the size.
"""

import argparse
import contextlib
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

COLOURS = 128
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def main(arguments: list[str]) -> None:
    """Write a picture of a page."""
    args = _parser().parse_args(arguments)
    options = webdriver.ChromeOptions()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        for flag in (*FLAGS, f"--window-size={args.size}", f"--user-data-dir={profile}"):
            options.add_argument(flag)
        service = webdriver.ChromeService(shutil.which("chromedriver"))
        with webdriver.Chrome(options=options, service=service) as driver:
            if args.user:
                _log_in(driver, args)
            driver.get(args.page)
            for selector in args.click:
                WebDriverWait(driver, 60).until(_clicked(selector))
            if args.until:
                told = By.TAG_NAME, "body"
                wait = WebDriverWait(driver, 60)
                wait.until(lambda d: args.until in d.find_element(*told).text)
            time.sleep(args.settle)  # a graph moves into its place
            driver.save_screenshot(args.file)
    with contextlib.suppress(ImportError):
        from PIL import Image

        with Image.open(args.file) as picture:
            picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(
                args.file, optimize=True
            )


def _log_in(driver: webdriver.Chrome, args: argparse.Namespace) -> None:
    wait = WebDriverWait(driver, 60)
    page = urlsplit(args.page)
    driver.get(f"{page.scheme}://{page.netloc}")
    wait.until(lambda d: d.find_elements(By.NAME, "username"))
    driver.find_element(By.NAME, "username").send_keys(args.user)
    driver.find_element(By.NAME, "password").send_keys(args.password)
    driver.find_element(By.CSS_SELECTOR, "button[type=submit]").click()
    wait.until(lambda d: "login" not in d.current_url)
    # Choices that Airflow keeps in the browser.
    kept = {"default_dag_view": args.view, **dict(item.split("=", 1) for item in args.keep)}
    for name, value in kept.items():
        driver.execute_script(
            "localStorage.setItem(arguments[0], arguments[1])", name, _json(value)
        )


def _json(text: str) -> str:
    try:
        return json.dumps(json.loads(text))
    except ValueError:
        return json.dumps(text)


def _clicked(selector: str) -> Callable[[webdriver.Chrome], bool]:
    """Press what is found, once it is there."""

    def press(driver: webdriver.Chrome) -> bool:
        found = [
            one for one in driver.find_elements(By.CSS_SELECTOR, selector) if one.is_displayed()
        ]
        if found:
            found[0].click()
        return bool(found)

    return press


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file")
    parser.add_argument("page")
    parser.add_argument("--user", default="")
    parser.add_argument("--password", default="")
    parser.add_argument("--view", default="graph", choices=("graph", "grid"))
    parser.add_argument("--keep", action="append", default=[], metavar="NAME=JSON")
    parser.add_argument("--click", action="append", default=[], metavar="CSS")
    parser.add_argument("--until", default="", metavar="TEXT", help="wait until the page has it")
    parser.add_argument("--settle", type=float, default=3.0, metavar="SECONDS")
    parser.add_argument("--size", default="1600,900")
    return parser


if __name__ == "__main__":
    main(sys.argv[1:])
