"""Text of others (names, tags, messages) in a log or on a terminal: nothing in it may end a line, move the cursor or turn the direction.

`str.isprintable` is the measure: control characters, escape sequences, line and paragraph separators, marks of direction, halves of
surrogate pairs, and what has no glyph are written as Python writes them in a literal.
"""

import json


def printable(text: str) -> str:
    """One line. A backslash stays as it is: the result is read by people and is not parsed."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else _escaped(one) for one in text)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def printable_json(value: object) -> str:
    """JSON of one line that a parser reads as the same value."""
    text = json.dumps(value, ensure_ascii=False)
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else json.dumps(one)[1:-1] for one in text)
