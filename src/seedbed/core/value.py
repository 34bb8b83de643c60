"""A value: a frozen dataclass that is a JAX pytree. Its numbers are leaves, everything else is structure.

    class SGD(Optimizer, kind="sgd"):
        lr: float = number(low=0.0)                        # a leaf
        momentum: float | None = number(None, optional=True, low=0.0, high=1.0, high_open=True)
        nesterov: bool = flag(False)                       # structure

Two values with the same `jax.tree.structure` can run as one program, whatever their numbers.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self, cast, dataclass_transform

import jax
import numpy as np
from numpy.typing import NDArray

from seedbed.core import cores, fields
from seedbed.core.distributions import Distribution
from seedbed.core.errors import Fault, SetupError, UsageError, nearest

Path = tuple[str | int, ...]

cores.prepare()  # before anything starts JAX's back ends


# No field_specifiers: a type checker would then take every default that is given by position, `number(0.1)`, for none.
@dataclass_transform(frozen_default=True, eq_default=False)
class Value:
    """Base of everything that can stand in a setup.

    A subclass with `kind` belongs to the family of the nearest base class that was declared with `family=True`, and can
    be named in texts by its kind. A subclass without one is abstract or stands alone (`Network`, `Setup`).
    """

    kind: ClassVar[str] = ""
    kinds: ClassVar[dict[str, type[Any]]] = {}
    specs: ClassVar[dict[str, fields.Spec]] = {}
    __no_type_check__: ClassVar[bool] = True  # fields check themselves: they also take distributions and any scalar
    if TYPE_CHECKING:  # each subclass is made a dataclass below, and so has this
        __dataclass_fields__: ClassVar[dict[str, dataclasses.Field[Any]]]

    def __init_subclass__(cls, *, kind: str = "", family: bool = False, **rest: Any) -> None:
        super().__init_subclass__(**rest)
        dataclasses.dataclass(frozen=True, eq=False, repr=False)(cls)
        # Keyword-only fields come last, so that a subclass adds its positional ones in front of them.
        ordered = sorted(dataclasses.fields(cls), key=lambda f: bool(f.kw_only))
        cls.specs = {f.name: _spec_of(cls, f) for f in ordered}
        _check_arguments_of(cls)
        cls.kind = kind
        if family:
            cls.kinds = {}
        if kind:
            _register(cls)
        _register_pytree(cls)

    def __post_init__(self) -> None:
        self._admit(self.specs)

    def _admit(self, names: Iterable[str]) -> None:
        """Checks the fields of these names, each by itself, and then all together."""
        faults: list[Fault] = []
        for name in names:
            try:
                object.__setattr__(self, name, self.specs[name].admit(getattr(self, name)))
            except SetupError as error:
                faults += [fault.under(name) for fault in error.faults]
        if not faults:
            faults += self.check()
        if faults:
            raise SetupError(faults, source=type(self).__name__)

    def check(self) -> list[Fault]:
        """What is wrong between fields that are each right by themselves; a subclass overrides it."""
        return []

    @classmethod
    def example(cls) -> str:
        """How a user would write a member of this family, for messages."""
        first: type[Value] = next(iter(cls.kinds.values()), cls)
        return f"{first.__name__}({'...' if any(is_required(f) for f in dataclasses.fields(first)) else ''})"

    def replace(self, **changes: Any) -> Self:
        """This value with some fields changed, which are validated; the others are not looked at again.

        Raises:
            SetupError: a field is not there, or its new content may not stand in it.
        """
        if faults := _unknown(type(self), changes):
            raise SetupError(faults)
        made = object.__new__(type(self))
        for name in self.specs:  # the others stay as they are
            object.__setattr__(made, name, changes[name] if name in changes else getattr(self, name))
        made._admit([name for name in self.specs if name in changes])
        return made

    def __eq__(self, other: object) -> bool:
        return same(self, other) if isinstance(other, Value) else NotImplemented

    def __hash__(self) -> int:
        static = tuple(getattr(self, n) for n, spec in self.specs.items() if not spec.is_leafy)
        return hash((type(self), static))

    def __repr__(self) -> str:
        words = []
        for name in self.specs:
            f, content = self.__dataclass_fields__[name], getattr(self, name)
            if is_required(f):
                is_list = isinstance(content, tuple) and isinstance(self.specs[name], fields.Parts)
                shown = repr(list(content) if is_list else content)
                words.append(f"{name}={shown}" if f.kw_only else shown)
            elif not _same(content, f.default):
                words.append(f"{name}={content!r}")
        return f"{type(self).__name__}({', '.join(words)})"


def same(a: Any, b: Any) -> bool:
    """Whether two values are equal in type, structure and every number. Never raises, also with arrays inside."""
    return not diff(a, b)


def diff(a: Any, b: Any) -> list[tuple[Path, Any, Any]]:
    """The places at which two values differ, each with what stands there in `a` and in `b`."""
    if isinstance(a, Value) and isinstance(b, Value) and type(a) is type(b):
        return [((name, *path), x, y) for name in a.specs for path, x, y in diff(getattr(a, name), getattr(b, name))]
    if isinstance(a, tuple) and isinstance(b, tuple) and len(a) == len(b):
        return [((i, *path), x, y) for i, pair in enumerate(zip(a, b, strict=True)) for path, x, y in diff(*pair)]
    return [] if _same(a, b) else [((), a, b)]


def walk(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every place below `value` with its content, outermost first. It walks fields, so it also finds distributions."""
    yield path, value
    for step, content in children(value):
        yield from walk(content, (*path, step))


