"""Reading values that may arrive as anything: Stash hands over numbers as text, and nothing as an empty text.

Settings and task arguments share these readers, so that a wrong value is told in the same words everywhere:
what it is called, what it is, what is allowed. Missing means None, an empty text, or an absent key.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from compreface_plugin.domain.errors import SettingsError

YES = frozenset({"true", "yes", "on", "1"})
NO = frozenset({"false", "no", "off", "0"})
LONGEST_SHOWN = 60  # characters of a wrong value repeated in the error


def refuse(name: str, value: object, allowed: str) -> SettingsError:
    """The error for a value that is not allowed. `name` says what it is, as 'The setting engine'."""
    shown = repr(value)
    if len(shown) > LONGEST_SHOWN:
        shown = shown[:LONGEST_SHOWN] + "..."
    return SettingsError(f"{name} is {shown}; allowed is {allowed}. Correct it and start again.")


def is_missing(value: object) -> bool:
    """Whether a value counts as not given: None, or text of nothing but spaces."""
    return value is None or (isinstance(value, str) and not value.strip())


def read_number(name: str, value: object, allowed: str) -> float:
    """A finite number, from a number or its text (a decimal comma is understood). Raises SettingsError."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise refuse(name, value, allowed)
    try:
        number = float(value.strip().replace(",", ".") if isinstance(value, str) else value)
    except (ValueError, OverflowError):
        raise refuse(name, value, allowed) from None
    if not math.isfinite(number):
        raise refuse(name, value, allowed)
    return number


def read_float(name: str, value: object, minimum: float, maximum: float) -> float:
    """A number from `minimum` to `maximum`, both included. Raises SettingsError."""
    allowed = f"a number from {minimum:g} to {maximum:g}"
    number = read_number(name, value, allowed)
    if not minimum <= number <= maximum:
        raise refuse(name, value, allowed)
    return number


def read_int(name: str, value: object, minimum: int, maximum: int) -> int:
    """A whole number from `minimum` to `maximum`, both included; 20.0 is whole. Raises SettingsError."""
    allowed = f"a whole number from {minimum} to {maximum}"
    number = read_number(name, value, allowed)
    if number != int(number) or not minimum <= number <= maximum:
        raise refuse(name, value, allowed)
    return int(number)


def read_bool(name: str, value: object) -> bool:
    """True or false, from a boolean, 0 or 1, or the words for them. Raises SettingsError."""
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower() if isinstance(value, (str, int)) else ""
    if word in YES:
        return True
    if word in NO:
        return False
    raise refuse(name, value, "true or false")


def read_text(name: str, value: object, longest: int = 1000) -> str:
    """One line of text without the spaces around it; a number becomes its text. Raises SettingsError."""
    allowed = f"one line of text, at most {longest} characters"
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise refuse(name, value, allowed)
    text = str(value).strip()
    if len(text) > longest or not text.isprintable():
        raise refuse(name, value, allowed)
    return text


def read_choice(name: str, value: object, choices: Sequence[str]) -> str:
    """One of `choices`, upper or lower case. Raises SettingsError."""
    text = str(value).strip().lower()
    if text not in choices:
        raise refuse(name, value, "one of " + ", ".join(choices))
    return text


Args = Mapping[str, object]


def int_arg(args: Args, name: str, default: int, minimum: int = 0, maximum: int = 2**53) -> int:
    """The whole number given as the argument `name`, `default` when missing. Raises SettingsError."""
    value = args.get(name)
    return default if is_missing(value) else read_int(f"The argument {name}", value, minimum, maximum)


def float_arg(args: Args, name: str, default: float, minimum: float = 0.0, maximum: float = 1.0) -> float:
    """The number given as the argument `name`, `default` when missing. Raises SettingsError."""
    value = args.get(name)
    return default if is_missing(value) else read_float(f"The argument {name}", value, minimum, maximum)


def bool_arg(args: Args, name: str, default: bool = False) -> bool:
    """The truth given as the argument `name`, `default` when missing. Raises SettingsError."""
    value = args.get(name)
    return default if is_missing(value) else read_bool(f"The argument {name}", value)


def str_arg(args: Args, name: str, default: str = "", longest: int = 1000) -> str:
    """The text given as the argument `name`, `default` when missing or empty. Raises SettingsError."""
    value = args.get(name)
    return default if is_missing(value) else read_text(f"The argument {name}", value, longest)


def choice_arg(args: Args, name: str, choices: Sequence[str], default: str) -> str:
    """The one of `choices` given as the argument `name`, `default` when missing. Raises SettingsError."""
    value = args.get(name)
    return default if is_missing(value) else read_choice(f"The argument {name}", value, choices)


def ids_arg(args: Args, name: str) -> list[int]:
    """Whole numbers from 1 on, given as a list, or as text with commas between them; empty when there are none."""
    value = args.get(name)
    parts = value if isinstance(value, list) else str(value or "").split(",")
    return [read_int(f"The argument {name}", part, 1, 2**53) for part in parts if not is_missing(part)]
