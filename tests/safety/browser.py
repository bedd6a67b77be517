# SPDX-License-Identifier: GPL-3.0-or-later
"""Pages opened in Chromium, by its own protocol over a pipe: no driver, no packages.

    browser.py CHROMIUM PAGE...

A page called *-brief.html must print on one sheet of A4."""
import base64
import json
import os
import pathlib
import re
import select
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
import inert  # noqa: E402

PATIENCE = 60  # s for an answer
DESK, PHONE = 1200, 390  # px
TELLING = {"Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded",
           "Page.javascriptDialogOpening"}

# Of every element with a text of its own: is it readable on what lies behind it?
CONTRAST = """(() => {
  const light = (c) => { const p = c.match(/[\\d.]+/g).slice(0, 3).map((v) => {
    v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * p[0] + 0.7152 * p[1] + 0.0722 * p[2]; };
  const behind = (e) => { for (; e; e = e.parentElement) {
    const c = getComputedStyle(e).backgroundColor;
    if (!/, 0\\)$|transparent/.test(c)) return c; } return 'rgb(255, 255, 255)'; };
  let least = 99, where = '';
  for (const e of document.querySelectorAll('body *')) {
    if (![...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim())) continue;
    const a = light(getComputedStyle(e).color), b = light(behind(e));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < least) { least = ratio; where = e.tagName + '.' + e.className; } }
  return [least, where]; })()"""


class Browser:
    def __init__(self, program, profile):
        ours, theirs = os.pipe(), os.pipe()  # they read from the first

        def connect():
            os.dup2(ours[0], 103)
            os.dup2(theirs[1], 104)
            os.dup2(103, 3)
            os.dup2(104, 4)

        self.process = subprocess.Popen(
            [program, "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run",
             "--disable-background-networking", "--disable-component-update",
             "--disable-sync", "--disable-dev-shm-usage", f"--user-data-dir={profile}",
             "--remote-debugging-pipe"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            close_fds=False, preexec_fn=connect)
        os.close(ours[0])
        os.close(theirs[1])
        self.to, self.answers = ours[1], theirs[0]
        self.number, self.session, self.buffer, self.events = 0, None, b"", []

    def receive(self):
        deadline = time.monotonic() + PATIENCE
        while b"\0" not in self.buffer:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.answers], [], [], left)[0]:
                raise SystemExit("the browser does not answer")
            more = os.read(self.answers, 1 << 20)
            if not more:
                raise SystemExit("the browser has gone")
            self.buffer += more
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    def ask(self, method, **parameters):
        self.number += 1
        request = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            request["sessionId"] = self.session
        os.write(self.to, json.dumps(request).encode() + b"\0")
        while True:
            message = self.receive()
            if message.get("id") == self.number:
                if "error" in message:
                    raise SystemExit(f"{method}: {message['error']}")
                return message["result"]
            self.events.append(message)

    def await_event(self, name):
        while not any(e.get("method") == name for e in self.events):
            self.events.append(self.receive())

    def evaluate(self, expression):
        result = self.ask("Runtime.evaluate", expression=expression, returnByValue=True,
                          awaitPromise=True)
        return result["result"].get("value")

    def begin(self):
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.ask("Target.attachToTarget", targetId=target,
                                flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.ask(f"{domain}.enable")

    def look(self, width, scheme):
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=900,
                 deviceScaleFactor=1, mobile=width < 600)
        self.ask("Emulation.setEmulatedMedia",
                 features=[{"name": "prefers-color-scheme", "value": scheme}])

    def open(self, page):
        """What the page did that it must not."""
        address = page.resolve().as_uri()
        self.events.clear()
        self.ask("Page.navigate", url=address)
        self.await_event("Page.loadEventFired")
        self.evaluate("Promise.all([...document.images].map((i) => i.decode()))"
                      ".then(() => 1, () => 0)")
        wrong = []
        for event in self.events:
            name, what = event.get("method"), event.get("params", {})
            if name in TELLING:
                wrong.append(f"{name}: {json.dumps(what)[:300]}")
            if name == "Network.requestWillBeSent":
                asked = what["request"]["url"]
                if asked != address and not asked.startswith("data:"):
                    wrong.append(f"asked for {asked}")
        return wrong

    def print(self):
        """The number of sheets."""
        printed = self.ask("Page.printToPDF", preferCSSPageSize=True, printBackground=True)
        document = base64.b64decode(printed["data"])
        return len(re.findall(rb"/Type\s*/Page\b(?!s)", document))

    def end(self):
        self.process.terminate()
        self.process.wait(timeout=PATIENCE)


def inspect(browser, page, width, scheme):
    browser.look(width, scheme)
    wrong = browser.open(page)
    expected = inert.read(page.read_text())
    brief = page.name.endswith("-brief.html")
    headings = browser.evaluate("[...document.querySelectorAll('h1, h2, h3')]"
                                ".filter((h) => h.innerText.trim()).length")
    images = browser.evaluate("[...document.images].map((i) => [i.naturalWidth,"
                              " i.alt.length, i.currentSrc === i.src])")
    if headings != expected.headings or (headings < 10 and not brief):
        wrong.append(f"{headings} headings of {expected.headings}")
    if len(images) < (1 if brief else 3) or not all(w > 0 and alt for w, alt, _ in images):
        wrong.append(f"pictures: {images}")
    if not brief and any(same == (width == PHONE) for _, _, same in images):
        wrong.append(f"at {width} px the wrong pictures: {images}")
    if browser.evaluate("document.documentElement.scrollWidth") > width:
        wrong.append(f"wider than {width} px")
    if browser.evaluate("getComputedStyle(document.body).maxWidth") == "none":
        wrong.append("the style sheet is not applied")
    least, where = browser.evaluate(CONTRAST)
    if least < 4.5:
        wrong.append(f"a contrast of {least:.2f} at {where}")
    back = browser.evaluate("getComputedStyle(document.body).backgroundColor")
    if (sum(map(int, re.findall(r"\d+", back)[:3])) < 384) != (scheme == "dark"):
        wrong.append(f"{back} behind it, {scheme}")
    return [f"{page.name}, {width} px, {scheme}: {sentence}" for sentence in wrong]


def inspect_all(browser, pages):
    wrong = []
    for page in pages:
        for width, scheme in ((DESK, "light"), (PHONE, "light"), (DESK, "dark")):
            wrong += inspect(browser, page, width, scheme)
        sheets = browser.print()
        brief = page.name.endswith("-brief.html")
        if sheets != 1 if brief else not 2 <= sheets <= 20:
            wrong.append(f"{page.name}: {sheets} sheets of paper")
        print(f"{page.name}: {sheets} sheets")
    return wrong


def can_fail(browser, page, folder):
    """What must not be there is seen where it is."""
    sound = page.read_text()
    for bad in ("<img src='http://127.0.0.1:9/x.png' alt='x'>", "<script>alert(1)</script>",
                "<p style='color: red'>x</p>"):
        spoilt = folder / "spoilt.html"
        spoilt.write_text(sound.replace("</main>", f"{bad}</main>"))
        if not browser.open(spoilt):
            raise SystemExit(f"nobody sees {bad}")


def main():
    pages = [pathlib.Path(p) for p in sys.argv[2:]]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = Browser(sys.argv[1], profile)
        browser.begin()
        wrong = inspect_all(browser, pages)
        can_fail(browser, pages[0], pathlib.Path(profile))
        browser.end()
    print("\n".join(wrong))
    return 1 if wrong else 0


sys.exit(main())
