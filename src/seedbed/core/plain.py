"""Plain data: the one form between a value and its texts. Numbers, words, lists, and dictionaries.

    SGD(lr=log_uniform(1e-4, 1), momentum=0.9)
    {"kind": "sgd", "lr": {"log_uniform": [1e-4, 1.0]}, "momentum": 0.9}

TOML and the one-line form both read into plain data and are written from it, so there is one reader of meaning.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any, TypeVar

from seedbed.core import distributions, fields
from seedbed.core.distributions import Distribution
from seedbed.core.errors import Fault, SetupError, UsageError, nearest, one_of
from seedbed.core.text import ARGUMENTS, parse, write
from seedbed.core.value import Path, Value, is_required, squashed

V = TypeVar("V", bound=Value)


def to_plain(content: Any, *, keep_defaults: bool = False) -> Any:
    """The plain data of a value. Fields that hold their default are left out, unless `keep_defaults`.

    A field that is None is left out where None is its default: in a text an absent thing is an absent key. Elsewhere
    the word "none" says so.
    """
    if isinstance(content, Distribution):
        return _distribution_to_plain(content)
    if isinstance(content, tuple):
        return [to_plain(item) for item in content]
    if not isinstance(content, Value):
        return "none" if content is None else content
    plain: dict[str, Any] = {"kind": content.kind} if content.kind else {}
    for f in map(content.__dataclass_fields__.__getitem__, content.specs):
        held = getattr(content, f.name)
        is_default = not is_required(f) and type(held) is type(f.default) and held == f.default
        if (is_default and not keep_defaults) or (held is None and f.default is None):
            continue
        plain[f.name] = to_plain(held, keep_defaults=keep_defaults)
    return plain


def to_line(content: Any) -> str:
    """The one-line form of a value, or of a tuple of values: `linear 64, relu, linear out`."""
    return write(_for_line(content))


def shown(content: Any) -> str:
    """What stands at a place of a setup, as a text would say it; "none" where there is nothing."""
    return to_line(content) if isinstance(content, Value | tuple) else "none" if content is None else str(content)


def has_distribution(plain: Any) -> bool:
    """Whether a distribution stands somewhere in plain data."""
    if isinstance(plain, list):
        return any(has_distribution(item) for item in plain)
    return isinstance(plain, dict) and (
        distribution_kind(plain) is not None or any(has_distribution(item) for item in plain.values())
    )


def from_plain(plain: Any, family: type[V], path: Path = ()) -> V | Any:
    """The value that plain data describes; where `family` has kinds, also a choice between some of them.

    Raises:
        SetupError: with all faults at once, each with its place in `plain`.
    """
    faults: list[Fault] = []
    if family.kinds:
        value = _read_field(plain, fields.Part(False, "", family), path, faults)
    else:
        value = _read_value(plain, family, path, faults)
    if faults:
        raise SetupError(faults)
    return value


def _for_line(content: Any) -> Any:
    """Plain data in which the required fields stand by position, as a line has them."""
    if isinstance(content, tuple):
        return [_for_line(item) for item in content]
    if isinstance(content, Distribution):
        return _distribution_to_plain(content) | {content.kind: [_for_line(a) for a in content.arguments]}
    if not isinstance(content, Value):
        return to_plain(content)
    if not content.kind and len(content.specs) == 1:
        return _for_line(getattr(content, next(iter(content.specs))))  # a network is written as its layers alone
    plain = {name: _for_line(getattr(content, name)) for name in to_plain(content) if name != "kind"}
    required = [f.name for f in dataclasses.fields(content) if is_required(f) and not f.kw_only]
    if isinstance(next(iter(content.specs.values()), None), fields.Parts):
        # The parts take every position, so that the other fields, and a choice between lists, go by name.
        first = next(iter(content.specs))
        positional = plain.pop(first) if plain.get(first) and isinstance(plain[first], list) else []
    else:
        positional = [plain.pop(name) for name in required]
    return {"kind": content.kind} | ({ARGUMENTS: positional} if positional else {}) | plain


def _distribution_to_plain(d: Distribution) -> dict[str, Any]:
    plain: dict[str, Any] = {d.kind: [to_plain(a) for a in d.arguments]}
    if getattr(d, "log", False):
        plain["log"] = True
    if d.name is not None:
        plain["name"] = d.name
    return plain


def _read(plain: Any, spec: fields.Spec, path: Path, faults: list[Fault]) -> Any:
    """What stands in one field. Faults are collected, and then anything is given back."""
    if spec.optional and plain == "none":
        return None
    if isinstance(plain, str) and type(spec) is fields.Part and spec.family.kinds:
        plain = _parsed_item(plain, path, faults)
        if plain is None:
            return None
    if isinstance(plain, dict) and (kind := distribution_kind(plain)):
        return _read_distribution(plain, kind, spec, path, faults)
    if isinstance(spec, fields.Parts):
        return _read_parts(plain, spec, path, faults)
    if isinstance(spec, fields.Part):
        return _read_value(plain, spec.family, path, faults)
    if isinstance(plain, dict):
        came, words = (write(plain), [plain["kind"]]) if "kind" in plain else (fields.describe(plain), list(plain))
        near = (nearest(str(word), Distribution.kinds) for word in words)  # perhaps a distribution was meant
        faults.append(Fault(path, spec.allowed, came, next(filter(None, near), "")))
    return plain


def _read_parts(plain: Any, spec: fields.Parts, path: Path, faults: list[Fault]) -> Any:
    if isinstance(plain, str):
        plain = _parsed(plain, path, faults)
        if plain is None:
            return ()
    if not isinstance(plain, list):
        faults.append(Fault(path, spec.expected, fields.describe(plain)))
        return ()
    each = fields.Part(True, "", spec.family)
    return tuple(_read(item, each, (*path, i), faults) for i, item in enumerate(plain))


def _read_distribution(plain: dict[str, Any], kind: str, spec: fields.Spec, path: Path, faults: list[Fault]) -> Any:
    given = dict(plain)
    arguments = given.pop(kind)
    name, log = given.pop("name", None), given.pop("log", False)
    if given or not isinstance(arguments, list):
        faults.append(Fault(path, f"{{ {kind} = [...], name = ... }}", fields.describe(plain)))
        return None
    if kind == "choice":
        # The options of a choice that stands for one layer among several may also be "none": no layer.
        arguments = [_read(a, spec, (*path, i), faults) for i, a in enumerate(arguments)]
    try:
        return distributions.make(kind, arguments, name, log)
    except UsageError as error:
        faults.append(Fault(path, "a sound distribution", error.message, error.hint))
        return None


def _read_value(plain: Any, family: type[Value], path: Path, faults: list[Fault]) -> Any:
    if isinstance(plain, str | list) and not family.kinds and len(family.specs) == 1:
        plain = {next(iter(family.specs)): plain}  # a network may be given by its layers alone
    if not isinstance(plain, dict):
        expected = one_of(c.kind for c in family.kinds.values()) if family.kinds else f"a table for {family.__name__}"
        faults.append(Fault(path, expected, fields.describe(plain)))
        return None
    cls = _class_of(plain, family, path, faults)
    return _build(cls, plain, path, faults) if cls else None


def _class_of(plain: dict[str, Any], family: type[Value], path: Path, faults: list[Fault]) -> type[Value] | None:
    if not family.kinds:
        return family
    known = [c.kind for c in family.kinds.values()]
    kind = plain.get("kind")
    if isinstance(kind, str) and squashed(kind) in family.kinds:
        return family.kinds[squashed(kind)]
    noun = family.__name__.lower()
    if kind is None:
        faults.append(Fault(path, f"a kind, {one_of(known)}", "none", f'name it: kind = "{known[0]}"'))
    else:
        hint = nearest(str(kind), known) or f"a {noun} of your own has to be imported first: --import MODULE"
        faults.append(Fault(path, f"a {noun}, {one_of(known)}", fields.describe(kind), hint))
    return None


def _build(cls: type[Value], plain: dict[str, Any], path: Path, faults: list[Fault]) -> Value | None:
    given = {key: content for key, content in plain.items() if key not in ("kind" if cls.kind else "", ARGUMENTS)}
    before = len(faults)
    given |= _positional(cls, plain, given, path, faults)
    for key in [key for key in given if key not in cls.specs]:
        expected = one_of(cls.specs) if cls.specs else f"no keys, {cls.kind or cls.__name__} takes none"
        faults.append(Fault((*path, key), expected, f"the unknown key {key!r}", nearest(key, cls.specs)))
        del given[key]
    required = [f.name for f in dataclasses.fields(cls) if is_required(f) and f.name not in given]
    faults += [Fault((*path, name), cls.specs[name].expected, "nothing") for name in required]
    contents = {
        name: _read_field(given[name], spec, (*path, name), faults) for name, spec in cls.specs.items() if name in given
    }
    if len(faults) > before:
        return None
    try:
        return cls(**contents)
    except SetupError as error:  # the fields are right each by itself, but not together
        faults += [fault.under(*path) for fault in error.faults]
        return None


def _read_field(plain: Any, spec: fields.Spec, path: Path, faults: list[Fault]) -> Any:
    before = len(faults)
    content = _read(plain, spec, path, faults)
    if len(faults) > before and not isinstance(spec, fields.Parts):
        return None
    try:
        return spec.admit(content)
    except SetupError as error:
        known = {fault.path for fault in faults[before:]}
        faults += [moved for fault in error.faults if (moved := fault.under(*path)).path not in known]
        return None


def _positional(
    cls: type[Value], plain: dict[str, Any], given: Iterable[str], path: Path, faults: list[Fault]
) -> dict[str, Any]:
    arguments, names = plain.get(ARGUMENTS, []), list(cls.specs)
    spec = next(iter(cls.specs.values()), None)
    if isinstance(spec, fields.Parts):
        arguments = [arguments] if arguments else []
    elif len(arguments) > len(names):
        expected = f"at most {len(names)} arguments ({', '.join(names)})" if names else "no arguments"
        faults.append(Fault(path, f"{expected} for {cls.kind}", f"{len(arguments)}"))
    placed = dict(zip(names, arguments, strict=False))
    for name in placed.keys() & set(given):
        faults.append(Fault((*path, name), "one value", "one by position and one by name"))
    return placed


def distribution_kind(plain: dict[str, Any]) -> str | None:
    """The kind of the distribution that plain data describes, or None."""
    return None if "kind" in plain else next((key for key in plain if key in Distribution.kinds), None)


def _parsed(line: str, path: Path, faults: list[Fault]) -> list[Any] | None:
    try:
        return parse(line)
    except SetupError as error:
        faults += [fault.under(*path) for fault in error.faults]
        return None


def _parsed_item(line: str, path: Path, faults: list[Fault]) -> Any:
    items = _parsed(line, path, faults)
    if items is None:
        return None
    item = items[0] if len(items) == 1 else line  # of several, the line is named as an unknown kind
    return {"kind": item} if isinstance(item, str) else item
