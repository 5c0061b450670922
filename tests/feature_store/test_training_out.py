"""Training rows in a file, for data scientists."""

import numpy as np
import pyarrow.parquet as pq
import pytest

from feature_store.definitions import FEATURES, KEYS
from feature_store.errors import SalesError
from feature_store.offline import TrainingRows, write_training_rows
from feature_store.progress import steps


@pytest.fixture
def rows(demo):
    return TrainingRows(demo.tables)


def written(path, rows, demo):
    with steps() as shown:
        write_training_rows(path, rows, demo.checked.calendar, shown)
    return pq.read_table(path)


def test_the_file_holds_every_training_row_as_the_model_reads_it(demo, rows, tmp_path):
    table = written(tmp_path / "training.parquet", rows, demo)
    assert table.column_names == [*FEATURES, "target", "month"]
    blocks = list(rows.blocks(rows.months()))
    vectors = np.column_stack([table[name].to_numpy() for name in FEATURES])
    assert (vectors == np.concatenate([b.vectors for b in blocks])).all()
    assert (table["target"] == np.concatenate([b.clipped for b in blocks])).all()
    assert {str(table.schema.field(key).type) for key in KEYS} == {"int32"}
    named = (table["date_block_num"].to_pylist(), table["month"].to_pylist())
    months = dict(zip(*named, strict=True))
    assert months[13] == "2014-02"
    assert months[33] == "2015-10"
    assert list(months) == list(rows.months())


def test_a_file_that_cannot_be_finished_leaves_the_old_one(demo, rows, tmp_path):
    path = tmp_path / "training.parquet"
    path.write_bytes(b"earlier")

    def broken(_):
        raise SalesError("stopped half-way")

    rows.blocks = broken
    with pytest.raises(SalesError, match="stopped half-way"):
        written(path, rows, demo)
    assert path.read_bytes() == b"earlier"
    assert list(tmp_path.iterdir()) == [path]
