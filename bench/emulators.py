"""
How each emulator is started, and how its processor time is taken.

A guest frames each workload by two lines on the serial line. When the end of the first and the beginning of the second
arrive, the host reads the processor time of the whole emulator process (all its threads). Neither the guest's clock nor
the host's wall clock takes part, so that a machine with other work on it disturbs little.
"""

import os
import re
import select
import shutil
import subprocess
import time

from workloads import BARE, BOOT, LINUX

APPEND = "console=ttyS0 quiet panic=-1"


class BenchError(Exception):
    pass


def process_clock(pid):
    """The clock id of another process's processor time: CPUCLOCK_SCHED of the Linux kernel's posix-timers.h."""
    return (~pid << 3) | 2


class Emulator:
    """One machine. `divide` is by how much fewer repetitions it gets, because it is slow."""

    name = ""
    title = ""
    divide = 1
    runs = (BOOT, LINUX, BARE)

    def command(self, where, words, guests):
        raise NotImplementedError

    def missing(self):
        """Why this emulator cannot run here, or None."""
        return None

    def measure(self, where, pairs, guests, seconds):
        """
        Runs the workloads of `pairs` (name, count) in one machine. Returns {name: (processor seconds, check)}; boot is
        there, too, when the machine boots Linux.
        """
        words = " ".join(f"{name},{count}" for name, count in pairs)
        process = subprocess.Popen(self.command(where, words, guests), stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        try:
            return read_markers(process.stdout.fileno(), process.pid, self.name, seconds)
        finally:
            process.kill()
            process.wait()


def read_markers(descriptor, pid, name, seconds):
    clock = process_clock(pid)
    deadline = time.monotonic() + seconds
    results, said = {}, []
    line, line_begun, begun = b"", 0.0, None
    while True:
        if not select.select([descriptor], [], [], max(0.0, deadline - time.monotonic()))[0]:
            raise BenchError(f"{name}: no end after {seconds} s; it said:\n" + tail(said))
        try:
            chunk = os.read(descriptor, 65536)
        except OSError:  # a terminal whose other side is closed
            chunk = b""
        if not chunk:
            raise BenchError(f"{name}: ended early; it said:\n" + tail(said))
        now = time.clock_gettime(clock)
        for byte in chunk:
            if byte != 0x0A:
                line_begun = line_begun if line else now
                line += bytes([byte])
                continue
            text = line.decode(errors="replace").strip()
            line = b""
            said.append(text)
            words = re.sub(r"^.*?bench: ", "", text).split() if "bench: " in text else []
            if words[:1] == ["begin"]:
                results.setdefault("boot", (now, "-"))
                begun = now
            elif words[:1] == ["end"] and len(words) == 4 and begun is not None:
                results[words[1]] = (line_begun - begun, f"{words[2]}:{words[3]}")
            elif words[:1] == ["error:"]:
                raise BenchError(f"{name}: {text}")
            elif words[:1] == ["done"]:
                return results


def tail(lines):
    return "\n".join("    " + line for line in lines[-12:])


class Gate86(Emulator):
    def __init__(self, name, path, engine, divide=1):
        self.name, self.path, self.engine, self.divide = name, path, engine, divide
        self.title = f"gate86, {engine} engine"

    def missing(self):
        return None if os.access(self.path, os.X_OK) else f"{self.path} is missing; ninja gate86 makes it"

    def command(self, where, words, guests):
        common = [self.path, "run", "--engine", self.engine, "--memory", "128M", "--serial", "stdio", "--no-reboot"]
        if where == BARE:
            return common + ["--append", words, guests.bare]
        return common + ["--kernel", guests.kernel, "--initrd", guests.initrd, "--append", f"{APPEND} -- {words}"]


class Qemu(Emulator):
    name = "qemu"

    def __init__(self, path):
        self.path = path
        self.title = "QEMU TCG"

    def missing(self):
        return None if shutil.which(self.path) else f"no {self.path} (scripts/setup peers)"

    def command(self, where, words, guests):
        common = [self.path, "-accel", "tcg", "-cpu", "coreduo", "-m", "128", "-display", "none", "-monitor", "none",
                  "-no-reboot", "-serial", "stdio", "-net", "none"]
        if where == BARE:
            return common + ["-kernel", guests.bare, "-append", words]
        return common + ["-kernel", guests.kernel, "-initrd", guests.initrd, "-append", f"{APPEND} -- {words}"]


class Native(Emulator):
    """The same program under the host's own kernel."""

    name = "native"
    title = "the host itself"
    runs = (LINUX,)

    def command(self, where, words, guests):
        return [guests.program] + words.split()


class Other(Emulator):
    """An emulator given on the command line: {kernel}, {initrd}, {append} stand for what it shall boot."""

    runs = (BOOT, LINUX)

    def __init__(self, text):
        self.name, _, self.text = text.partition("=")
        self.title = self.name
        if not self.name or not self.text:
            raise BenchError(f"--peer {text}: write NAME=COMMAND")

    def command(self, where, words, guests):
        values = {"kernel": guests.kernel, "initrd": guests.initrd, "append": f"{APPEND} -- {words}"}
        return [word.format(**values) for word in self.text.split()]
