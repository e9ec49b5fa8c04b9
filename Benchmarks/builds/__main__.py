"""Builds the same things with Slipway and with other tools, in turns, and prints what each took."""

import argparse
import contextlib
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib

import images
import machine
import measure
import peers
import report
import workloads
from registry import Registry


def parse():
    parser = argparse.ArgumentParser(prog="Benchmarks/builds", description=__doc__)
    parser.add_argument("--slipway", required=True, help="the program that is measured")
    parser.add_argument(
        "--peers", help="comma-separated, empty for none; else those of buildah, docker, umoci and crane that are here")
    parser.add_argument("--peer-commands", metavar="FILE", help="other tools, as Benchmarks/README.md describes")
    parser.add_argument("--workloads", default="", help=f"of: {', '.join(w.name for w in workloads.ALL)}")
    parser.add_argument("--rounds", type=int, help="in place of each workload's own number")
    parser.add_argument("--work", help="a folder on the disk that is to be measured; it is emptied afterwards")
    parser.add_argument("--table", help="put the tables into this document, between its marks, too")
    parser.add_argument("--profiles", metavar="FOLDER", help="record with perf where Slipway's time goes in each case")
    return parser.parse_args()


#: Name → the tool, and a program that it needs.
KNOWN = {
    "buildah": (peers.Buildah, "buildah"), "docker": (peers.Docker, "dockerd"), "umoci": (peers.Umoci, "umoci"),
    "crane": (peers.Crane, "crane"),
}


def chosen_peers(options, work):
    if options.peers is None:
        names = [name for name, (_, program) in KNOWN.items() if shutil.which(program)]
    else:
        names = [name for name in options.peers.split(",") if name]
    unknown = [name for name in names if name not in KNOWN]
    if unknown:
        raise SystemExit(f"unknown peer {unknown[0]}; there are {', '.join(KNOWN)}")
    chosen = [peers.Slipway(f"{work}/slipway", os.path.abspath(options.slipway))]
    chosen += [KNOWN[name][0](f"{work}/{name}") for name in names]
    if options.peer_commands:
        with open(options.peer_commands, "rb") as file:
            chosen += [peers.Told(f"{work}/{name}", name, texts) for name, texts in tomllib.load(file).items()]
    return chosen


@contextlib.contextmanager
def prepared(case, peer):
    try:
        case.before(peer)
        yield
    finally:
        case.after(peer)


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
                if commands is None:
                    continue
                print(f"  {case.title}: {peer.name}, round {number + 1}", file=sys.stderr)
                with prepared(case, peer):
                    costs.setdefault((case.title, peer.name), []).append(peer.measure(commands))
    return costs


def profiled(workload, slipway, folder, reference, out):
    """Goes through a workload's cases with Slipway once more, under perf."""
    for case in workload.cases(folder, reference, slipway, f"{workload.name}-profiled"):
        name = re.sub("[^a-z0-9]+", "-", f"{workload.name} {case.title}".lower()).strip("-")
        recording = os.path.join(out, f"{name}.perf")
        record = ["perf", "record", "--quiet", "--call-graph", "fp", "--output", recording]
        with prepared(case, slipway):
            slipway.measure([[*record, *command] for command in case.commands(slipway)])
        with open(os.path.join(out, f"{name}.txt"), "wb") as text:
            subprocess.run(
                ["perf", "report", "--stdio", "--no-children", "--percent-limit", "0.5", "--call-graph", "none",
                 "--sort", "dso,symbol", "--input", recording], stdout=text, stderr=subprocess.DEVNULL, check=True)


def main():
    options = parse()
    wanted = [name for name in options.workloads.split(",") if name]
    chosen = [workload for workload in workloads.ALL if not wanted or workload.name in wanted]
    work = tempfile.mkdtemp(prefix="slipway-bench-", dir=options.work)
    measure.raise_file_limit()
    tables = []
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, work, ignore_errors=True)
        reference = stack.enter_context(Registry(f"{work}/registry")).address
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
            if options.profiles:
                os.makedirs(options.profiles, exist_ok=True)
                profiled(workload, all_peers[0], f"{work}/contexts", reference, options.profiles)
            workloads.clean(f"{work}/contexts", workload)
    text = report.markdown(tables, limits, all_peers)
    print(text)
    if options.table:
        report.put_into(options.table, text)


if __name__ == "__main__":
    main()
