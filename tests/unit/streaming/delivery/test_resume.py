"""Where a film goes on that was left."""

import pytest

from streaming.delivery.service import continues_at

MINUTE = 60.0


@pytest.mark.parametrize(
    ("left_at", "length", "goes_on_at"),
    [
        (19.0, 24.0, 19.0),  # a short film is not over because little is left in seconds
        (23.0, 24.0, 0.0),
        (4.0 * MINUTE, 5 * MINUTE, 4.0 * MINUTE),
        (4.8 * MINUTE, 5 * MINUTE, 0.0),
        (95 * MINUTE, 100 * MINUTE, 95 * MINUTE),
        (98 * MINUTE, 100 * MINUTE, 0.0),  # the credits
        (12.0, None, 12.0),  # still being made, nobody knows how long
    ],
)
def test_a_film_goes_on_unless_it_was_as_good_as_over(
    left_at: float, length: float | None, goes_on_at: float
) -> None:
    assert continues_at(left_at, length) == goes_on_at
