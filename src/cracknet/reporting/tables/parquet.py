"""cracks.parquet and branches.parquet: typed columns with units, for pandas, DuckDB and others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cracknet import __version__
from cracknet.reporting.streams import appearing_whole
from cracknet.reporting.tables.columns import Value, columns_of, values_of
from cracknet.reporting.tables.paired import paired_tables
from cracknet.reporting.tables.rows import MeasuredRows

ROWS_A_GROUP = 65_536


@contextmanager
def parquet_tables(out: Path) -> Iterator[Callable[[MeasuredRows], None]]:
    """Write ``cracks.parquet`` and ``branches.parquet``, a row group at a time.

    Values are not rounded. Each field's metadata hold its ``unit`` and its ``description``.

    Parameters
    ----------
    out : Path
        The output folder.

    Yields
    ------
    callable
        Adds a photograph's rows; the files appear when the block ends without an error.

    Raises
    ------
    OutputError
        When they cannot be written.
    """
    with paired_tables(out, ".parquet", _table) as add:
        yield add


def arrow_schema(row: type) -> Any:
    """Arrow schema of a table: a field for each column, its unit and meaning in the metadata."""
    import pyarrow as pa

    types = {
        "text": pa.string(),
        "integer": pa.int64(),
        "number": pa.float64(),
        "boolean": pa.bool_(),
    }
    fields = [
        pa.field(
            column.name,
            types[column.kind],
            nullable=column.unknown,
            metadata={"unit": column.unit, "description": column.meaning},
        )
        for column in columns_of(row)
    ]
    return pa.schema(fields, metadata={"creator": f"CrackNet {__version__}"})


@contextmanager
def _table(path: Path, kind: type) -> Iterator[Callable[[object], None]]:
    import pyarrow as pa
    from pyarrow import parquet

    schema = arrow_schema(kind)
    waiting: list[list[Value]] = []
    with (
        appearing_whole(path) as part,
        parquet.ParquetWriter(str(part), schema, compression="zstd") as writer,
    ):

        def write() -> None:
            columns = zip(*waiting, strict=True) if waiting else ([] for _ in schema)
            arrays = [
                pa.array(list(values), field.type)
                for values, field in zip(columns, schema, strict=True)
            ]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
            waiting.clear()

        def add(row: object) -> None:
            waiting.append(values_of(row))
            if len(waiting) == ROWS_A_GROUP:
                write()

        yield add
        write()
