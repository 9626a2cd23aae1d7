"""Templates: every value is escaped, a name that nobody gave is an error, and both languages stand in one place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, PrefixLoader, StrictUndefined, pass_context

from ecert.domain.catalogue import by_code
from ecert.domain.dates import civil_moment
from ecert.domain.reasons import REASONS, Reason
from ecert.runtime.shell.static import address

if TYPE_CHECKING:
    from jinja2.runtime import Context

__all__ = ["templates"]


def templates(rooms: Mapping[str, str]) -> Environment:
    """Make the environment: `rooms` maps a prefix ("wallet") to the package whose `templates/` it names.

    In a template: t(zh, en) says it in the page's language, `named` gives anything with `zh` and `en` (an object or a
    mapping), `reason` a code's sentence, `type_of` a certificate type, `moment` Unix seconds as China's civil time.
    """
    packages = {"shell": "ecert.runtime", **rooms}
    environment = Environment(
        loader=PrefixLoader({prefix: PackageLoader(package) for prefix, package in packages.items()}),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(t=_say, static=address)
    environment.filters.update(named=_named, moment=civil_moment, reason=_reason, type_of=by_code)
    return environment


@pass_context
def _say(context: Context, zh: str, en: str) -> str:
    return zh if context["lang"] == "zh" else en


@pass_context
def _named(context: Context, thing: Any) -> str:  # noqa: ANN401 - any of the house's bilingual values
    lang = context["lang"]
    return str(thing[lang] if isinstance(thing, Mapping) else getattr(thing, lang))


def _reason(code: str) -> Reason:
    # Another region may already speak a newer list of codes.
    return REASONS.get(code) or Reason(code, code, code)
