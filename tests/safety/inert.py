# SPDX-License-Identifier: GPL-3.0-or-later
"""Is what headroom wrote inert? Each function returns what is wrong with a text, as a
list of sentences. Nothing of headroom is used here: pages are read by Python's own HTML
parser, which is as lenient as a browser, and held against what a page of ours consists
of."""
import base64
import csv
import hashlib
import io
import re
from html.parser import HTMLParser

HTML = {
    "html": {"lang"}, "head": set(), "meta": {"charset", "http-equiv", "content", "name"},
    "title": set(), "style": set(), "body": {"class"}, "a": {"class", "href", "download"},
    "header": set(), "p": {"class"}, "h1": set(), "h2": {"id"}, "h3": set(), "h4": set(),
    "nav": {"aria-label"}, "ol": set(), "ul": set(), "li": set(), "main": {"id"},
    "section": {"aria-labelledby"}, "dl": {"class"}, "div": {"class", "role", "tabindex",
    "aria-label"}, "dt": set(), "dd": set(), "strong": set(), "span": set(),
    "table": set(), "caption": set(), "thead": set(), "tbody": set(), "tr": set(),
    "th": {"scope", "class"}, "td": {"class"}, "br": set(), "small": set(),
    "figure": set(), "picture": set(), "source": {"media", "srcset", "width", "height"},
    "img": {"src", "width", "height", "alt"}, "figcaption": set(),
    "pre": {"tabindex"}, "code": set(), "details": set(), "summary": set(),
    "footer": set(),
}
SVG = {"svg", "title", "desc", "g", "path", "text", "tspan", "defs", "circle", "use",
       "rect", "polygon", "clippath", "filter", "feflood", "fecomposite", "lineargradient",
       "stop", "image", "pattern", "ellipse", "line", "polyline"}
POLICY = re.compile(r"default-src 'none'; img-src data:; style-src 'sha256-([A-Za-z0-9+/=]"
                    r"{44})'; base-uri 'none'; form-action 'none'")
# Control characters but for the end of a line, and what turns the direction of text.
UNSHOWABLE = re.compile("[\0-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e"
                        "\u2066-\u2069\ufeff\ufffe\uffff]")
IMAGE = "data:image/svg+xml;base64,"
TABLE = "data:text/csv;base64,"


def text(words):
    """Of a terminal, or the text of a page."""
    found = UNSHOWABLE.search(words)
    return [f"the character {found.group()!r} at {found.start()}"] if found else []


