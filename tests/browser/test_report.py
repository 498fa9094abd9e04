"""The page in a browser: nothing is loaded, every plot is drawn, tables sort and filter, any width, light and dark."""

from __future__ import annotations

import json
import time
from itertools import pairwise

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

from benchmarks.report.__main__ import main
from tests.browser.chromium import BROWSERS, DRIVERS, installed
from tests.suite.report_samples import all_reports, benchmarks_json, finding

FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip

MARKS = "figure .plot svg .role-mark path, figure .plot svg .role-mark line"

READABLE = 4.5
"""The contrast that the Web Content Accessibility Guidelines ask of text, at level AA."""

CONTRAST = """
const luminance = (colour) => {
  const [red, green, blue] = colour.match(/[0-9.]+/g).slice(0, 3).map((byte) => {
    const part = byte / 255;
    return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
};
const behind = (element) => {
  const colour = getComputedStyle(element).backgroundColor;
  return colour === "rgba(0, 0, 0, 0)" ? behind(element.parentElement) : colour;
};
return [...document.querySelectorAll(arguments[0])].map((element) => {
  const style = getComputedStyle(element);
  const front = luminance(element instanceof SVGElement ? style.fill : style.color);
  const back = luminance(behind(element));
  return (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05);
});
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = all_reports(tmp_path_factory.mktemp("reports"), [finding()])
    benchmarks_json(folder, devices=("cpu", "cuda"))
    assert main(["--reports", str(folder)]) == 0
    return folder


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    options = webdriver.ChromeOptions()
    options.binary_location = installed(BROWSERS)
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('browser')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(installed(DRIVERS)))
    yield driver
    driver.quit()


@pytest.fixture
def page(browser, folder):
    """The page, opened afresh on a desk, in the light, with its plots drawn."""
    shown(browser, 1280, dark=False)
    for log in ("browser", "performance"):
        browser.get_log(log)
    browser.get((folder / "report.html").as_uri())
    drawn(browser)
    return browser


def shown(browser, width, *, dark):
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600},
    )
    scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})


def drawn(browser):
    figures = len(browser.find_elements(By.TAG_NAME, "figure"))
    script = "return [...document.querySelectorAll('figure')].filter((figure) => figure.querySelector('svg')).length"
    WebDriverWait(browser, 20).until(lambda driver: driver.execute_script(script) == figures)


def column(page, table, number):
    script = (
        "return [...document.querySelectorAll('#' + arguments[0] + ' tbody tr')].filter((row) => !row.hidden)"
        ".map((row) => row.cells[arguments[1]].firstChild.textContent)"
    )
    return page.execute_script(script, table, number)


def heading(page, table, name):
    buttons = page.find_elements(By.CSS_SELECTOR, f"#{table} thead button")
    button = next(button for button in buttons if button.text.startswith(name))
    page.execute_script("arguments[0].scrollIntoView({block: 'center', inline: 'center', behavior: 'instant'})", button)
    return button


def test_the_console_stays_empty_and_nothing_is_asked_for(page, folder):
    page.execute_script("document.querySelectorAll('select').forEach((each) => each.onchange())")
    time.sleep(0.5)
    assert page.get_log("browser") == []
    events = [json.loads(entry["message"])["message"] for entry in page.get_log("performance")]
    asked = [each["params"]["request"]["url"] for each in events if each["method"] == "Network.requestWillBeSent"]
    assert [url for url in asked if not url.startswith("data:")] == [(folder / "report.html").as_uri()]


def test_every_plot_is_drawn(page):
    figures = page.find_elements(By.TAG_NAME, "figure")
    assert len(figures) == 6
    for figure in figures:
        assert figure.find_elements(By.CSS_SELECTOR, ".plot svg .role-mark path"), figure.get_attribute("id")
        assert figure.find_element(By.TAG_NAME, "svg").size["width"] > 300


def test_a_choice_draws_something_else(page):
    figure = page.find_element(By.ID, "plot-times")
    select = Select(figure.find_element(By.TAG_NAME, "select"))

    def points():
        return figure.find_element(By.CSS_SELECTOR, "svg .mark-symbol.role-mark").get_attribute("innerHTML")

    for option in ("all of elementwise, float64 on cpu", "workload-0-of-reductions, float32 on cuda"):
        before = points()
        select.select_by_visible_text(option)
        WebDriverWait(page, 5).until(lambda _, before=before: points() != before)
        assert "<path" in points()


@pytest.mark.parametrize("press", ["click", Keys.ENTER, Keys.SPACE])
def test_a_heading_sorts(page, press):
    unsorted = column(page, "properties", 3)
    button = heading(page, "properties", "Gradients")
    for direction, reverse in (("ascending", False), ("descending", True)):
        button.click() if press == "click" else button.send_keys(press)
        assert column(page, "properties", 3) == sorted(
            unsorted, key=lambda text: int(text.replace(",", "")), reverse=reverse
        )
        assert button.find_element(By.XPATH, "..").get_attribute("aria-sort") == direction
    heading(page, "properties", "Property").click()
    assert column(page, "properties", 0) == ["bookkeeping", "exact programs", "operations"]
    assert button.find_element(By.XPATH, "..").get_attribute("aria-sort") is None


def test_times_are_sorted_by_time_and_what_is_absent_comes_last(page):
    heading(page, "cases", "Primal").click()
    units = {"µs": 1e-6, "ms": 1e-3, "s": 1.0}
    times = [float(text.split()[0]) * units[text.split()[1]] for text in column(page, "cases", 4)]
    assert times == sorted(times)
    button = heading(page, "faults", "Programs")
    for _ in range(2):
        button.click()
        assert column(page, "faults", 7)[-1] == "–"


def test_words_filter_the_rows(page):
    block = page.find_element(By.ID, "cases")
    field, output = block.find_element(By.TAG_NAME, "input"), block.find_element(By.TAG_NAME, "output")
    assert output.text == "48 rows"
    field.send_keys("REDUCTIONS cuda")
    names, devices = column(page, "cases", 0), column(page, "cases", 3)
    assert set(devices) == {"cuda"}
    assert all("of-reductions" in name for name in names)
    assert output.text == f"{len(names)} of 48 rows" == "8 of 48 rows"
    heading(page, "cases", "Total").click()
    assert len(column(page, "cases", 0)) == 8
    field.send_keys(Keys.CONTROL, "a", Keys.NULL, Keys.DELETE)
    assert len(column(page, "cases", 0)) == 48
    assert output.text == "48 rows"


def test_the_keyboard_reaches_everything_in_order(page):
    first = page.switch_to.active_element
    first.send_keys(Keys.TAB)
    skip = page.switch_to.active_element
    assert skip.text == "Skip to the report"
    assert skip.rect["x"] >= 0
    skip.send_keys(Keys.ENTER)
    assert page.switch_to.active_element.get_attribute("id") == "main"
    outline = "return getComputedStyle(document.activeElement).outlineStyle"
    heading(page, "properties", "Property").send_keys(Keys.TAB)
    assert page.execute_script(outline) == "solid"
    levels = page.execute_script("return [...document.querySelectorAll('h1,h2,h3,h4')].map((each) => +each.tagName[1])")
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_light_and_dark_are_readable(page):
    words = (
        "h1, .sentence, dt, dd, nav a, p, summary, th button, td, td small, .good, .bad, figcaption, label, pre, code"
    )
    labels = "figure .plot svg text"
    fills = []
    for dark in (False, True):
        shown(page, 1280, dark=dark)
        WebDriverWait(page, 10).until(
            lambda driver, before=tuple(fills): driver.execute_script(
                f"const text = document.querySelector('{labels}');"
                "return text && !arguments[0].includes(getComputedStyle(text).fill)",
                before,
            )
        )
        drawn(page)
        fills.append(page.execute_script(f"return getComputedStyle(document.querySelector('{labels}')).fill"))
        background = page.execute_script("return getComputedStyle(document.body).backgroundColor")
        assert (sum(map(int, background[4:-1].split(","))) < 3 * 64) == dark
        assert min(page.execute_script(CONTRAST, words)) >= READABLE
        assert min(page.execute_script(CONTRAST, labels)) >= READABLE


@pytest.mark.parametrize("width", [1280, 390])
def test_the_page_never_scrolls_sideways(width, page):
    shown(page, width, dark=False)
    page.refresh()
    drawn(page)
    for block in page.find_elements(By.TAG_NAME, "details"):
        block.find_element(By.TAG_NAME, "summary").click()
    wide = "return [document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    scrolled, available = page.execute_script(wide)
    assert scrolled <= available <= width
    table, place = (page.find_element(By.CSS_SELECTOR, f"#cases {each}") for each in ("table", ".scroll"))
    assert table.size["width"] > place.size["width"]


def test_a_command_is_copied_and_a_file_is_kept(page, folder, tmp_path):
    page.find_element(By.CSS_SELECTOR, ".finding .copy").click()
    assert page.execute_script("return String(getSelection())") == "python reports/findings/454ed1e8c2.py"
    WebDriverWait(page, 5).until(lambda driver: driver.find_element(By.ID, "said").text)
    page.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)})
    page.find_element(By.CSS_SELECTOR, "[data-file='gate.json']").click()
    kept = tmp_path / "gate.json"
    WebDriverWait(page, 10).until(lambda _: kept.exists())
    assert kept.read_bytes() == (folder / "gate.json").read_bytes()
    assert page.get_log("browser") == []
