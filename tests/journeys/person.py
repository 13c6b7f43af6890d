"""Somebody at a screen: reads headings and labels, types, clicks, and has every page looked over by axe."""

import base64
import hashlib
import hmac
import re
import struct
import time
from collections.abc import Callable
from typing import Any, Final

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Locator, Page, expect
from playwright.sync_api import Error as PlaywrightError

from tests.journeys.staff import PASSWORD

# WCAG 2.2, levels A and AA, as axe tags its rules.
WCAG: Final = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
# Those of its rules that look at colors, all that another theme changes.
COLORS: Final = ("color-contrast", "link-in-text-block")

CODE_SECONDS: Final = 30
# A code is typed by then; later in its half minute, it could end before it arrives.
CODE_TYPED_MAX: Final = 18
# How long a page may take to fit a screen that has just become narrower.
SETTLE_TRIES: Final = 20
SETTLE_MS: Final = 100
UNITS: Final = r"mmHg|/min|%|kg|cm|mg|mg/kg|mL|mL/h|min|h|days|of \d+"

_axe = Axe()

# What stays in reach while the page scrolls lies over what scrolls past it. That covers nothing for good, but
# axe takes the page as it stands, so it looks with nothing lying over anything. All of it happens in one
# document: a page that is still on its way, or is left meanwhile, is never looked at half dressed.
_LOOK: Final = """async (options) => {
    if (document.readyState !== "complete")
        await new Promise((loaded) => window.addEventListener("load", loaded, { once: true }));
    const sticky = [...document.querySelectorAll("body *")]
        .filter((each) => getComputedStyle(each).position === "sticky");
    for (const each of sticky) each.style.position = "static";
    const found = await axe.run(document, options);
    for (const each of sticky) each.style.position = "";
    return found.violations;
}"""
# What the browser says when a page was left while it was looked at.
_LEFT: Final = ("Execution context was destroyed", "navigation", "is not defined")
_LOOKS: Final = 5


def faults(page: Page, rules: tuple[str, ...] = WCAG) -> list[str]:
    """What axe finds on the page as it stands, one line for each kind of fault; `rules` by name or by tag."""
    found: list[Any] = []
    for look in range(1, _LOOKS + 1):
        page.wait_for_load_state()
        try:
            if page.evaluate("() => !window.axe"):
                page.evaluate(_axe.axe_script)
            # Without preload: axe would fetch style sheets by itself, from where there are none. What passes
            # is not described element by element, which takes longer than to look.
            found = page.evaluate(
                _LOOK, {"runOnly": list(rules), "resultTypes": ["violations"], "preload": False}
            )
            break
        except PlaywrightError as error:
            if look == _LOOKS or not any(each in error.message for each in _LEFT):
                raise
    return [
        f"{each['id']} ({each['impact']}): {node['failureSummary']} {node['html'][:200]}".replace("\n", " ")
        for each in found
        for node in each["nodes"][:3]
    ]


def sideways(page: Page) -> int:
    """By how many CSS pixels the page is wider than the screen, once charts have drawn themselves for it."""
    width = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    for _ in range(SETTLE_TRIES):
        if int(page.evaluate(width)) <= 0:
            break
        page.wait_for_timeout(SETTLE_MS)
    return int(page.evaluate(width))


def labelled(label: str) -> re.Pattern[str]:
    """A field's label as the pages write it: with "(optional)" and with its unit, seen or only heard."""
    words = rf"^\s*{re.escape(label)}(\s*\(optional\))?(\s+(in\s+)?({UNITS}))?\s*$"
    # It travels to the browser as a literal between two slashes.
    return re.compile(words.replace("/", r"\/"))


