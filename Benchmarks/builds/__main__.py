"""Builds the same things with Slipway and with other tools, in turns, and prints what each took."""

import argparse
import contextlib
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

import images
import machine
import measure
import peers
import report
import workloads


def parse():
    parser = argparse.ArgumentParser(prog="Benchmarks/builds", description=__doc__)
    parser.add_argument("--slipway", required=True, help="the program that is measured")
    parser.add_argument("--peers", default="buildah,docker,umoci", help="comma-separated; empty for none")
    parser.add_argument("--workloads", default="", help=f"of: {', '.join(w.name for w in workloads.ALL)}")
    parser.add_argument("--rounds", type=int, help="in place of each workload's own number")
    parser.add_argument("--work", help="a folder on the disk that is to be measured; it is emptied afterwards")
    parser.add_argument("--table", help="write the table as Markdown to this file, too")
    return parser.parse_args()


@contextlib.contextmanager
def registry(work):
    """Debian's docker-registry on a free port of the loopback interface."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    config = os.path.join(work, "registry.yml")
    with open(config, "w", encoding="utf-8") as file:
        file.write(
            f"version: 0.1\nlog: {{level: error, accesslog: {{disabled: true}}}}\n"
            f"storage: {{filesystem: {{rootdirectory: {work}/registry}}}}\nhttp: {{addr: '127.0.0.1:{port}'}}\n")
    with open(os.path.join(work, "registry.log"), "ab") as log:
        process = subprocess.Popen(["docker-registry", "serve", config], stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 30
        while True:
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"http://127.0.0.1:{port}/v2/", timeout=5).close()
                break
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"docker-registry does not start; see {work}/registry.log")
            time.sleep(0.05)
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def chosen_peers(options, work):
    known = {"buildah": peers.Buildah, "docker": peers.Docker, "umoci": peers.Umoci}
    names = [name for name in options.peers.split(",") if name]
    unknown = [name for name in names if name not in known]
    if unknown:
        raise SystemExit(f"unknown peer {unknown[0]}; there are {', '.join(known)}")
    slipway = peers.Slipway(f"{work}/slipway", os.path.abspath(options.slipway))
    return [slipway] + [known[name](f"{work}/{name}") for name in names]


def measured(workload, options, all_peers, folder, reference):
    """(case, peer) → costs, in the order of the cases."""
    costs = {}
    for number in range(options.rounds or workload.rounds):
        order = all_peers[:]
        random.Random(number).shuffle(order)
        for peer in order:
            name = f"{workload.name}-{peer.name.split()[0]}-{number}"
            for case in workload.cases(folder, reference, peer, name):
                commands = case.commands(peer)
                if commands is None or commands[0] is None:
                    continue
                case.before(peer)
                print(f"  {case.title}: {peer.name}, round {number + 1}", file=sys.stderr)
                costs.setdefault((case.title, peer.name), []).append(peer.measure(commands))
    return costs


def main():
    options = parse()
    wanted = [name for name in options.workloads.split(",") if name]
    chosen = [workload for workload in workloads.ALL if not wanted or workload.name in wanted]
    work = tempfile.mkdtemp(prefix="slipway-bench-", dir=options.work)
    measure.raise_file_limit()
    tables = []
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, work, ignore_errors=True)
        reference = stack.enter_context(registry(work))
        print("making base images", file=sys.stderr)
        os.makedirs(f"{work}/images")
        measure.apart(images.push_all, f"{work}/images", reference)
        all_peers = chosen_peers(options, work)
        for peer in all_peers:
            stack.callback(peer.stop)
            peer.start()
        limits = measure.apart(machine.limits, work)
        for workload in chosen:
            print(f"{workload.name}: writing contexts", file=sys.stderr)
            measure.apart(workload.prepare, f"{work}/contexts", reference)
            tables.append(measured(workload, options, all_peers, f"{work}/contexts", reference))
            workloads.clean(f"{work}/contexts", workload)
    text = report.markdown(tables, limits, [peer.name for peer in all_peers])
    print(text)
    if options.table:
        with open(options.table, "w", encoding="utf-8") as file:
            file.write(text)


if __name__ == "__main__":
    main()
