"""The tables: processor time and its ratio to QEMU's, as Markdown."""

import math
import statistics

from workloads import BY_NAME, WORKLOADS


SHORT_SECONDS = 0.01  # a marker may be read a millisecond late


class Samples:
    """Seconds of processor time per repetition, by emulator and workload."""

    def __init__(self):
        self.seconds = {}
        self.short = set()  # (emulator, workload) whose runs were too short to be measured well
        self.checks = {}  # (workload, count) -> {emulator: check}

    def add(self, emulator, workload, count, seconds, check):
        self.seconds.setdefault((emulator, workload), []).append(seconds / count)
        if seconds < SHORT_SECONDS:
            self.short.add((emulator, workload))
        if check != "-":
            self.checks.setdefault((workload, count), {})[emulator] = check

    def least(self, emulator, workload):
        values = self.seconds.get((emulator, workload))
        return min(values) if values else None

    def median(self, emulator, workload):
        values = self.seconds.get((emulator, workload))
        return statistics.median(values) if values else None

    def ratio(self, emulator, workload, base):
        ours, theirs = self.least(emulator, workload), self.least(base, workload)
        return ours / theirs if ours is not None and theirs else None

    def mark(self, emulator, workload):
        return "~" if (emulator, workload) in self.short else ""

    def wrong(self):
        """What the emulators do not agree on."""
        lines = []
        for (workload, count), by_emulator in sorted(self.checks.items()):
            if len(set(by_emulator.values())) > 1:
                values = ", ".join(f"{name} {check}" for name, check in by_emulator.items())
                lines.append(f"{workload},{count}: {values}")
        return lines

    def compared(self):
        return sum(len(by_emulator) > 1 for by_emulator in self.checks.values())


def table(head, rows):
    widths = [max(len(row[i]) for row in [head] + rows) for i in range(len(head))]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |" for row in [head] + rows]
    rules = ["-" * (width + 1) + ("-" if i == 0 else ":") for i, width in enumerate(widths)]
    lines.insert(1, "|" + "|".join(rules) + "|")
    return "\n".join(lines)


def number(value):
    if value is None:
        return "-"
    return f"{value:.3f}" if value < 0.995 else f"{value:.2f}" if value < 10 else f"{value:.0f}"


def time_text(seconds):
    if seconds is None:
        return "-"
    for unit, factor in (("s", 1), ("ms", 1e3), ("us", 1e6)):
        if seconds * factor >= 1:
            return f"{seconds * factor:.3g} {unit}"
    return f"{seconds * 1e9:.3g} ns"


def geometric_mean(samples, emulator, group, names, base):
    """Of the group's ratios; None when one is missing."""
    members = [name for name in names if BY_NAME[name].group == group]
    values = [samples.ratio(emulator, name, base) for name in members]
    if len(values) < 2 or not all(values):
        return None
    return math.exp(statistics.fmean(map(math.log, values)))


def ratios(samples, emulators, names, base):
    head = ["workload", "aim"] + [emulator.name for emulator in emulators]
    rows = []
    for name in names:
        target = BY_NAME[name].target
        row = [name, number(target) if target else "-"]
        rows.append(row + [samples.mark(emulator.name, name) + number(samples.ratio(emulator.name, name, base))
                           for emulator in emulators])
    for group, aim in (("system", "-"), ("integer", "1.50"), ("float", "-"), ("transition", "-")):
        means = [geometric_mean(samples, emulator.name, group, names, base) for emulator in emulators]
        if any(mean is not None for mean in means):
            rows.append([f"*{group}, geometric mean*", aim] + [number(mean) for mean in means])
    return table(head, rows)


def times(samples, emulators, names):
    head = ["one repetition, least (median)"] + [emulator.name for emulator in emulators]
    rows = []
    for name in names:
        row = [name]
        for emulator in emulators:
            least, median = samples.least(emulator.name, name), samples.median(emulator.name, name)
            row.append("-" if least is None else 
                       f"{samples.mark(emulator.name, name)}{time_text(least)} ({time_text(median)})")
        rows.append(row)
    return table(head, rows)


def missed(samples, ours, names, base):
    """The aims that `ours` does not reach, each in a line."""
    lines = []
    for name in names:
        ratio, target = samples.ratio(ours, name, base), BY_NAME[name].target
        if ratio is not None and target and ratio > target:
            lines.append(f"{name}: {number(ratio)}, the aim is {number(target)}")
    return lines


def names_in_order(names):
    return [workload.name for workload in WORKLOADS if workload.name in names]