def one_time_code(secret: str, at: float) -> str:
    """The six digits of an authenticator (RFC 6238: HMAC-SHA-1, 30 s)."""
    counter = struct.pack(">Q", int(at) // CODE_SECONDS)
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.new(key, counter, hashlib.sha1).digest()
    place = digest[-1] & 0x0F
    number = struct.unpack(">I", digest[place : place + 4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06d}"


class Person:
    """One member of staff at a screen of their own."""

    def __init__(
        self, context: BrowserContext, address: str, username: str, password: str = PASSWORD
    ) -> None:
        self.context, self.address, self.username, self.password = context, address, username, password
        context.set_default_timeout(30_000)
        self.page: Page = context.new_page()
        self._secret: str | None = None
        self._code_used: int | None = None
        # What was wrong on any page so far: axe's faults, errors of scripts, what the browser stopped.
        self.findings: list[str] = []
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.findings.append(f"{self.page.url}: {error}"))

    def _hear(self, message: Any) -> None:
        # A refused form is answered with 422, 409 or 403, which the browser reports as if it were a fault.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.findings.append(f"{self.page.url}: {message.text}")

    # Going about.

    def open(self, path: str, heading: str | None = None) -> None:
        """Open an address of the clinic."""
        self.page.goto(self.address + path)
        if heading is not None:
            self.reads_heading(heading)

    def sign_in(self, to: str = "/") -> None:
        """Sign in with user name and password."""
        self.open(f"/accounts/login/?next={to}")
        self.page.get_by_label("User name").fill(self.username)
        self.page.get_by_label("Password").fill(self.password)
        self.press_on("Sign in")
        if self._secret is not None:
            self.reads_heading("One more proof that it is you")
            self.look_over()
            self.write("Code from your authenticator app, or a recovery code", self._fresh_code(self._secret))
            self.press_on("Sign in")

    def _fresh_code(self, secret: str) -> str:
        """A code that was not used yet, since each opens the door once, and that lasts until it is typed."""
        at = int(time.time())
        while at // CODE_SECONDS == self._code_used or at % CODE_SECONDS > CODE_TYPED_MAX:
            time.sleep(0.5)
            at = int(time.time())
        self._code_used = at // CODE_SECONDS
        return one_time_code(secret, at)

    def set_up_an_authenticator(self) -> None:
        """Add an authenticator app, as a prescriber must before anything else."""
        self.reads_heading("Security")
        self.look_over()
        self.follow("Set up an app")
        self.write("Your password", self.password)
        self.press("Go on")
        self._secret = str(self.main.locator("code").text_content()).strip()
        self.look_over()
        self.write("Code from the app", self._fresh_code(self._secret))
        self.press("Set up")

    def follow(self, words: str) -> None:
        """Click a link."""
        self.main.get_by_role("link", name=words, exact=True).first.click()

    def press(self, words: str) -> None:
        """Click a button."""
        self.main.get_by_role("button", name=words, exact=True).first.click()

    def press_on(self, words: str) -> None:
        """Click a button that leads to another page, and be there with its scripts at work."""
        self.page.locator("html").evaluate("html => { html.dataset.left = 'yes'; }")
        self.press(words)
        expect(self.page.locator("html:not([data-left]) > body")).to_be_attached()
        self.page.wait_for_load_state()

    # Filling in.

    @property
    def main(self) -> Locator:
        """The page without its frame, but with the controls that stay in reach."""
        return self.page.locator("main, .ek-controls")

    def field(self, label: str) -> Locator:
        """The box with this label."""
        return self.main.get_by_label(labelled(label))

    def write(self, label: str, words: str) -> None:
        """Type into a box."""
        self.field(label).fill(words)

    def write_all(self, **boxes: str) -> None:
        """Type into boxes, by label with underscores for spaces."""
        for label, words in boxes.items():
            self.write(label.replace("_", " "), words)

    def group(self, question: str) -> Locator:
        """The answers to a question."""
        return self.main.get_by_role("group", name=labelled(question))

    def choose(self, question: str, answer: str) -> None:
        """Choose one answer."""
        self.group(question).get_by_label(answer, exact=True).check()

    def answer_all(self, answers: dict[str, str]) -> None:
        """Choose an answer for each question."""
        for question, answer in answers.items():
            self.choose(question, answer)

    def tick(self, label: str) -> None:
        """Tick a box."""
        self.main.get_by_label(label, exact=True).check()

    def pick(self, label: str, words: str) -> None:
        """Pick from a list that opens."""
        self.field(label).select_option(label=words)

    def answer_the_rest(self, answer: str) -> None:
        """Give one answer to every question that has none yet."""
        unanswered = self.main.locator("fieldset:has(input[type=radio]):not(:has(input:checked))")
        for _ in range(unanswered.count()):
            unanswered.first.get_by_label(answer, exact=True).check()

    def tick_all(self, question: str) -> None:
        """Tick everything under a question."""
        for box in self.group(question).get_by_role("checkbox").all():
            box.check()

    # Reading.

    def reads_heading(self, words: str | re.Pattern[str]) -> None:
        """The page's first heading says so."""
        expect(self.page.get_by_role("heading", level=1)).to_have_text(words)

    def reads(self, words: str | re.Pattern[str], *, exact: bool = False) -> None:
        """The page says so somewhere that can be seen."""
        expect(self.main.get_by_text(words, exact=exact).filter(visible=True).first).to_be_visible()

    def reads_on_banner(self, words: str) -> None:
        """The patient's banner says so."""
        expect(self.page.get_by_label("Patient", exact=True)).to_contain_text(words)

    def does_not_read(self, words: str | re.Pattern[str]) -> None:
        """The page says so nowhere."""
        expect(self.main.get_by_text(words).filter(visible=True)).to_have_count(0)

    def look_over(self) -> None:
        """Let axe look, and see whether anything stands out to the right; the findings come at the end."""
        path = self.page.url.removeprefix(self.address)
        found = faults(self.page)
        if sideways(self.page) > 0:
            found.append(f"it is {sideways(self.page)} px wider than the screen")
        self.findings += [f"{self.username} at {path}: {each}" for each in found]


Meets = Callable[..., Person]
