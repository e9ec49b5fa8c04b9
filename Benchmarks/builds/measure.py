"""What one command took: wall time, processor time and peak memory, of its own processes and of a daemon's."""

import multiprocessing
import os
import resource
import statistics
import subprocess
import time
from dataclasses import dataclass


@dataclass(frozen=True)
class Cost:
    """Seconds, seconds of all processors, MiB."""

    wall: float
    cpu: float
    memory: float

    @staticmethod
    def median(costs):
        return Cost(*(statistics.median(getattr(cost, name) for cost in costs) for name in ("wall", "cpu", "memory")))


class CommandFailed(Exception):
    """A measured command did not succeed; the message is the end of what it printed."""


def run(arguments, *, environment=None, folder=None, log):
    """Runs one command to its end, alone in its session. What it prints goes to `log`."""
    with open(log, "ab") as output:
        output.write(f"$ {' '.join(map(str, arguments))}\n".encode())
        output.flush()
        process = subprocess.Popen(
            list(map(str, arguments)), env=environment, cwd=folder, stdin=subprocess.DEVNULL, stdout=output,
            stderr=subprocess.STDOUT, start_new_session=True)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        with open(log, encoding="utf-8", errors="replace") as output:
            tail = "".join(output.readlines()[-15:])
        raise CommandFailed(f"{arguments[0]} ended with {process.returncode}:\n{tail}")
    return usage


def measure(commands, *, environment=None, folder=None, log, daemons=()):
    """Runs commands one after another and adds up what they took.

    Peak memory is that of the largest single process, but at least this one's, which is about 20 MiB; of daemons, what
    they had at most meanwhile.
    """
    before = [_daemon_cpu(pid) for pid in daemons]
    for pid in daemons:
        _forget_peak(pid)
    started, cpu, memory = time.monotonic(), 0.0, 0.0
    for command in commands:
        usage = run(command, environment=environment, folder=folder, log=log)
        cpu += usage.ru_utime + usage.ru_stime
        memory = max(memory, usage.ru_maxrss / 1024)
    wall = time.monotonic() - started
    cpu += sum(_daemon_cpu(pid) - start for pid, start in zip(daemons, before))
    memory += sum(_peak(pid) for pid in daemons)
    return Cost(wall, cpu, memory)


def _daemon_cpu(pid):
    """Of the process and of its children that ended: fields 14 to 17 of proc(5)'s stat."""
    with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return sum(int(field) for field in fields[11:15]) / os.sysconf("SC_CLK_TCK")


def _forget_peak(pid):
    with open(f"/proc/{pid}/clear_refs", "w", encoding="utf-8") as file:
        file.write("5")


def _peak(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as status:
        for line in status:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return 0.0


def apart(function, *arguments):
    """Calls a function in a process of its own, whose memory goes with it.

    What a process has when it executes a program counts for that program's peak, so this one has to stay small.
    """
    with multiprocessing.get_context("fork").Pool(1) as pool:
        return pool.apply(function, arguments)


def raise_file_limit():
    """Peers open many files."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
