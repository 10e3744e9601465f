"""Stash's filter inputs as SQL conditions, with their traps.

A condition is (sql, parameters) over the table alias `t`; an empty `value: []` filters nothing; EQUALS is LIKE.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

Condition = tuple[str, list[Any]]
Criterion = dict[str, Any]
Builder = Callable[[str, Any], "Condition | None"]


class FilterError(Exception):
    """Becomes a resolver error: status 200 with `errors`."""


def _null(column: str) -> str:
    return f"({column} IS NULL OR TRIM({column}) = '')"


def string_condition(column: str, criterion: Criterion) -> Condition:
    """EQUALS is LIKE without an escape; INCLUDES splits at blanks unless quoted. Source: stash-interface 5.3."""
    modifier, value = criterion["modifier"], criterion["value"]
    if modifier == "EQUALS":
        return f"{column} LIKE ?", [value]
    if modifier == "NOT_EQUALS":
        return f"{column} NOT LIKE ?", [value]  # as in Stash, an absent value matches neither
    if modifier in ("INCLUDES", "EXCLUDES"):
        words = [value[1:-1]] if len(value) > 1 and value[0] == value[-1] == '"' else value.split()
        if not words:
            return "1", []
        sql = " OR ".join(f"{column} LIKE ?" for _ in words)
        parameters = [f"%{word}%" for word in words]
        return (f"({sql})" if modifier == "INCLUDES" else f"NOT ({sql})"), parameters
    if modifier.endswith("MATCHES_REGEX"):
        _check_pattern(value)
    if modifier == "MATCHES_REGEX":
        return f"({column} IS NOT NULL AND {column} REGEXP ?)", [value]
    if modifier == "NOT_MATCHES_REGEX":
        return f"({column} IS NULL OR NOT {column} REGEXP ?)", [value]
    if modifier == "IS_NULL":
        return _null(column), []
    if modifier == "NOT_NULL":
        return f"NOT {_null(column)}", []
    raise FilterError("Internal system error. Error <unsupported string filter modifier>")


def _check_pattern(pattern: str) -> None:
    try:
        re.compile(pattern)
    except re.error as error:
        raise FilterError(f"error parsing regexp: {error}") from error


_COMPARE = {"EQUALS": "=", "NOT_EQUALS": "!=", "GREATER_THAN": ">", "LESS_THAN": "<"}


def number_condition(column: str, criterion: Criterion) -> Condition:
    """Numbers, dates and times: comparison, ranges and nullness."""
    modifier, value = criterion["modifier"], criterion["value"]
    if modifier in _COMPARE:
        return f"{column} {_COMPARE[modifier]} ?", [value]
    if modifier in ("BETWEEN", "NOT_BETWEEN"):
        high = criterion.get("value2")
        word = "NOT BETWEEN" if modifier == "NOT_BETWEEN" else "BETWEEN"
        return f"{column} {word} ? AND ?", [
            value,
            high if high is not None else (0 if isinstance(value, int) else ""),
        ]
    if modifier == "IS_NULL":
        return f"({column} IS NULL OR {column} = '')", []
    if modifier == "NOT_NULL":
        return f"({column} IS NOT NULL AND {column} != '')", []
    raise FilterError(f"Internal system error. Error <unsupported numeric modifier type {modifier}>")


def text(column: str) -> Builder:
    return lambda t, value: string_condition(f"{t}.{column}", value)


def number(column: str) -> Builder:
    return lambda t, value: number_condition(f"{t}.{column}", value)


def flag(column: str) -> Builder:
    return lambda t, value: (f"{t}.{column} = ?", [int(value)])


def moment(column: str) -> Builder:
    """A time stamp, compared as text, as Stash does: RFC 3339 in the server's zone is what fits."""
    return lambda t, value: number_condition(f"{t}.{column}", value)


def any_of(subquery: str) -> Builder:
    """A string criterion over values of a one-to-many list; `{}` in `subquery` is the condition, `{t}` the owner."""

    def build(t: str, criterion: Criterion) -> Condition:
        modifier = criterion["modifier"]
        negative = {"EXCLUDES": "INCLUDES", "NOT_MATCHES_REGEX": "MATCHES_REGEX"}
        if modifier in ("IS_NULL", "NOT_NULL"):
            exists = "EXISTS" if modifier == "NOT_NULL" else "NOT EXISTS"
            return f"{exists} ({subquery.format('1', t=t)})", []
        sql, parameters = string_condition(
            "v.value", {**criterion, "modifier": negative.get(modifier, modifier)}
        )
        word = "NOT EXISTS" if modifier in negative else "EXISTS"
        return f"{word} ({subquery.format(sql, t=t)})", parameters

    return build


def count_of(subquery: str) -> Builder:
    return lambda t, value: number_condition(f"({subquery.format(t=t)})", value)


_MEMBERSHIP = ("INCLUDES", "INCLUDES_ALL", "EQUALS", "EXCLUDES")


