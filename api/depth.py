"""Refuse JSON that nests deeper than anything that is sent here."""

from __future__ import annotations

import re

from api.problems import Problem

MOST_DEPTH = 32
"""Arrays and objects inside each other; a batch of events with shapes has nine."""

_TEXT = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_PAIR = re.compile(rb"\[\]|\{\}")
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


def refuse_deep(content_type: str, body: bytes) -> None:
    """Refuse a body that nests too deeply, before anything reads it.

    Parameters
    ----------
    content_type
        What it says to be; only JSON is looked at.
    body
        The bytes.

    Raises
    ------
    Problem
        `not_json`.
    """
    if "json" not in content_type.lower():
        return
    if body.count(b"[") + body.count(b"{") > MOST_DEPTH and _depth_above(body):
        detail = f"arrays and objects nest more than {MOST_DEPTH} deep; nothing here does"
        raise Problem("not_json", detail)


def _depth_above(body: bytes) -> bool:
    has_escapes = b"\\" in body  # else every other quotation mark ends a text
    outside = _TEXT.sub(b"", body) if has_escapes else b"".join(body.split(b'"')[::2])
    brackets = left = outside.translate(None, _NO_BRACKETS)
    for _ in range(MOST_DEPTH):  # each round takes the innermost pairs away
        left = _PAIR.sub(b"", left)
        if not left:
            return False
    depth = 0
    for bracket in brackets:  # pairs that do not match are the parser's to refuse
        depth += 1 if bracket in b"[{" else -1
        if depth > MOST_DEPTH:
            return True
    return False