def children(value: Any) -> Iterator[tuple[str | int, Any]]:
    """What stands right below `value`, each with the last step of its place."""
    if isinstance(value, Value):
        yield from ((name, getattr(value, name)) for name in value.specs)
    elif isinstance(value, tuple):
        yield from enumerate(value)


def contains(value: Any, test: Callable[[Any], bool]) -> bool:
    """Whether `test` holds for `value` or for something below it; faster than `walk`, for it knows no places."""
    if test(value):
        return True
    if isinstance(value, Value):
        value = tuple(getattr(value, name) for name in value.specs)
    return isinstance(value, tuple) and any(contains(content, test) for content in value)


def rebuild(value: Any, change: Callable[[Path, Any], Any], path: Path = ()) -> Any:
    """`value` with every place below it passed through `change(path, content)`, outermost first.

    What nothing below changes in is the same object as before.
    """
    value = change(path, value)
    if isinstance(value, Value):
        pairs = ((n, getattr(value, n)) for n in value.specs)
        changed = {n: new for n, old in pairs if (new := rebuild(old, change, (*path, n))) is not old}
        return value.replace(**changed) if changed else value
    if isinstance(value, tuple):
        items = [rebuild(item, change, (*path, i)) for i, item in enumerate(value)]
        return value if all(new is old for new, old in zip(items, value, strict=True)) else tuple(items)
    return value


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, Value) and isinstance(b, Value):
        return type(a) is type(b) and same(a, b)
    if isinstance(a, Distribution) and isinstance(b, Distribution):
        return type(a) is type(b) and _shown(a) == _shown(b) and same(a.arguments, b.arguments)
    if a is b or isinstance(a, jax.core.Tracer) or isinstance(b, jax.core.Tracer):
        return a is b  # a tracer has no number yet
    if hasattr(a, "shape") or hasattr(b, "shape"):
        return _same_array(np.asarray(a), np.asarray(b))
    return type(a) is type(b) and bool(a == b)


def _shown(d: Distribution) -> tuple[str | None, bool]:
    return d.name, bool(getattr(d, "log", False))


def _same_array(a: NDArray[Any], b: NDArray[Any]) -> bool:
    has_nan = a.dtype.kind in "fc" and b.dtype.kind in "fc"
    return a.shape == b.shape and bool(np.array_equal(a, b, equal_nan=has_nan))


def is_required(f: dataclasses.Field[Any]) -> bool:
    """Whether a field has no default, so that a text gives it by position."""
    return f.default is dataclasses.MISSING


