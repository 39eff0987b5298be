"""Typed dataclasses to JSON and back: fractions as "n/d", tuples as lists. Pure."""

import dataclasses
import types
import typing
from fractions import Fraction
from typing import Any, TypeVar

T = TypeVar("T")


def to_plain(value: Any) -> Any:
    """Turn a dataclass tree into values `json` can write."""
    if dataclasses.is_dataclass(value):
        return {field.name: to_plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Fraction):
        return f"{value.numerator}/{value.denominator}"
    if isinstance(value, tuple):
        return [to_plain(item) for item in value]
    return value


def from_plain(kind: type[T], plain: Any) -> T:
    """Rebuild what `to_plain` wrote; raises ValueError or KeyError on anything else."""
    return typing.cast(T, _build(kind, plain))


def _build(kind: Any, plain: Any) -> Any:
    if dataclasses.is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        # What was written before a field was there has what was meant then: its default.
        said = [f for f in dataclasses.fields(kind) if f.name in plain or f.default is dataclasses.MISSING]
        return kind(**{f.name: _build(hints[f.name], plain[f.name]) for f in said})  # type: ignore[operator]
    origin = typing.get_origin(kind)
    if origin is tuple:
        return tuple(_build(typing.get_args(kind)[0], item) for item in plain)
    if origin in (types.UnionType, typing.Union):
        inner = next(arg for arg in typing.get_args(kind) if arg is not type(None))
        return None if plain is None else _build(inner, plain)
    if kind is Fraction:
        return Fraction(plain)
    if not isinstance(plain, kind):
        raise ValueError(f"expected {kind.__name__}")
    return plain
