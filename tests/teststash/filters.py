"""Stash's filter inputs as SQL conditions, with their traps.

A condition is (sql, parameters) over the table alias `t`; an empty `value: []` filters nothing; EQUALS is LIKE.
"""

from __future__ import annotations

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
        return f"({column} IS NULL OR {column} NOT LIKE ?)", [value]
    if modifier in ("INCLUDES", "EXCLUDES"):
        words = [value[1:-1]] if len(value) > 1 and value[0] == value[-1] == '"' else value.split()
        if not words:
            return "1", []
        sql = " OR ".join(f"{column} LIKE ?" for _ in words)
        parameters = [f"%{word}%" for word in words]
        return (f"({sql})" if modifier == "INCLUDES" else f"NOT COALESCE({sql}, 0)"), parameters
    if modifier == "MATCHES_REGEX":
        return f"({column} IS NOT NULL AND {column} REGEXP ?)", [value]
    if modifier == "NOT_MATCHES_REGEX":
        return f"({column} IS NULL OR NOT {column} REGEXP ?)", [value]
    if modifier == "IS_NULL":
        return _null(column), []
    if modifier == "NOT_NULL":
        return f"NOT {_null(column)}", []
    raise FilterError("Internal system error. Error: unsupported string modifier")


_COMPARE = {"EQUALS": "=", "NOT_EQUALS": "!=", "GREATER_THAN": ">", "LESS_THAN": "<"}


def number_condition(column: str, criterion: Criterion) -> Condition:
    """Numbers, dates and times: comparison, ranges and nullness."""
    modifier, value = criterion["modifier"], criterion["value"]
    if modifier in _COMPARE:
        return f"{column} {_COMPARE[modifier]} ?", [value]
    if modifier in ("BETWEEN", "NOT_BETWEEN"):
        high = criterion.get("value2")
        word = "NOT BETWEEN" if modifier == "NOT_BETWEEN" else "BETWEEN"
        return f"{column} {word} ? AND ?", [value, high if high is not None else (0 if isinstance(value, int) else "")]
    if modifier == "IS_NULL":
        return f"({column} IS NULL OR {column} = '')", []
    if modifier == "NOT_NULL":
        return f"({column} IS NOT NULL AND {column} != '')", []
    raise FilterError(f"Internal system error. Error: unsupported modifier {modifier}")


def text(column: str) -> Builder:
    return lambda t, value: string_condition(f"{t}.{column}", value)


def number(column: str) -> Builder:
    return lambda t, value: number_condition(f"{t}.{column}", value)


def flag(column: str) -> Builder:
    return lambda t, value: (f"{t}.{column} = ?", [int(value)])


def moment(column: str) -> Builder:
    return lambda t, value: number_condition(f"strftime('%s', {t}.{column})", _epoch_criterion(value))


def _epoch_criterion(criterion: Criterion) -> Criterion:
    from datetime import datetime

    def epoch(value: str | None) -> str:
        return str(int(datetime.fromisoformat(value.replace("Z", "+00:00")).timestamp())) if value else ""

    return {**criterion, "value": epoch(criterion["value"]), "value2": epoch(criterion.get("value2"))}


def any_of(subquery: str) -> Builder:
    """A string criterion over values of a one-to-many list; `{}` in `subquery` is the condition, `{t}` the owner."""

    def build(t: str, criterion: Criterion) -> Condition:
        modifier = criterion["modifier"]
        negative = {"NOT_EQUALS": "EQUALS", "EXCLUDES": "INCLUDES", "NOT_MATCHES_REGEX": "MATCHES_REGEX"}
        if modifier in ("IS_NULL", "NOT_NULL"):
            exists = "EXISTS" if modifier == "NOT_NULL" else "NOT EXISTS"
            return f"{exists} ({subquery.format('1', t=t)})", []
        sql, parameters = string_condition("v.value", {**criterion, "modifier": negative.get(modifier, modifier)})
        word = "NOT EXISTS" if modifier in negative else "EXISTS"
        return f"{word} ({subquery.format(sql, t=t)})", parameters

    return build


def count_of(subquery: str) -> Builder:
    return lambda t, value: number_condition(f"({subquery.format(t=t)})", value)


def link_set(table: str, own: str, other: str) -> Builder:
    """Performers, galleries, scenes and (with descendants) tags by membership."""

    def build(t: str, criterion: Criterion) -> Condition | None:
        modifier = criterion["modifier"]
        wanted = [int(value) for value in criterion.get("value") or ()]
        unwanted = [int(value) for value in criterion.get("excludes") or ()]
        base = f"SELECT 1 FROM {table} j WHERE j.{own} = {t}.id"
        if modifier == "IS_NULL":
            return f"NOT EXISTS ({base})", []
        if modifier == "NOT_NULL":
            return f"EXISTS ({base})", []
        if modifier == "EXCLUDES":
            wanted, unwanted = [], unwanted + wanted
        if not wanted and not unwanted:
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


def _descend(value: int, depth: int | None, table: str) -> list[str]:
    """The tag itself and, for depth != 0, a subquery of its descendants."""
    if not table.endswith("_tag") or not depth:
        return [str(value)]
    limit = "" if depth < 0 else f"WHERE d.n < {depth}"
    return [
        f"WITH RECURSIVE d(id, n) AS (SELECT {value}, 0 UNION SELECT p.tag_id, d.n + 1 FROM tag_parent p "
        f"JOIN d ON p.parent_id = d.id {limit}) SELECT id FROM d"
    ]


def _membership(
    modifier: str, base: str, other: str, groups: Sequence[list[str]], table: str, own: str, t: str
) -> str:
    tests = [f"EXISTS ({base} AND j.{other} IN ({', '.join(group)}))" for group in groups]
    if modifier == "INCLUDES":
        return "(" + " OR ".join(tests) + ")"
    if modifier == "INCLUDES_ALL":
        return "(" + " AND ".join(tests) + ")"
    if modifier == "EQUALS":
        total = f"(SELECT COUNT(*) FROM {table} j WHERE j.{own} = {t}.id) = {len(groups)}"
        return "(" + " AND ".join([*tests, total]) + ")"
    raise FilterError(f"invalid modifier {modifier} for this criterion")


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
        raise FilterError("only one of AND, OR, NOT may be used in a filter")
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
