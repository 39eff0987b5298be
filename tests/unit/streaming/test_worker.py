"""How a worker divides its machine: chunks side by side, and threads for each of them."""

import pytest

from streaming.worker import encodes_at_once, threads_each


@pytest.mark.parametrize(
    ("cores", "workers", "width", "threads"),
    [(1, 1, 1, 2), (2, 1, 2, 2), (2, 2, 1, 2), (4, 1, 2, 3), (8, 1, 2, 5), (8, 2, 1, 5), (64, 1, 16, 5)],
)
def test_the_chunks_of_all_workers_share_the_cores(
    cores: int, workers: int, width: int, threads: int
) -> None:
    assert encodes_at_once(cores, workers) == width
    assert threads_each(cores, width * workers) == threads
