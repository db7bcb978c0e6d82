"""Sphinx: the repository's Markdown as a site (docs/site/build)."""

from itertools import takewhile
from pathlib import Path

here = Path(__file__).parent

project = "ohmic"
html_title = "ohmic"
extensions = ["myst_parser"]
myst_heading_anchors = 4  # those of GitHub
root_doc = "README"
include_patterns = ["*.md", "docs/**.md"]
exclude_patterns = ["docs/site/navigation.md", "build", "runs", "data", ".git"]
suppress_warnings = ["misc.highlighting_failure"]  # excerpts that are not whole files
smartquotes = False  # text quotes values of TOML
highlight_language = "text"
html_theme = "furo"
html_static_path = ["wide.css"]
html_css_files = ["wide.css"]
html_copy_source = False
html_show_copyright = False
html_show_sphinx = False


def manual_page(model):
    """The comment that a device model's file opens with, as Markdown."""
    lines = [line[3:] for line in takewhile(lambda line: line.startswith("//"), model.open())]
    name, title = lines[0].strip().split(" - ", 1)
    page = f"\n## {name}: {title}\n\n```text\n{''.join(line or chr(10) for line in lines[2:])}```\n"
    drawn = (here.parent / "figures" / "devices" / f"{name}.svg").exists()
    return page + (f"\n![Error and age of {name}](../figures/devices/{name}.svg)\n" if drawn else "")


def complete(_, name, source):
    """What a page has only in the site: the README the navigation, the device models their pages."""
    if name == root_doc:
        source[0] += (here / "navigation.md").read_text()
    if name == "docs/site/devices":
        models = sorted((here.parents[1] / "devices" / "models").glob("*.cpp"))
        source[0] += "".join(map(manual_page, models))


def setup(app):
    app.connect("source-read", complete)
