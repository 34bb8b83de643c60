"""A value is a pytree: numbers are leaves, the rest is structure, and JAX may put anything at a leaf."""

from __future__ import annotations

import copy
import inspect
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given

from seedbed.core.distributions import choice, integers, log_uniform, uniform
from seedbed.core.draw import is_plain
from seedbed.core.errors import SetupError, UsageError
from seedbed.core.fields import number
from seedbed.core.value import Value, contains, diff, rebuild, same, walk
from tests.core import families
from tests.core.families import Block, Dense, Descent, Even, Flat, Leaky, Net, Newton, Noise, Piece, example, plans


def structure(value: Any) -> Any:
    return jax.tree.structure(value)


def test_numbers_are_leaves_and_their_places_have_names() -> None:
    paths = [jax.tree_util.keystr(path) for path, _ in jax.tree_util.tree_leaves_with_path(example())]
    assert paths == [
        ".net.pieces[0].start.gain",
        ".net.pieces[0].bias.height",
        ".net.pieces[1].slope",
        ".net.pieces[2].rate",
        ".net.pieces[3].start.gain",
        ".net.pieces[3].bias.height",
        ".rule.lr",
        ".decay",
    ]


@pytest.mark.parametrize("put", [None, (3, 4), -1.0, "axis", jax.eval_shape(lambda: jnp.zeros(2)), object()])
def test_jax_may_put_anything_at_a_leaf(put: Any) -> None:
    leaves, treedef = jax.tree.flatten(example())
    rebuilt = jax.tree.unflatten(treedef, [put] * len(leaves))
    assert rebuilt.rule.lr is put
    assert rebuilt.batch == 32


def test_a_value_goes_through_map_jit_grad_and_vmap() -> None:
    def squares(plan: families.Plan) -> jax.Array:
        return sum((leaf**2 for leaf in jax.tree.leaves(plan)), jnp.zeros(()))

    assert jax.tree.map(lambda leaf: None, example()).rule.lr is None
    assert jax.jit(jax.grad(squares))(example(rule=Descent(3.0))).rule.lr == 6.0
    stacked = jax.tree.map(lambda leaf: jnp.array([leaf, 2 * leaf]), example(rule=Descent(3.0)))
    axes = jax.tree.map(lambda leaf: 0, stacked)
    assert jax.vmap(lambda plan: plan.rule.lr, in_axes=(axes,))(stacked).tolist() == [3.0, 6.0]


def test_a_traced_number_may_be_put_into_a_value_by_hand() -> None:
    assert jax.jit(lambda lr: Descent(lr).lr * 2)(0.25) == 0.5
    population = Descent(np.array([0.1, 0.2]))  # type: ignore[arg-type]
    assert np.size(population.lr) == 2


def test_every_kind_of_scalar_is_one_program(compilations: Any) -> None:
    scalars: list[Any] = [
        1,
        1.0,
        np.float32(1),
        np.float64(1),
        np.int64(1),
        np.array(1.0),
        jnp.array(1.0),
        jnp.array(1),
    ]
    rules = [Descent(lr) for lr in scalars]
    assert {type(rule.lr) for rule in rules} == {float}
    step = jax.jit(lambda rule: rule.lr * 2)
    compilations.reset()
    results = [step(rule) for rule in rules]
    assert compilations.n == 1
    assert [float(result) for result in results] == [2.0] * len(scalars)


def test_structure_decides_what_runs_together() -> None:
    assert structure(Descent(0.1)) == structure(Descent(0.9))
    assert structure(Descent(0.1)) != structure(Descent(0.1, nesterov=True))
    assert structure(Descent(0.1)) != structure(Newton())
    assert structure(Dense(1)) != structure(Dense(2))


def test_none_is_absent_and_zero_is_present() -> None:
    assert structure(Descent(0.1, None)) != structure(Descent(0.1, 0.0))
    assert not same(Descent(0.1, None), Descent(0.1, 0.0))


