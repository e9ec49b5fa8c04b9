"""Files for the workloads, the same bytes in each run: text that shrinks like programs and sources, and noise."""

import hashlib
import os
import random

MIB = 1 << 20


def noise(seed, size):
    """Bytes that do not shrink."""
    return hashlib.shake_128(str(seed).encode()).digest(size)


_WORDS = [
    "return", "import", "public", "static", "function", "const", "value", "error", "if", "else", "for", "while",
    "string", "buffer", "length", "index", "request", "response", "config", "module", "(", ")", "{", "}", "=", ";",
]


def text(seed, size):
    """Bytes that gzip makes about a quarter of, as it does with sources."""
    rng = random.Random(str(seed))
    names = [f"{rng.choice(_WORDS)}_{rng.randrange(4000):x}" for _ in range(600)]
    lines = []
    total = 0
    while total < min(size, MIB):
        line = "    " * rng.randrange(4) + " ".join(
            rng.choice(_WORDS) if rng.random() < 0.6 else rng.choice(names) for _ in range(rng.randrange(3, 12))) + "\n"
        lines.append(line)
        total += len(line)
    rng.shuffle(lines)
    block = "".join(lines).encode()
    out = bytearray()
    while len(out) < size:
        # Each repetition is too far away for deflate to see it, and differs in its order.
        rng.shuffle(lines)
        out += "".join(lines).encode() if size > MIB else block
    return bytes(out[:size])


def mixed(seed, size):
    """Half text, half noise: like a program with its resources."""
    return text(seed, size // 2) + noise(seed, size - size // 2)


def write(path, data):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(data)


def application(folder):
    """200 files, 20 MB: sources, and a few large resources."""
    for number in range(190):
        write(f"{folder}/src/pkg{number % 19}/file{number}.js", text(number, 40_000))
    for number in range(10):
        write(f"{folder}/assets/resource{number}.bin", mixed(1000 + number, 1_240_000))


def small_files(folder, count=50_000):
    """220 MB in files of 2 to 7 KB."""
    source = text("small", 4 * MIB)
    rng = random.Random(7)
    for number in range(count):
        size, start = rng.randrange(2000, 6800), rng.randrange(0, 4 * MIB - 7000)
        write(f"{folder}/files/d{number // 500:03}/f{number:05}.txt", f"{number}\n".encode() + source[start:start + size])


def large_file(folder):
    """1 GB, half noise and half text, in turns of 8 MiB."""
    os.makedirs(folder, exist_ok=True)
    with open(f"{folder}/large.bin", "wb") as file:
        for number in range(64):
            file.write(noise(("large", number), 8 * MIB))
            file.write(text(("large", number), 8 * MIB))


def tree(folder, size):
    """A system's files: two thirds of the bytes in libraries, the rest in many small files."""
    total, number = 0, 0
    while total < size:
        large = mixed(("lib", number), 1_500_000)
        write(f"{folder}/usr/lib/lib{number}.so", large)
        total += len(large)
        for small in range(60):
            data = text(("share", number, small), 12_000)
            write(f"{folder}/usr/share/doc{number}/file{small}", data)
            total += len(data)
        number += 1
