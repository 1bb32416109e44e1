"""Plain text of a note that was written as HTML.

A reader of our own: Python's takes minutes for a hundred kilobytes of unclosed tags, and raises for some notes. This
one reads every text once, and whatever it cannot make sense of is text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

LARGEST = 64 << 10
"""Characters of HTML that are read; a note in Sugar holds no more as text."""
_BREAKS = frozenset(
    {"br", "p", "div", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "ul", "ol"}
)
_UNSEEN = frozenset({"script", "style"})
_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/>]*+)")
_QUOTED_REST = re.compile(r"""(?:[^>"']++|"[^"]*+"|'[^']*+')*+>""")
_SPACES = re.compile(r"[ \t\r\n\f]+")
_LINE_ENDS = re.compile(r"(?<! ) *\n *")
_GAPS = re.compile(r"\n{3,}")
# No character has such a number, and Python reads no number of more than 4,300 digits.
_NO_CHARACTER = re.compile(r"&#\d{8,};?", re.ASCII)


def plain_text(html: str) -> str:
    """What a reader sees: tags removed, entities resolved, blocks on lines of their own. Never raises.

    Of more than `LARGEST` characters the rest is left out.
    """
    parts: list[str] = []
    unseen = 0
    for text, end, tag in _pieces(html[:LARGEST]):
        if text and not unseen:
            parts.append(_SPACES.sub(" ", resolved(text)))
        if tag in _UNSEEN:
            unseen = max(0, unseen - 1) if end else unseen + 1
        elif tag in _BREAKS and not (end and tag == "br"):
            parts.append("\n")
    return _GAPS.sub("\n\n", _LINE_ENDS.sub("\n", "".join(parts))).strip()


def resolved(text: str) -> str:
    """The text with its entities resolved. Never raises."""
    return unescape(_NO_CHARACTER.sub("\ufffd", text))


def _pieces(html: str) -> Iterator[tuple[str, bool, str]]:
    """Text, and the tag behind it: whether it is an end tag, and its name in small letters ("": no tag)."""
    text_from = at = 0
    # What nothing closes is no comment and no quote: from then on a tag ends at its first bracket.
    comments = quotes = True
    while (start := html.find("<", at)) >= 0:
        tag = _TAG.match(html, start)
        if tag is None and not html.startswith(("<!", "<?", "</"), start):
            at = start + 1
            continue
        end = html.find(">", start)
        if end < 0:
            break
        if html.startswith("<!--", start) and comments:
            closed = html.find("-->", start + 4)
            end, comments = (closed + 2, True) if closed >= 0 else (end, False)
        elif tag is not None and quotes:
            rest = _QUOTED_REST.match(html, tag.end())
            end, quotes = (rest.end() - 1, True) if rest else (end, False)
        yield html[text_from:start], bool(tag and tag[1]), tag[2].lower() if tag else ""
        text_from = at = end + 1
    yield html[text_from:], False, ""
