"""infra/README.md in parts."""

from __future__ import annotations

import re

from tests.infra.terraform_files import INFRA

TEXT = (INFRA / "README.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
BASH = [text for language, text in BLOCKS if language == "bash"]
PROSE = re.sub(r"^```.*?^```$", "", TEXT, flags=re.MULTILINE | re.DOTALL)
HEADINGS = re.findall(r"^(#+) (.+)$", PROSE, re.MULTILINE)
CODE = [*re.findall(r"`([^`\n]+)`", PROSE), *(line for text in BASH for line in text.splitlines())]


def section(title: str) -> str:
    """The text below a heading, up to the next one of its level. A comment in a block of code is no heading."""
    (level,) = [marks for marks, text in HEADINGS if text == title]
    below = TEXT.split(f"\n{level} {title}\n", 1)[1]
    following = [f"\n{marks} {text}\n" for marks, text in HEADINGS if len(marks) <= len(level)]
    ends = [below.find(heading) for heading in following if heading in below]
    return below[: min(ends, default=None)]
