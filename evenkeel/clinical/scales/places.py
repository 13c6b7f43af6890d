"""Where a key stands in a TOML file, so that an error can name the line; tomllib keeps no lines."""

import re
from typing import Final

Path = tuple[str | int, ...]

_ARRAY_TABLE: Final = re.compile(r"\s*\[\[\s*([^\]]+?)\s*\]\]")
_TABLE: Final = re.compile(r"\s*\[\s*([^\]\[]+?)\s*\]")
_KEY: Final = re.compile(r"\s*([A-Za-z0-9_-]+|\"[^\"]*\")\s*=\s*(.*)")
_STRING: Final = re.compile(r'"(?:[^"\\]|\\.)*"' + r"|'[^']*'")


class Places:
    """The lines of one file's tables, keys, and rows of arrays that are written one to a line."""

    def __init__(self, text: str) -> None:
        self._lines: dict[Path, int] = {}
        self._read(text)

    def line(self, *path: str | int) -> int:
        """The line of a key, or of the nearest table around it; 1 where nothing of it is found."""
        while path:
            if path in self._lines:
                return self._lines[path]
            path = path[:-1]
        return 1

    def _read(self, text: str) -> None:
        table: Path = ()
        counts: dict[Path, int] = {}
        depth, row = 0, 0
        inside: Path = ()
        for number, line in enumerate(text.splitlines(), start=1):
            bare = _STRING.sub('""', line).split("#")[0]
            if depth:
                if bare.strip().startswith(("{", "[")):
                    self._lines[*inside, row] = number
                    row += 1
                depth += _opened(bare)
            elif found := _ARRAY_TABLE.match(line):
                name = _split(found[1])
                counts[name] = counts.get(name, -1) + 1
                table = (*name, counts[name])
                self._lines[table] = number
                self._lines.setdefault(name, number)
            elif found := _TABLE.match(line):
                table = _split(found[1])
                self._lines[table] = number
            elif found := _KEY.match(line):
                inside = (*table, found[1].strip('"'))
                self._lines[inside] = number
                depth, row = _opened(bare), 0


def _split(name: str) -> Path:
    return tuple(part.strip().strip('"') for part in name.split("."))


def _opened(bare: str) -> int:
    return sum(bare.count(sign) for sign in "[{") - sum(bare.count(sign) for sign in "]}")
