"""HTML pages from templates: every value is escaped, and nothing loads or runs but what is in the page."""

from base64 import b64encode
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Final

from jinja2 import Environment, FunctionLoader, StrictUndefined, Template
from markupsafe import Markup

_COMMON: Final = "kardia_ctl.render"


@cache
def html_template(package: str, name: str) -> Template:
    """A template beside a package's modules. Values are escaped; a name that was not given is an error."""
    environment = Environment(
        loader=FunctionLoader(lambda found: package_text(package, found)),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    environment.filters["px"] = "{:.1f}".format
    return environment.get_template(name)


def package_text(package: str, name: str) -> str:
    """The text of a file beside a package's modules."""
    return files(package).joinpath(name).read_text(encoding="utf-8")


def page_style(package: str, name: str) -> Markup:
    """The style that all pages share, and a page's own after it."""
    return trusted(package_text(_COMMON, "page_base.css") + package_text(package, name))


def trusted(text: str) -> Markup:
    """A text of our own that is put into a page as it is; ``content_policy`` names its digest."""
    return Markup(text)  # noqa: S704  (our own file, checked by the policy's digest)


def content_policy(style: str, script: str = "") -> str:
    """A policy under which a page loads nothing, and has only this style and this script."""
    scripts = f" script-src 'sha256-{_digest(script)}';" if script else ""
    styles = f" style-src 'sha256-{_digest(style)}';"
    return f"default-src 'none';{styles}{scripts} base-uri 'none'; form-action 'none'"


def _digest(text: str) -> str:
    return b64encode(sha256(text.encode()).digest()).decode()
