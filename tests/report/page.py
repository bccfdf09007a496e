"""The page of a report as a browser shows it (browser.py): what is there, what is asked for, what a
search finds, whether it can be read and used."""
import json
import tempfile
import time
from pathlib import Path

import browser

# Of each text that is shown, its contrast with what is behind it (WCAG 2.2, 1.4.3): those below 4.5,
# or 3 where the text is large.
CONTRAST = """(() => {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const rgba = (colour) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); return [...canvas.getImageData(0, 0, 1, 1).data]; };
  const light = ([r, g, b]) => [r, g, b].map((c) => c / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)).reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (e) => { for (; e; e = e.parentElement) { const c = rgba(e instanceof SVGElement && e.tagName !== 'svg' ? 'transparent' : getComputedStyle(e).backgroundColor); if (c[3] === 255) return c; } return [255, 255, 255, 255]; };
  const found = [];
  for (const e of document.querySelectorAll('body *')) {
    const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own || !e.checkVisibility() || ['SCRIPT', 'STYLE', 'OPTION', 'title'].includes(e.tagName)) continue;
    const style = getComputedStyle(e), node = e.closest('.node')?.querySelector('rect');
    const ink = rgba(e instanceof SVGElement ? style.fill : style.color);
    const behind = node ? rgba(getComputedStyle(node).fill) : ground(e);
    const [a, b] = [light(ink), light(behind)].sort((x, y) => y - x);
    const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.6 && Number(style.fontWeight) >= 700);
    if ((a + 0.05) / (b + 0.05) < (large ? 3 : 4.5)) found.push(`${e.tagName} ${e.className?.baseVal ?? e.className} "${e.textContent.slice(0, 30)}" ${((a + 0.05) / (b + 0.05)).toFixed(2)}`);
  }
  return found;
})()"""

NAMELESS = """[...document.querySelectorAll('button, select, input, [role=button], [role=group]')].filter((e) => e.checkVisibility() &&
  !(e.getAttribute('aria-label') || e.textContent.trim() || e.labels?.length)).map((e) => e.outerHTML.slice(0, 80))"""

ROWS = "[...document.querySelectorAll('#flows-box .row')].map((row) => row.firstChild.textContent)"

# Scrolls through all rows, and gathers their names.
EVERY_ROW = """(async () => {
  const box = document.getElementById('flows-box'), seen = new Map();
  if (box.scrollHeight > 100000) box.style.maxHeight = '9000px'; // fewer steps
  for (let top = 0; top <= box.scrollHeight; top += box.clientHeight - 60) {
    box.scrollTop = top;
    box.dispatchEvent(new Event('scroll'));
    for (const row of box.querySelectorAll('.row')) seen.set(Number(row.dataset.row), row.firstChild.textContent);
  }
  return [...seen].sort((a, b) => a[0] - b[0]).map(([, name]) => name);
})()"""


class Page:
    """A report that is open in a browser, and what its data say."""

    def __init__(self, window, folder, say):
        self.window, self.say, self.path = window, say, Path(folder, "report.html")
        self.data = json.loads(Path(folder, "report.json").read_text(encoding="utf-8"))

    def hold(self, name, good, why="it is not so"):
        self.say("ok" if good else "FAIL", f"page: {name}", *([] if good else [str(why)[:400]]))

    def run(self, script):
        return self.window.run(script)

    def names(self, test=lambda flow: True):
        return [flow["name"] for flow in self.data["flows"] if test(flow)]

    def open(self):
        begun = time.monotonic()
        good = self.window.open(self.path)
        return good and not self.window.complaints, time.monotonic() - begun

    def wait_for_count(self, count):
        """Waits until so many flows are shown: a search begins when its text has come."""
        self.run("new Promise((done) => { const look = () => (document.getElementById('shown').textContent"
                 f".startsWith('{count} of') ? done() : setTimeout(look, 5)); look(); }})")

    def choose(self, name, value):
        self.run(f"(() => {{ const e = document.getElementById({json.dumps(name)}); e.value = {json.dumps(value)};"
                 f" e.dispatchEvent(new Event('change')); }})()")