def _check_arguments_of(cls: type[Value]) -> None:
    """Lets the constructor of a class say what is unknown, missing or too much, as a `SetupError`."""
    made: Any = cls.__init__
    places = [f.name for f in dataclasses.fields(cls) if not f.kw_only]
    required = [f.name for f in dataclasses.fields(cls) if is_required(f)]

    @functools.wraps(made)
    def init(self: Value, *arguments: Any, **named: Any) -> None:
        if faults := _argument_faults(cls, places, required, len(arguments), named):
            raise SetupError(faults, source=cls.__name__)
        made(self, *arguments, **named)

    type.__setattr__(cls, "__init__", init)


def _argument_faults(
    cls: type[Value], places: Sequence[str], required: Sequence[str], n_placed: int, named: dict[str, Any]
) -> list[Fault]:
    faults = _unknown(cls, named)
    if n_placed > len(places):
        expected = f"at most {len(places)} by position" + (f" ({', '.join(places)})" if places else "")
        faults.append(Fault((), expected, f"{n_placed}"))
    given = places[:n_placed]
    faults += [Fault((n,), "one value", "one by position and one by name") for n in given if n in named]
    absent = [name for name in required if name not in named and name not in given]
    return faults + [Fault((name,), cls.specs[name].allowed, "nothing") for name in absent]


def _unknown(cls: type[Value], names: Iterable[str]) -> list[Fault]:
    unknown = [name for name in names if name not in cls.specs]
    if not unknown:
        return []
    expected = f"a field of {cls.__name__} ({', '.join(cls.specs) or 'it has none'})"
    return [Fault((n,), expected, "an unknown one", nearest(n, cls.specs)) for n in unknown]


def _spec_of(cls: type[Value], f: dataclasses.Field[Any]) -> fields.Spec:
    if "spec" not in f.metadata:
        message = f"{cls.__name__}.{f.name}: expected a field of core.fields (number, whole, word, ...), got a bare one"
        raise UsageError(message, f"write {f.name}: float = number(...), or ClassVar where it is no field")
    return cast(fields.Spec, f.metadata["spec"])


def _register(cls: type[Value]) -> None:
    if cls.kinds is Value.kinds:
        message = f"{cls.__name__}: expected a base class declared with family=True, got a kind without a family"
        raise UsageError(message, "derive from Layer, Optimizer or another family")
    key = squashed(cls.kind)
    taken = cls.kinds.get(key)
    if key in {squashed(reserved) for reserved in (*Distribution.kinds, "list", "none", "true", "false")}:
        raise SetupError([Fault((cls.kind,), "a kind that is still free", f"{cls.kind!r}, a word of the texts")])
    # A notebook cell that is run again defines the same class again: the newer one takes its place.
    if taken and (taken.__module__, taken.__qualname__) != (cls.__module__, cls.__qualname__):
        raise SetupError([Fault((cls.kind,), "a kind that is still free", f"{cls.kind!r}, which {taken.__name__} has")])
    cls.kinds[key] = cls


def squashed(kind: str) -> str:
    """A kind as it is looked up: `leaky_relu`, `LeakyReLU` and `leaky-relu` are one."""
    return kind.replace("_", "").replace("-", "").lower()


def _register_pytree(cls: type[Value]) -> None:
    leafy = tuple(name for name, spec in cls.specs.items() if spec.is_leafy)
    static = tuple(name for name, spec in cls.specs.items() if not spec.is_leafy)
    keys = tuple(jax.tree_util.GetAttrKey(name) for name in leafy)

    def flatten(value: Any) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        return tuple(getattr(value, n) for n in leafy), tuple(getattr(value, n) for n in static)

    def flatten_with_keys(value: Any) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        children, aux = flatten(value)
        return tuple(zip(keys, children, strict=True)), aux

    def unflatten(aux: tuple[Any, ...], children: Any) -> Any:
        # JAX rebuilds values with tracers, None, shapes and axis numbers in them: no validation here.
        value = object.__new__(cls)
        for name, content in (*zip(leafy, children, strict=True), *zip(static, aux, strict=True)):
            object.__setattr__(value, name, content)
        return value

    jax.tree_util.register_pytree_with_keys(cls, flatten_with_keys, unflatten, flatten)
