import os
import socket

import pytest

from headrace.errors import UsageError
from headrace.services.ports import free_port, require_free


def test_a_free_port_can_be_listened_on() -> None:
    assert require_free(free_port()) > 0


def test_a_port_in_use_is_named_with_the_process_that_uses_it() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"port {port} cannot be used") as caught:
            require_free(port)
    assert f"process {os.getpid()}" in str(caught.value)


@pytest.mark.parametrize("port", [0, -1, 65536])
def test_what_is_no_port_is_refused(port: int) -> None:
    with pytest.raises(UsageError, match="from 1 to 65535"):
        require_free(port)
