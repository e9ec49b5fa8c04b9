"""What this machine can do at most, measured in the same run as all else."""

import hashlib
import os
import socket
import threading
import time
import zlib

import content


def _rate(size, seconds):
    return size / max(seconds, 1e-9) / 1e6


def _timed(body):
    started = time.perf_counter()
    body()
    return time.perf_counter() - started


def limits(folder):
    """Name → MB/s."""
    data = content.mixed("limits", 64 * content.MIB)
    found = {
        "SHA-256, one processor": _rate(len(data), _timed(lambda: hashlib.sha256(data).digest())),
        "zlib, level 6, one processor": _rate(len(data), _timed(lambda: zlib.compress(data, 6))),
        "zlib, level 1, one processor": _rate(len(data), _timed(lambda: zlib.compress(data, 1))),
    }
    found["disk, written and synchronised"] = _disk(folder, data)
    found["loopback"] = _loopback(data)
    return found


def _disk(folder, data):
    path = os.path.join(folder, "disk-limit")

    def write():
        with open(path, "wb") as file:
            for _ in range(4):
                file.write(data)
            file.flush()
            os.fsync(file.fileno())

    seconds = _timed(write)
    os.remove(path)
    return _rate(4 * len(data), seconds)


def _loopback(data):
    with socket.create_server(("127.0.0.1", 0)) as server:

        def receive():
            connection, _ = server.accept()
            with connection:
                while connection.recv(1 << 20):
                    pass

        thread = threading.Thread(target=receive)
        thread.start()

        def send():
            with socket.create_connection(server.getsockname()) as client:
                for _ in range(8):
                    client.sendall(data)
            thread.join()

        return _rate(8 * len(data), _timed(send))
