import socket
import threading

from benchmarks.delaying_proxy import delaying_proxy


def echo(listener: socket.socket) -> None:
    stream, _ = listener.accept()
    with stream:
        while data := stream.recv(1024):
            stream.sendall(data)


def test_what_is_sent_arrives_and_so_does_the_answer_and_the_end() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = threading.Thread(target=echo, args=(listener,))
        server.start()
        with (
            delaying_proxy(listener.getsockname()[1], 0.001) as port,
            socket.create_connection(("127.0.0.1", port), timeout=10) as client,
        ):
            for text in (b"water", b"wheel" * 1000):
                client.sendall(text)
                got = b""
                while len(got) < len(text):
                    got += client.recv(65536)
                assert got == text
            client.shutdown(socket.SHUT_WR)
            assert client.recv(1) == b""
        server.join(10)
        assert not server.is_alive()
