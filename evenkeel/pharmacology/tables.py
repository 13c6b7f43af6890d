"""Tables in files: CSV and Parquet, written to a temporary name first, so that nothing half written stays."""

import csv
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from evenkeel.pharmacology.errors import FileError

# Anything that has one value per row.
Column = Sequence[object] | NDArray[Any]
TABLE_SUFFIXES: Final = (".csv", ".parquet")
HOW_TO_INSTALL: Final = 'Install the extra "science": pip install "evenkeel[science]".'


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Give a temporary name beside `path`, which takes its place only if the block ends without an error.

    Raises FileError when the folder does not exist or cannot be written to.
    """
    require_folder(path)
    unfinished = path.with_name(f".{path.stem}.{os.getpid()}.unfinished{path.suffix}")
    try:
        yield unfinished
        unfinished.replace(path)
    except OSError as cause:
        raise FileError(f"{path} cannot be written: {cause.strerror or cause}.") from cause
    finally:
        unfinished.unlink(missing_ok=True)


def require_folder(path: Path) -> None:
    """Refuse a file whose folder does not exist, or a folder in its place."""
    if not path.parent.is_dir():
        raise FileError(f"{path} cannot be written: there is no folder {path.parent}.")
    if path.is_dir():
        raise FileError(f"{path} cannot be written: it is a folder.")


def require_table(path: Path) -> None:
    """Refuse a name that is no table's, before the work is done whose result it should hold."""
    if path.suffix.lower() not in TABLE_SUFFIXES:
        raise FileError(f"{path} must end in {' or '.join(TABLE_SUFFIXES)}.")
    require_folder(path)
    if path.suffix.lower() == ".parquet":
        _pyarrow()


def write_table(path: Path, columns: Mapping[str, Column], *, about: Mapping[str, str] | None = None) -> None:
    """Write columns of one length as CSV or Parquet, as the name ends.

    Floats are written so that reading gives the same float64. `about` is kept in Parquet's own metadata; CSV
    has no place for it. Raises FileError when the file cannot be written or an optional package is missing.
    """
    with TableWriter(path, about=about) as table:
        table.add(columns)


class TableWriter:
    """A table that grows in parts, for results that do not fit in memory. Use it in a `with` block.

    Every part has the same columns. If the block ends with an error, nothing is left behind.
    """

    def __init__(self, path: Path, *, about: Mapping[str, str] | None = None) -> None:
        require_table(path)
        self._path = path
        self._about = dict(about or {})
        self._whole = written_whole(path)
        self._file: _Format | None = None

    def __enter__(self) -> Self:
        unfinished = self._whole.__enter__()
        is_csv = self._path.suffix.lower() == ".csv"
        self._file = _CsvFile(unfinished) if is_csv else _ParquetFile(unfinished, self._about)
        return self

    def add(self, columns: Mapping[str, Column]) -> None:
        """Append one part; its columns have the names of the first part's, and one length."""
        assert self._file is not None, "a table is written inside its with block"
        lengths = {name: len(values) for name, values in columns.items()}
        assert len(set(lengths.values())) == 1, f"columns of unequal length: {lengths}"
        self._file.add(columns)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        if self._file is not None:
            self._file.close()
        return self._whole.__exit__(kind, error, trace)


class _Format(Protocol):
    def add(self, columns: Mapping[str, Column]) -> None: ...
    def close(self) -> None: ...


class _CsvFile:
    def __init__(self, path: Path) -> None:
        self._file = path.open("w", encoding="utf-8", newline="")
        self._writer = csv.writer(self._file, lineterminator="\n")
        self._names: list[str] | None = None

    def add(self, columns: Mapping[str, Column]) -> None:
        if self._names is None:
            self._names = list(columns)
            self._writer.writerow(self._names)
        assert list(columns) == self._names, "every part of a table has the same columns"
        as_lists = [
            values.tolist() if isinstance(values, np.ndarray) else values for values in columns.values()
        ]
        self._writer.writerows(zip(*as_lists, strict=True))

    def close(self) -> None:
        self._file.close()


class _ParquetFile:
    def __init__(self, path: Path, about: Mapping[str, str]) -> None:
        self._path = path
        self._about = {f"evenkeel.{name}": words for name, words in about.items()}
        self._writer: Any = None

    def add(self, columns: Mapping[str, Column]) -> None:
        pyarrow = _pyarrow()
        table = pyarrow.table(dict(columns)).replace_schema_metadata(self._about)
        if self._writer is None:
            self._writer = pyarrow.parquet.ParquetWriter(self._path, table.schema)
        self._writer.write_table(table)

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()


def _pyarrow() -> Any:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as cause:
        raise FileError(f"Parquet files need the package pyarrow. {HOW_TO_INSTALL}") from cause
    return pyarrow


def read_table(path: Path) -> dict[str, list[str]]:
    """Read a CSV or Parquet table as texts, by column. Empty cells are empty texts, empty lines are left out.

    Raises FileError when there is no such file, it is no table, or a row has too few or too many cells.
    """
    if path.suffix.lower() == ".parquet":
        return _read_parquet(path)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = [
                row for row in csv.reader(file, skipinitialspace=True) if any(cell.strip() for cell in row)
            ]
    except (OSError, UnicodeDecodeError, csv.Error) as cause:
        reason = cause.strerror if isinstance(cause, OSError) else "it is not a CSV file in UTF-8"
        raise FileError(f"{path} cannot be read: {reason}.") from cause
    if not rows:
        raise FileError(f"{path} is empty; its first line must name the columns.")
    names = [name.strip() for name in rows[0]]
    for number, row in enumerate(rows[1:], start=1):
        if len(row) != len(names):
            raise FileError(f"{path}: row {number} has {len(row)} cells, but there are {len(names)} columns.")
    return {name: [row[i].strip() for row in rows[1:]] for i, name in enumerate(names)}


def _read_parquet(path: Path) -> dict[str, list[str]]:
    pyarrow = _pyarrow()
    try:
        table = pyarrow.parquet.read_table(path)
    except (OSError, pyarrow.ArrowInvalid) as cause:
        raise FileError(f"{path} cannot be read: it is not a Parquet file, or is not there.") from cause
    return {
        name: ["" if value is None else str(value) for value in table[name].to_pylist()]
        for name in table.column_names
    }