def shows(page, name):
    good, _ = page.open()
    page.hold(f"{name} is shown", good, page.window.complaints)
    page.hold(f"{name} asks nobody", page.window.requests == [f"file://{page.path}"], page.window.requests)
    page.hold(f"{name}: every flow has a row", page.run(EVERY_ROW) == page.names())
    page.hold(f"{name}: every button has a name", not page.run(NAMELESS), page.run(NAMELESS))
    findings = page.run("document.querySelectorAll('#findings-box details').forEach((d) => { d.open = true; });"
                        "new Promise((done) => setTimeout(() => done(document.querySelectorAll('#findings-box li > .badge + code, #findings-box li > .badge').length), 50))")
    page.hold(f"{name}: findings are shown", findings >= len(page.data["findings"]), findings)
    for word, count in (("Assertions", len(page.data["assertions"])), ("Targets", len(page.data["targets"]))):
        box = {"Assertions": "#assertions-box li > .badge", "Targets": "#targets-box tbody tr"}[word]
        got = page.run(f"document.querySelectorAll('{box}').length")
        page.hold(f"{name}: {word.lower()} are shown", got == count, f"{got} of {count}")
    for dark in (False, True):
        page.window.size(1300, 900, dark)
        page.hold(f"{name}: contrast, {'dark' if dark else 'light'}", page.run(CONTRAST) == [], page.run(CONTRAST))
    page.window.size(400, 800)
    page.hold(f"{name}: fits a narrow window", page.run("document.documentElement.scrollWidth <= innerWidth"),
              page.run("[...document.querySelectorAll('main *')].filter((e) => e.getBoundingClientRect().right > innerWidth + 1 && !e.parentElement.closest('#map-box, #flows-box, .scroll')).slice(0, 4).map((e) => e.outerHTML.slice(0, 90))"))
    page.window.size(1300, 900)


def finds(page):
    """Search and filters, on the flows of everything.yaml."""
    page.open()
    page.window.key("/")
    for letter in "orders":
        page.window.key(letter)
    wanted = page.names(lambda f: "orders" in f["name"])
    page.wait_for_count(len(wanted))
    page.hold("search", page.run(ROWS) == wanted and page.run("document.getElementById('shown').textContent") ==
              f"{len(wanted)} of {len(page.data['flows'])} flows", page.run(ROWS))
    page.hold("search reaches the map", page.run("document.querySelectorAll('#map-box .wire').length") == 1)
    page.window.key("Escape")
    page.window.key("x")
    page.hold("show all", page.run(ROWS) == page.names())
    for name, value, test in (("owner", "operations", lambda f: f["owner"] == "operations"),
                              ("tag", "names", lambda f: "names" in f["tags"]),
                              ("target", "0", lambda f: f["verdicts"][0]["fidelity"] != "out-of-scope"),
                              ("show", "internet", lambda f: f["outside"] and f["action"] == "allow" and not f["expired"]),
                              ("show", "deny", lambda f: f["action"] == "deny"),
                              ("show", "bad", lambda f: any(v["fidelity"] in ("refused", "unresolved") for v in f["verdicts"]))):
        page.choose(name, value)
        page.hold(f"filter {name} {value}", page.run(ROWS) == page.names(test) and page.names(test), page.run(ROWS))
        page.choose(name, "all" if name == "show" else "")
    page.run("[...document.querySelectorAll('#map-box .wire')].find((w) => w.getAttribute('aria-label').startsWith('denied')).dispatchEvent(new MouseEvent('click'))")
    page.hold("a line of the map lists its flows", set(page.run(ROWS)) <= set(page.names(lambda f: f["action"] == "deny")) and page.run(ROWS))
    page.window.key("x")
    cells = page.run("[...document.querySelectorAll('.matrix td')].map((td) => td.className)")
    page.hold("the matrix shows what is broken", "broken" in cells and "open" in cells and "shut" in cells, cells)


def opens(page):
    """The details of a flow: each target, each line; with the keyboard alone."""
    page.open()
    page.window.key("f")
    page.window.key("ArrowDown")
    page.window.key("Enter")
    flow = page.data["flows"][1]
    page.run("document.querySelectorAll('#detail details').forEach((d) => { d.open = true; })")
    text = page.run("new Promise((done) => setTimeout(() => done(document.getElementById('detail').textContent), 100))")
    lines = [page.data["rules"][i]["text"] for verdict in flow["verdicts"] for i in verdict["rules"]]
    page.hold("Enter opens a flow", flow["name"] in text and all(t["name"] in text for t in page.data["targets"]), text)
    page.hold("each line of its rules is there", lines and all(line in text for line in lines))
    page.window.key("Escape")
    page.hold("Escape closes it", not page.run("document.getElementById('detail').open"))
    before = page.run("document.querySelectorAll('#map-box .node').length")
    page.run("document.querySelector('#map-box .node.group').focus()")
    page.window.key("Enter", "\r")
    page.hold("a group opens", page.run("document.querySelector('#map-box .frame') !== null"), before)
    page.window.key("t")
    page.hold("the theme changes", page.run("document.documentElement.dataset.theme") == "dark")
    page.window.key("t")
    page.window.key("t")
    page.run("window.dispatchEvent(new Event('beforeprint'))")
    page.hold("all rows are printed", page.run(ROWS) == page.names())
    page.hold("it prints", page.window.pdf().startswith(b"%PDF"))


