"""What this machine can do at most, measured in the same run as all else."""

import hashlib
import os
import socket
import subprocess
import threading
import time

import content


def _rate(size, seconds):
    return size / max(seconds, 1e-9) / 1e6


def _timed(body, clock=time.perf_counter):
    started = clock()
    body()
    return clock() - started


def limits(folder):
    """Rows of what, MB/s, and the size that is left in percent or nothing. Of one processor each."""
    data = content.text("limits", 64 * content.MIB)
    return [
        ("SHA-256", _rate(len(data), _timed(lambda: hashlib.sha256(data).digest(), time.process_time)), ""),
        *_compressors(folder, data),
        ("disk, written and synchronised", _disk(folder, data), ""),
        ("loopback", _loopback(data), ""),
    ]


def _compressors(folder, data):
    """The libraries themselves, on text: noise is found by sampling, and stored."""
    program = os.path.join(folder, "compressors")
    source = os.path.join(os.path.dirname(__file__), "compressors.c")
    subprocess.run(["cc", "-O2", "-Wall", "-o", program, source, "-lz", "-ldeflate", "-lisal", "-lzstd"], check=True)
    answer = subprocess.run([program], input=data, capture_output=True, check=True).stdout.decode()
    os.remove(program)
    for line in answer.splitlines():
        name, rate, part = line.split("\t")
        yield name, float(rate), part


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
