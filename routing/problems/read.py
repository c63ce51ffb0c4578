"""Read a problem from JSON, and name the first thing wrong with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from routing.problems.errors import ProblemError
from routing.problems.problem import DEFAULT_PROFILE, Matrices, Problem
from routing.problems.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic_core import ErrorDetails

_SENTENCES = {
    "missing": "missing; give it",
    "int_type": "must be a whole number, and is {input}",
    "float_type": "must be a number, and is {input}",
    "finite_number": "must be a finite number, and is {input}",
    "greater_than_equal": "must be {ge} or more, and is {input}",
    "greater_than": "must be more than {gt}, and is {input}",
    "less_than_equal": "must be {le} or less, and is {input}",
    "string_type": "must be text, and is {input}",
    "tuple_type": "must be an array, and is {input}",
    "frozen_set_type": "must be an array, and is {input}",
    "dict_type": "must be an object, and is {input}",
    "model_type": "must be an object, and is {input}",
    "too_short": "needs {min_length} or more entries; add some, or leave it out",
    "too_long": "must have {max_length} entries and has {actual_length}",
    "string_pattern_mismatch": "{input} is none of start, job, pickup, delivery, break, end",
}
_WIDEST = 40


def read_problem(source: bytes | str | Mapping[str, Any]) -> Problem:
    """Return a problem that can be solved as it stands.

    Parameters
    ----------
    source
        JSON, or what JSON was read to.

    Raises
    ------
    ProblemError
        Something is wrong: the message says where, what, and what to do.
    """
    try:
        if isinstance(source, bytes | str):
            problem = Problem.model_validate_json(source)
        else:
            problem = Problem.model_validate(source)
    except ValidationError as error:
        raise ProblemError(_sentence(error.errors(include_url=False)[0])) from None
    if problem.matrix is not None and not problem.matrices:
        old = Matrices.model_construct(durations=problem.matrix)
        problem = problem.changed(matrices={DEFAULT_PROFILE: old})
    for rule in RULES:
        if wrong := rule(problem):
            raise ProblemError(wrong)
    return problem


def _sentence(wrong: ErrorDetails) -> str:
    context = wrong.get("ctx", {})
    if wrong["type"] == "json_invalid":
        return f"not JSON: {context['error']}; mend the file there"
    where = _path(wrong["loc"])
    if wrong["type"] == "value_error":
        what = str(context["error"])
        return f"{where}{what}" if what.startswith("[") else f"{where}: {what}"
    shown = repr(wrong["input"])
    shown = shown if len(shown) <= _WIDEST else f"{shown[: _WIDEST - 1]}…"
    template = _SENTENCES.get(wrong["type"])
    what = template.format(input=shown, **context) if template else wrong["msg"]
    return f"{where or 'the problem'}: {what}"


def _path(parts: tuple[int | str, ...]) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts)
    return text.removeprefix(".")
