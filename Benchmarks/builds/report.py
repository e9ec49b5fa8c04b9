"""Tables in Markdown."""

import datetime
import os

from measure import Cost

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"


def markdown(tables, limits, peers):
    """What each case took with each tool, and how much of the best other tool's time Slipway took."""
    names = [peer.name for peer in peers]
    helpers = {peer.name for peer in peers if not peer.builds}
    versions = "; ".join(peer.version() for peer in peers)
    lines = [
        f"Measured on {datetime.date.today()}, {os.cpu_count()} processors, Linux {os.uname().release}. {versions}.", "",
        "Each cell: wall seconds · processor seconds · peak MiB, the medians of all rounds, in which the tools took "
        "turns. The last column is Slipway's wall time as a part of the best other tool's; in brackets, of that of a "
        "tool that moves images, and builds none.", "",
        f"| case | rounds | {' | '.join(names)} | part |",
        "| --- | --- |" + " --- |" * (len(names) + 1),
    ]
    for costs in tables:
        for title in dict.fromkeys(title for title, _ in costs):
            medians = {name: Cost.median(costs[title, name]) for name in names if (title, name) in costs}
            rounds = max(len(costs.get((title, name), [])) for name in names)
            cells = [_cell(medians.get(name)) for name in names]
            lines.append(f"| {title} | {rounds} | {' | '.join(cells)} | {_ratio(medians, names, helpers)} |")
    lines += [
        "", "What one processor of the machine, its disk and its loopback interface do at most, in the same run; "
        "compressors on text, in blocks of 1 MiB:", "",
        "| what | MB/s | size left |", "| --- | --- | --- |"
    ]
    lines += [f"| {name} | {rate:.0f} | {part + ' %' if part else ''} |" for name, rate, part in limits]
    return "\n".join(lines) + "\n"


def put_into(path, text):
    """Replaces what a document has between its two marks."""
    with open(path, encoding="utf-8") as file:
        before, rest = file.read().split(BEGIN)
    after = rest.split(END)[1]
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"{before}{BEGIN}\n{text}{END}{after}")


def _cell(cost):
    return "–" if cost is None else f"{cost.wall:.2f} · {cost.cpu:.2f} · {cost.memory:.0f}"


def _ratio(medians, names, helpers):
    if names[0] not in medians:
        return "–"
    own = medians[names[0]].wall
    builders = [cost.wall for name, cost in medians.items() if name != names[0] and name not in helpers]
    others = [cost.wall for name, cost in medians.items() if name in helpers]
    text = f"{own / min(builders):.2f}" if builders else "–"
    return f"{text} ({own / min(others):.2f})" if others else text
