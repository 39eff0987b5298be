import pytest

from streaming.cli.demo import require_loopback
from streaming.cli.supervisor import CannotStart


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "films.example.org"])
def test_the_demo_does_not_listen_where_others_could_log_in_with_its_passwords(host: str) -> None:
    with pytest.raises(CannotStart, match="no secret"):
        require_loopback(host)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.0.1", "::1", "localhost"])
def test_the_demo_listens_on_this_machine(host: str) -> None:
    require_loopback(host)
