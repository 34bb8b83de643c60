"""Options that several commands share: a dataclass, whose fields are what Typer reads."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import Field, fields, is_dataclass
from inspect import Parameter
from typing import Any, get_type_hints

from typer.models import ArgumentInfo


def with_shared_options(command: Callable[..., None]) -> Callable[..., None]:
    """The command with the fields of a dataclass in the place of each parameter that is one: `source: Source`.

    All options are given by name. Those of dataclasses come first in the help, in the order of the parameters.
    """
    parameters = inspect.signature(command, eval_str=True).parameters.values()
    shared: dict[str, Any] = {p.name: p.annotation for p in parameters if is_dataclass(p.annotation)}
    own = [p.replace(kind=Parameter.KEYWORD_ONLY) for p in parameters if p.name not in shared]
    spread = [_parameter(kind, field) for kind in shared.values() for field in fields(kind)] + own

    @functools.wraps(command)
    def run(**given: Any) -> None:
        made = {
            name: kind(**{field.name: given.pop(field.name) for field in fields(kind)}) for name, kind in shared.items()
        }
        command(**made, **given)

    run.__signature__ = inspect.Signature(spread, return_annotation=None)  # type: ignore[attr-defined]
    run.__annotations__ = {p.name: p.annotation for p in spread}
    return run


def _parameter(kind: type, field: Field[Any]) -> Parameter:
    types = get_type_hints(kind, include_extras=True)
    return Parameter(field.name, Parameter.KEYWORD_ONLY, default=field.default, annotation=types[field.name])


def as_typed(given: Any) -> list[str]:
    """The words that a user types for such a dataclass: its argument, and the options that are not as by themselves."""
    arguments, options = [], []
    types = get_type_hints(type(given), include_extras=True)
    for field in fields(given):
        told, info = getattr(given, field.name), types[field.name].__metadata__[0]
        if isinstance(info, ArgumentInfo):
            arguments.append(str(told))
        elif told != field.default:
            # Of what stands in an annotation Typer takes the first name for a default, until it reads it.
            names = [one for one in (info.default, *(info.param_decls or ())) if isinstance(one, str)]
            name, _, no = (names or [f"--{field.name.replace('_', '-')}"])[0].partition("/")
            if isinstance(told, bool):
                options.append(name if told else no)
            else:
                options += [word for one in (told if isinstance(told, list) else [told]) for word in (name, str(one))]
    return arguments + options