def test_equal_static_content_of_another_type_is_one_structure() -> None:
    # 1 == True and hash alike: without coercion they would be one key for two programs, or two for one.
    assert structure(Dense(np.int32(3))) == structure(Dense(3))  # type: ignore[arg-type]
    one, other = example(balance=[1, 2]), example(balance=np.array([1.0, 2.0]))
    assert structure(one) == structure(other)
    assert {structure(one): "found"}[structure(other)] == "found"


def test_equality_never_raises_and_sees_arrays() -> None:
    stacked = Descent(np.array([0.1, np.nan]))  # type: ignore[arg-type]
    assert stacked == Descent(np.array([0.1, np.nan]))  # type: ignore[arg-type]
    assert stacked != Descent(np.array([0.1, 0.2]))  # type: ignore[arg-type]
    assert stacked != Descent(0.1)
    assert stacked != "another thing"
    assert jax.eval_shape(lambda: stacked) != stacked
    assert jax.jit(lambda rule: jnp.array(float(rule == Descent(0.1))))(Descent(0.1)) == 0.0


def test_values_of_two_kinds_differ() -> None:
    assert Descent(0.1) != Newton()
    assert diff(Descent(0.1), Newton()) == [((), Descent(0.1), Newton())]
    assert hash(Descent(0.1)) == hash(Descent(0.2))


def test_diff_names_every_place_that_differs() -> None:
    other = example(batch=64, rule=Descent(0.2), net=Net([Dense(64), Leaky(0.2), Noise(0.2), Dense("out")]))
    assert diff(example(), other) == [
        (("net", "pieces", 1, "slope"), 0.01, 0.2),
        (("rule", "lr"), 0.1, 0.2),
        (("batch",), 32, 64),
    ]
    shorter = Net([Dense(64)])
    assert [path for path, _, _ in diff(example(), example(net=shorter))] == [("net", "pieces")]


def test_diff_sees_types_and_distributions() -> None:
    assert diff(Descent(choice(0.1, 0.2)), Descent(choice(0.1, 0.2))) == []
    assert diff(Dense(choice(1, 2)), Dense(choice(1, 2, name="w")))
    assert diff(Dense(integers(1, 8)), Dense(integers(1, 8, log=True)))
    assert diff(Descent(uniform(0.1, 1)), Descent(log_uniform(0.1, 1)))
    stacked = [choice(np.zeros(2), np.ones(2)) for _ in range(2)]
    assert same(Descent(stacked[0]), Descent(stacked[1]))


def test_walking_fields_finds_distributions_in_leaves_and_in_structure() -> None:
    space = example(batch=choice(16, 32), rule=Descent(log_uniform(1e-4, 1.0)))
    found = [path for path, content in walk(space) if hasattr(content, "sample")]
    assert found == [("rule", "lr"), ("batch",)]
    assert not any(leaf is space.batch for leaf in jax.tree.leaves(space))  # which jax.tree would have missed
    hash(structure(space))


def test_what_a_value_contains_is_found_as_by_walking() -> None:
    space = example(batch=choice(16, 32), rule=Descent(log_uniform(1e-4, 1.0)))
    for value, there in ((space, True), (space.rule, True), (space.net, False), (example(), False)):
        assert contains(value, lambda content: hasattr(content, "sample")) is there
        assert is_plain(value) is not there
    everything = [content for _, content in walk(space)]
    seen: list[Any] = []
    assert not contains(space, lambda content: bool(seen.append(content)))
    assert len(seen) == len(everything) and all(a is b for a, b in zip(seen, everything, strict=True))


def test_rebuild_changes_every_place_it_is_told_to() -> None:
    changed = rebuild(example(), lambda path, content: 5 if path and path[-1] == "units" else content)
    assert [piece.units for piece in changed.net.pieces if isinstance(piece, Dense)] == [5, 5]
    assert same(rebuild(example(), lambda path, content: content), example())


def test_an_absent_part_leaves_no_hole() -> None:
    assert Net([Dense(1), None, Leaky()]).pieces == (Dense(1), Leaky())  # type: ignore[list-item]


@given(plans)
def test_the_printed_form_is_code(plan: families.Plan) -> None:
    namespace = vars(families) | {"uniform": uniform, "log_uniform": log_uniform}
    assert same(eval(repr(plan), namespace), plan)  # the text comes from this test


