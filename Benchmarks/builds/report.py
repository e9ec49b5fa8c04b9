"""Tables in Markdown."""

import os

from measure import Cost


def markdown(tables, limits, names):
    """What each case took with each tool, and how much of the best other tool's time Slipway took."""
    lines = [f"Medians, on {os.cpu_count()} processors. Each cell: wall seconds · processor seconds · peak MiB.", ""]
    lines.append(f"| case | {' | '.join(names)} | of the best other's time |")
    lines.append("| --- |" + " --- |" * (len(names) + 1))
    for costs in tables:
        for title in dict.fromkeys(title for title, _ in costs):
            medians = {name: Cost.median(costs[title, name]) for name in names if (title, name) in costs}
            cells = [_cell(medians.get(name)) for name in names]
            lines.append(f"| {title} | {' | '.join(cells)} | {_ratio(medians, names)} |")
    lines += ["", "What the machine does at most, in the same run:", "", "| what | MB/s |", "| --- | --- |"]
    lines += [f"| {name} | {rate:.0f} |" for name, rate in limits.items()]
    return "\n".join(lines) + "\n"


def _cell(cost):
    return "–" if cost is None else f"{cost.wall:.2f} · {cost.cpu:.2f} · {cost.memory:.0f}"


def _ratio(medians, names):
    others = [cost.wall for name, cost in medians.items() if name != names[0]]
    if not others or names[0] not in medians:
        return "–"
    return f"{medians[names[0]].wall / min(others):.2f}"
