"""Takes the documents' pictures of Airflow's UI, by headless Chromium: a DAG run's graph, or the
form of a task that asks a person.

Usage: take.py URL USER PASSWORD DAG_ID RUN_ID FILE [TASK_ID]. Needs selenium, Chromium and its
driver.
"""

import sys
import tempfile
import time

from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

SIZE = (1600, 900)
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--window-size={SIZE[0]},{SIZE[1]}",
)


def main(
    url: str, user: str, password: str, dag_id: str, run_id: str, file: str, task_id: str = ""
) -> None:
    """Write a picture of the run's graph, or of the task's form, to ``file``."""
    options = webdriver.ChromeOptions()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        for flag in (*FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        service = webdriver.ChromeService("/usr/bin/chromedriver")
        with webdriver.Chrome(options=options, service=service) as driver:
            wait = WebDriverWait(driver, 60)
            driver.get(url)
            wait.until(lambda d: d.find_elements(By.NAME, "username"))
            driver.find_element(By.NAME, "username").send_keys(user)
            driver.find_element(By.NAME, "password").send_keys(password)
            driver.find_element(By.CSS_SELECTOR, "button[type=submit]").click()
            wait.until(lambda d: "login" not in d.current_url)
            # The graph rather than the grid: a choice that Airflow keeps in the browser.
            driver.execute_script(
                "localStorage.setItem('default_dag_view', JSON.stringify('graph'))"
            )
            page = f"{url}/dags/{dag_id}/runs/{run_id}"
            driver.get(f"{page}/tasks/{task_id}/required_actions" if task_id else page)
            wait.until(lambda d: len(d.find_elements(By.CSS_SELECTOR, ".react-flow__node")) >= 3)
            time.sleep(3)  # the graph moves into its place
            driver.save_screenshot(file)


if __name__ == "__main__":
    main(*sys.argv[1:])