def test_a_value_is_frozen_and_varied_by_replacing() -> None:
    rule = Descent(0.1)
    with pytest.raises(AttributeError, match="cannot assign to field 'lr'"):
        rule.lr = 0.2  # type: ignore[misc]
    assert rule.replace(lr=1).lr == 1.0
    with pytest.raises(SetupError, match=r"rate: expected a field of Descent .*\nhint: did you mean 'lr'\?|unknown"):
        rule.replace(rate=0.2)


def test_a_cell_that_runs_twice_defines_its_piece_twice() -> None:
    cell = "class Own(Piece, kind='own'):\n    size: float = number(1.0)\n"
    notebook: dict[str, Any] = {"Piece": Piece, "number": number, "__name__": "__main__"}
    try:
        exec(cell, notebook)
        first = notebook["Own"]
        exec(cell, notebook)
        assert Piece.kinds["own"] is notebook["Own"] is not first
        assert jax.tree.leaves(notebook["Own"](2)) == [2.0]
    finally:
        Piece.kinds.pop("own", None)


def test_a_kind_belongs_to_one_class() -> None:
    with pytest.raises(SetupError, match="dense: expected a kind that is still free, got 'dense', which Dense has"):
        type("Another", (Piece,), {"__module__": "elsewhere"}, kind="dense")
    with pytest.raises(SetupError, match="'De-nse', which Dense has"):
        type("Another", (Piece,), {"__module__": "elsewhere"}, kind="De-nse")
    assert Piece.kinds["dense"] is Dense


@pytest.mark.parametrize("kind", ["choice", "Log_Uniform", "none", "list"])
def test_the_words_of_the_texts_are_no_kinds(kind: str) -> None:
    with pytest.raises(SetupError, match=f"got '{kind}', a word of the texts"):
        type("Another", (Piece,), {"__module__": "elsewhere"}, kind=kind)


def test_a_kind_needs_a_family_and_a_field_its_constraints() -> None:
    with pytest.raises(UsageError, match="Lonely: expected a base class declared with family=True"):
        type("Lonely", (Value,), {}, kind="lonely")
    with pytest.raises(UsageError, match=r"Bare\.size: expected a field of core\.fields"):
        type("Bare", (Piece,), {"__annotations__": {"size": float}, "size": 3.0}, kind="bare")
    assert "bare" not in Piece.kinds


def test_families_keep_their_kinds_apart() -> None:
    assert list(Piece.kinds) == ["dense", "leakyrelu", "noise", "block"]
    assert Block([Dense(1)]).kind == "block"
    assert Even().kinds.keys() == Flat(0).kinds.keys() == {"even", "flat"}


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (
            lambda: Descent(rate=0.1),
            "Descent: 2 faults\n  rate: expected a field of Descent (lr, momentum, nesterov), got",
        ),
        (
            lambda: Descent(0.1, momentun=0.9),
            "momentun: expected a field of Descent (lr, momentum, nesterov), got an unknown one",
        ),
        (lambda: Descent(0.1, momentun=0.9), "did you mean 'momentum'?"),
        (Descent, "Descent: lr: expected a number of at least 0, got nothing"),
        (lambda: Descent(0.1, 0.9, True, 4), "Descent: expected at most 3 by position (lr, momentum, nesterov), got 4"),
        (lambda: Descent(0.1, lr=0.1), "Descent: lr: expected one value, got one by position and one by name"),
    ],
)
def test_wrong_arguments_are_told_as_everything_is(build: Any, message: str) -> None:
    with pytest.raises(SetupError) as caught:
        build()
    assert message in str(caught.value)


def test_the_signature_is_still_that_of_the_fields() -> None:
    assert list(inspect.signature(Descent).parameters) == ["lr", "momentum", "nesterov"]
    assert same(copy.deepcopy(Descent(0.1)), Descent(0.1))


def test_what_does_not_change_stays_the_same_object() -> None:
    before = example()
    assert rebuild(before, lambda path, content: content) is before
    after = rebuild(before, lambda path, content: 0.25 if path == ("rule", "lr") else content)
    assert after.rule.lr == 0.25 and after.net is before.net
    assert before.replace(batch=64).net is before.net
