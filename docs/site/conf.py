"""Sphinx: the repository's Markdown as a site (docs/site/build)."""

from pathlib import Path

here = Path(__file__).parent

project = "ohmic"
html_title = "ohmic"
extensions = ["myst_parser", "sphinx.ext.mathjax"]
myst_enable_extensions = ["dollarmath"]
mathjax_path = "mathjax/MathJax.js?config=TeX-AMS_SVG"  # docs/site/build copies it
myst_update_mathjax = False
mathjax2_config = {"showMathMenu": False, "messageStyle": "none", "SVG": {"scale": 90}}
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


def complete(_, name, source):
    """The README with the site's navigation, and GitHub's blocks of mathematics as MyST has them."""
    if name == root_doc:
        source[0] += (here / "navigation.md").read_text()
    source[0] = source[0].replace("\n```math\n", "\n```{math}\n")


def setup(app):
    app.connect("source-read", complete)