def is_harmless(page):
    page.open()
    page.run("document.querySelector('#flows-box .row').click()")
    page.hold("hostile texts do not run", page.run("window.hacked === undefined") and not page.window.complaints,
              page.window.complaints)
    page.hold("hostile texts are no markup", page.run("document.querySelectorAll('main img, main b[onmouseover], main script, dialog img, dialog script, i, u').length") == 0)
    page.hold("they are shown as text", page.names()[0] in page.run("document.getElementById('flows-box').textContent"))
    page.hold("directions of text are shown", "\\u202e" in page.run("document.body.innerText") and not page.run("/[\\u202a-\\u202e\\u2066-\\u2069]/.test(document.querySelector('main').textContent)"))
    page.hold("no inline script runs", page.run("(() => { const s = document.createElement('script'); s.textContent = 'window.hacked = 5'; document.body.append(s); return window.hacked === undefined; })()"))
    page.hold("nothing is fetched", page.run("new Promise((done) => { const i = new Image(); i.onload = () => done(false); i.onerror = () => done(true); i.src = 'http://198.51.100.9/'; })"))


def many(count):
    """A policy of very many flows between the networks of twelve parts."""
    parts = ("web", "app", "db", "cache", "queue", "batch", "monitor", "office", "partner", "vpn", "dmz", "manage")
    text = ["flowrules: 1", "title: Very many", "networks:"]
    text += [f"  {part}-{i}: 10.{p}.{i}.0/24" for p, part in enumerate(parts) for i in range(40)]
    text += ["zones:"] + [f"  {part}: [{', '.join(f'{part}-{i}' for i in range(40))}]" for part in parts] + ["  internet: all-else"]
    text += ["flows:"]
    for i in range(count):
        source, destination = i * 7 % len(parts), (i * 7 + 1 + i // 40 % 3) % len(parts)
        text.append(f"  - {{name: flow-{i:05}, source: 10.{source}.{i % 40}.{i // 40 % 250 + 1}, destination: {parts[destination]}-{i * 3 % 40}, "
                    f"protocol: tcp, port: {1024 + i}, owner: owner-{i % 9}, tags: [tag-{i % 5}]}}")
    text += ["targets:", "  edge: {backend: nftables, hook: forward, protects: any}", "  list: {backend: plain, protects: any}"]
    return "\n".join(text) + "\n"


def stays_usable(page, count):
    good, took = page.open()
    page.hold(f"{count} flows are shown ({took:.1f} s)", good, page.window.complaints)
    fits = "(() => { const box = document.getElementById('map-box'), svg = box.querySelector('svg'); return svg.clientWidth <= box.clientWidth && svg.clientWidth >= 0.75 * svg.viewBox.baseVal.width - 1; })()"
    page.hold(f"{count} flows: the map fits, and its words can be read", page.run(fits))
    elements = page.run("document.querySelectorAll('*').length")
    page.hold(f"{count} flows: few elements", elements < 6000, elements)
    page.hold(f"{count} flows: every flow has a row", page.run(EVERY_ROW) == page.names())
    page.window.key("f")
    page.window.key("End")
    page.hold(f"{count} flows: the last", page.run(ROWS)[-1] == page.names()[-1])
    page.window.key("/")
    for letter in f"flow-{count // 2:05}":
        page.window.key(letter)
    page.wait_for_count(1)
    page.hold(f"{count} flows: search", page.run(ROWS) == [f"flow-{count // 2:05}"])
    page.window.key("Escape")
    page.window.key("x")
    page.run("document.querySelector('#map-box .node.group').dispatchEvent(new MouseEvent('click'))")
    nodes = page.run("document.querySelectorAll('#map-box .node').length")
    page.hold(f"{count} flows: a group opens", 20 < nodes < 120, nodes)


def try_all(verdicts, cases, report):
    window = browser.Browser()
    try:
        window.size(1300, 900)
        with tempfile.TemporaryDirectory() as top:
            pages = {}
            for name, policy in cases.items():
                report(policy, str(Path(top, name)))
                pages[name] = Page(window, Path(top, name), verdicts.say)
                shows(pages[name], name)
            finds(pages["everything"])
            opens(pages["everything"])
            is_harmless(pages["hostile"])
            policy = Path(top, "many.yaml")
            policy.write_text(many(10000), encoding="utf-8")
            report(policy, str(Path(top, "many")))
            stays_usable(Page(window, Path(top, "many"), verdicts.say), 10000)
    finally:
        window.close()