class Reader(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.wrong, self.style, self.policy, self.images = [], None, None, 0
        self.headings = 0

    def complain(self, sentence):
        self.wrong.append(sentence)

    def handle_starttag(self, tag, attributes):
        if tag not in HTML:
            self.complain(f"an element <{tag}>")
            return
        for name, value in attributes:
            value = value or ""
            if name not in HTML[tag]:
                self.complain(f"an attribute {name} of <{tag}>")
            self.wrong += text(value)
            if name == "class" and not re.fullmatch("[a-z ]*", value):
                self.complain(f"the class {value!r}")
            if name in ("src", "srcset"):
                self.take_image(value)
            if name == "href":
                self.take_link(value)
        names = dict(attributes)
        if names.get("http-equiv"):
            self.policy = names.get("content")
        self.headings += tag in ("h1", "h2", "h3")

    handle_startendtag = handle_starttag

    def take_image(self, address):
        if not address.startswith(IMAGE):
            self.complain(f"a picture from {address[:60]!r}")
            return
        self.images += 1
        drawn = base64.b64decode(address[len(IMAGE):], validate=True).decode()
        self.wrong += svg(drawn)

    def take_link(self, address):
        if address.startswith(TABLE):
            table = base64.b64decode(address[len(TABLE):], validate=True).decode()
            self.wrong += sheet(table)
        elif not re.fullmatch("#(s[0-9]+|main)", address):
            self.complain(f"a link to {address!r}")

    def handle_data(self, data):
        if self.lasttag == "style" and self.style is None:
            self.style = data
        else:
            self.wrong += text(data)

    def handle_comment(self, data):
        self.complain(f"a comment {data[:60]!r}")

    def handle_pi(self, data):
        self.complain(f"an instruction {data[:60]!r}")

    def unknown_decl(self, data):
        self.complain(f"a declaration {data[:60]!r}")

    def handle_decl(self, decl):
        if decl != "DOCTYPE html":
            self.complain(f"a declaration {decl[:60]!r}")


def read(words):
    reader = Reader()
    reader.feed(words)
    reader.close()
    return reader


def html(words):
    reader = read(words)
    policy = POLICY.fullmatch(reader.policy or "")
    digest = hashlib.sha256((reader.style or "").encode()).digest()
    if not policy or policy.group(1) != base64.b64encode(digest).decode():
        reader.complain("no policy that forbids everything but the style sheet")
    return reader.wrong


class SvgReader(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.wrong = []

    def handle_starttag(self, tag, attributes):
        if tag not in SVG:
            self.wrong.append(f"an element <{tag}> in a figure")
        for name, value in attributes:
            value = value or ""
            box = name == "style" and value == "filter:url(#textbox)"  # behind a label
            if name.startswith("on") or name == "href" or (name == "style" and not box):
                self.wrong.append(f"an attribute {name} in a figure")
            if name == "xlink:href" and not re.fullmatch("#gp(Pt[0-9]+|Dot)", value):
                self.wrong.append(f"a link to {value[:60]!r} in a figure")

    handle_startendtag = handle_starttag

    def handle_data(self, data):
        self.wrong += text(data.replace("\t", " "))

    def handle_decl(self, decl):
        self.wrong.append(f"a declaration {decl[:60]!r} in a figure")

    unknown_decl = handle_decl


def svg(words):
    reader = SvgReader()
    reader.feed(words)
    reader.close()
    return reader.wrong


def is_number(cell):
    try:
        float(cell)
        return True
    except ValueError:
        return False


def sheet(words):
    wrong = []
    for row in csv.reader(io.StringIO(words, newline="")):
        for cell in row:
            if cell[:1] in ("=", "+", "-", "@", "\t", "\r") and not is_number(cell):
                wrong.append(f"a cell that a spreadsheet would run: {cell[:60]!r}")
    return wrong


def markdown(words):
    """Lines of code, by four spaces, are never read as anything else."""
    wrong = text(words)
    for line in words.split("\n"):
        if line.startswith("    "):
            continue
        bare = re.sub(r"\\[\\`*_{}\[\]()#+.!|~:=-]", "", line)
        known = re.sub(r"!?\[[^\[\]]*\]\(<[A-Za-z0-9._/%-]+>\)", "", bare)
        if re.search(r"[<\[\]]|://", known.replace("> **", "", 1)):
            wrong.append(f"an element or a link in {line[:80]!r}")
    return wrong


# What each must find; a check that finds nothing checks nothing.
BAD = [
    (html, "<p onclick=x>"), (html, "<script>"), (html, "<p>\u202e</p>"),
    (html, "<img src=x>"), (html, "<a href='javascript:x'>"), (html, "<!-- x -->"),
    (html, "<p class='a' style='b'>"),
    (svg, "<svg><script/></svg>"), (svg, "<g onload='x'>"), (svg, "<a xlink:href='x'>"),
    (svg, "<foreignObject>"), (sheet, "a,=1+1\n"), (sheet, 'a,"@x"\n'), (sheet, "-1-1"),
    (markdown, "a <b>"), (markdown, "[x](y)"), (markdown, "see https://x"),
    (text, "a\x1b[31m"), (text, "a\u202e"), (text, "a\rb"), (text, "\x9b"),
]
for check, sample in BAD:
    if not check(sample):
        raise SystemExit(f"inert.py does not find anything wrong with {sample!r}")