def link_set(table: str, own: str, other: str) -> Builder:
    """Performers, galleries, scenes and (with descendants) tags by membership."""

    def build(t: str, criterion: Criterion) -> Condition | None:
        modifier = criterion["modifier"]
        wanted = _numbers(criterion.get("value"))
        unwanted = _numbers(criterion.get("excludes"))
        deep = table.endswith("_tag") or "tag" in other
        if modifier == "NOT_EQUALS":
            level = "hierarchical multi" if deep else "multi"
            raise FilterError(f"not equals modifier is not supported for {level} criterion input")
        if deep and modifier == "EQUALS" and criterion.get("depth"):
            raise FilterError(
                "depth is not supported for equals modifier in hierarchical multi criterion input"
            )
        base = f"SELECT 1 FROM {table} j WHERE j.{own} = {t}.id"
        if modifier == "IS_NULL":
            return f"NOT EXISTS ({base})", []
        if modifier == "NOT_NULL":
            return f"EXISTS ({base})", []
        if modifier == "EXCLUDES":
            wanted, unwanted = [], unwanted + wanted
        if (not wanted and not unwanted) or modifier not in _MEMBERSHIP:
            return None
        groups = [_descend(value, criterion.get("depth"), table) for value in wanted]
        parts: list[str] = []
        if groups:
            parts.append(_membership(modifier, base, other, groups, table, own, t))
        if unwanted:
            out = [i for value in unwanted for i in _descend(value, criterion.get("depth"), table)]
            parts.append(f"NOT EXISTS ({base} AND j.{other} IN ({', '.join(out)}))")
        return " AND ".join(parts), []

    return build


def _numbers(values: Sequence[Any] | None) -> list[int]:
    """Ids as numbers; what is none matches nothing (0 is no id)."""
    return [int(value) if re.fullmatch(r"-?\d+", str(value)) else 0 for value in values or ()]


def _descend(value: int, depth: int | None, table: str) -> list[str]:
    """The tag itself and, for depth != 0, a subquery of its descendants."""
    if not table.endswith("_tag") or not depth:
        return [str(value)]
    limit = "" if depth < 0 else f"WHERE d.n < {depth}"
    step = f"SELECT p.tag_id, d.n + 1 FROM tag_parent p JOIN d ON p.parent_id = d.id {limit}"
    return [f"WITH RECURSIVE d(id, n) AS (SELECT {value}, 0 UNION {step}) SELECT id FROM d"]


def _membership(
    modifier: str, base: str, other: str, groups: Sequence[list[str]], table: str, own: str, t: str
) -> str:
    tests = [f"EXISTS ({base} AND j.{other} IN ({', '.join(group)}))" for group in groups]
    if modifier == "INCLUDES":
        return "(" + " OR ".join(tests) + ")"
    if modifier == "INCLUDES_ALL":
        return "(" + " AND ".join(tests) + ")"
    total = f"(SELECT COUNT(*) FROM {table} j WHERE j.{own} = {t}.id) = {len(groups)}"
    return "(" + " AND ".join([*tests, total]) + ")"


def through(table: str, own: str, other: str, kind: str) -> Builder:
    """A nested `*_filter` over linked objects."""

    def build(t: str, value: Criterion) -> Condition:
        inner = f"{kind[0]}{len(t)}x"
        condition = combine(kind, value, inner)
        sql, parameters = condition or ("1", [])
        return (
            f"EXISTS (SELECT 1 FROM {table} j JOIN {kind} {inner} ON {inner}.id = j.{other} "
            f"WHERE j.{own} = {t}.id AND ({sql}))"
        ), parameters

    return build


FIELDS: dict[str, dict[str, Builder]] = {}


def combine(kind: str, wanted: Criterion | None, t: str = "t") -> Condition | None:
    """All criteria of one filter input, with at most one of AND, OR, NOT."""
    if not wanted:
        return None
    nested = [key for key in ("AND", "OR", "NOT") if wanted.get(key) is not None]
    if len(nested) > 1:
        raise FilterError(f"cannot have {nested[0]} and {nested[1]} in the same filter")
    parts: list[Condition] = []
    for key, value in wanted.items():
        if value is None or key in ("AND", "OR", "NOT"):
            continue
        built = FIELDS[kind][key](t, value)
        if built is not None:
            parts.append(built)
    own: Condition | None = None
    if parts:
        own = " AND ".join(f"({sql})" for sql, _ in parts), [p for _, params in parts for p in params]
    if not nested:
        return own
    inner = combine(kind, wanted[nested[0]], t)
    return _join(nested[0], own, inner)


def _join(word: str, own: Condition | None, inner: Condition | None) -> Condition | None:
    if inner is None:
        return own
    sql, parameters = inner
    if word == "NOT":
        sql = f"NOT ({sql})"
    if own is None:
        return sql, parameters
    return f"({own[0]}) {'OR' if word == 'OR' else 'AND'} ({sql})", own[1] + parameters
