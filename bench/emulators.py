"""
How each emulator is started, and how its processor time is taken.

A guest frames each workload by two lines on the serial line. When the end of the first and the beginning of the second
arrive, the host reads the processor time of the whole emulator process (all its threads). Neither the guest's clock nor
the host's wall clock takes part, so that a machine with other work on it disturbs little.
"""

import os
import pty
import re
import select
import shutil
import subprocess
import tempfile
import threading
import time

from workloads import BARE, BOOT, LINUX

APPEND = "console=ttyS0 quiet panic=-1"


class BenchError(Exception):
    pass


def reader_hurry():
    """A marker that is read late is measured late: before the emulators, where that is allowed."""
    try:
        os.setpriority(os.PRIO_PROCESS, 0, -10)
    except PermissionError:
        pass


def child_calm():
    """The emulator runs as it would without us."""
    if os.getpriority(os.PRIO_PROCESS, 0) < 0:
        os.setpriority(os.PRIO_PROCESS, 0, 0)


def process_clock(pid):
    """The clock id of another process's processor time: CPUCLOCK_SCHED of the Linux kernel's posix-timers.h."""
    return (~pid << 3) | 2


class Emulator:
    """One machine. `divide` is by how much fewer repetitions it gets under Linux, because it is slow."""

    name = ""
    title = ""
    divide = 1
    rounds = 1000  # the most that it is measured
    runs = (BOOT, LINUX, BARE)

    def command(self, where, words, guests):
        raise NotImplementedError

    def missing(self, guests):
        """Why this emulator cannot run here, or None."""
        return None

    def measure(self, where, pairs, guests, seconds):
        """
        Runs the workloads of `pairs` (name, count) in one machine. Returns {name: (processor seconds, check)}; boot is
        there, too, when the machine boots Linux.
        """
        words = " ".join(f"{name},{count}" for name, count in pairs)
        process, descriptor = self.start(where, words, guests)
        try:
            return read_markers(descriptor, process, self.name, seconds)
        finally:
            process.kill()
            process.wait()
            os.close(descriptor)

    def start(self, where, words, guests):
        """The process, and a descriptor from which the guest's serial line can be read."""
        reader, writer = os.pipe()
        process = subprocess.Popen(self.command(where, words, guests), stdin=subprocess.DEVNULL, stdout=writer,
                                   stderr=subprocess.STDOUT, preexec_fn=child_calm)
        os.close(writer)
        return process, reader


def read_markers(descriptor, process, name, seconds):
    clock = process_clock(process.pid)
    deadline = time.monotonic() + seconds
    results, said = {}, []
    line, line_begun, begun, now = b"", 0.0, None, 0.0
    while True:
        if time.monotonic() > deadline:
            raise BenchError(f"{name}: no end after {seconds} s; it said:\n" + tail(said))
        ended = process.poll() is not None
        if not select.select([descriptor], [], [], 0 if ended else 1)[0]:
            chunk = b""
            if not ended:
                continue
        else:
            chunk = os.read(descriptor, 65536)
        if not chunk:
            raise BenchError(f"{name}: ended early; it said:\n" + tail(said + [line.decode(errors="replace")]))
        if not ended:
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

    def missing(self, guests):
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

    def missing(self, guests):
        return None if shutil.which(self.path) else f"no {self.path} (scripts/setup peers)"

    def command(self, where, words, guests):
        common = [self.path, "-accel", "tcg", "-cpu", "coreduo", "-m", "128", "-display", "none", "-monitor", "none",
                  "-no-reboot", "-serial", "stdio", "-net", "none"]
        if where == BARE:
            return common + ["-kernel", guests.bare, "-append", words]
        return common + ["-kernel", guests.kernel, "-initrd", guests.initrd, "-append", f"{APPEND} -- {words}"]


BOCHS_BIOS = "/usr/share/bochs/BIOS-bochs-latest"
BOCHS_VGA_BIOS = "/usr/share/vgabios/vgabios.bin"
BOCHS_CONFIGURATION = """config_interface: textconfig
display_library: term
romimage: file={bios}
vgaromimage: file={vga_bios}
megs: 128
cpu: model=core_duo_t2400_yonah, count=1, ips=50000000, reset_on_triple_fault=0
ata0-master: type=cdrom, path={image}, status=inserted
boot: cdrom
com1: enabled=1, mode=file, dev={serial}
log: {log}
panic: action=fatal
error: action=ignore
sound: driver=dummy
speaker: enabled=0
clock: sync=none
"""


class Bochs(Emulator):
    """Boots a CD made for it, and has a terminal of its own, which it draws on and whose keys its debugger reads."""

    name = "bochs"
    divide = 20
    rounds = 1

    def __init__(self, path):
        self.path = path
        self.title = "Debian's Bochs, which is built with its debugger and without chaining of its decoded blocks"

    def missing(self, guests):
        for program in (self.path, "grub-mkrescue", "xorriso", "mformat"):
            if not shutil.which(program):
                return f"no {program} (scripts/setup peers)"
        for rom in (BOCHS_BIOS, BOCHS_VGA_BIOS):
            if not os.path.exists(rom):
                return f"no {rom} (scripts/setup peers)"
        return None

    def make_image(self, where, words, guests, folder):
        root = os.path.join(folder, "cd")
        os.makedirs(os.path.join(root, "boot", "grub"))
        if where == BARE:
            shutil.copy(guests.bare, os.path.join(root, "bare"))
            script = f"multiboot /bare {words}\nboot\n"
        else:
            shutil.copy(guests.kernel, os.path.join(root, "kernel"))
            shutil.copy(guests.initrd, os.path.join(root, "initrd"))
            script = f"linux /kernel {APPEND} -- {words}\ninitrd /initrd\nboot\n"
        with open(os.path.join(root, "boot", "grub", "grub.cfg"), "w", encoding="ascii") as file:
            file.write(script)
        image = os.path.join(folder, "cd.iso")
        done = subprocess.run(["grub-mkrescue", "-o", image, root, "--install-modules=linux multiboot normal",
                               "--fonts=", "--locales=", "--themes="], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise BenchError(f"{self.name}: grub-mkrescue failed:\n{done.stderr}")
        return image

    def start(self, where, words, guests):
        folder = tempfile.mkdtemp(dir=guests.work)
        serial, configuration = os.path.join(folder, "serial"), os.path.join(folder, "bochsrc")
        with open(configuration, "w", encoding="utf-8") as file:
            file.write(BOCHS_CONFIGURATION.format(bios=BOCHS_BIOS, vga_bios=BOCHS_VGA_BIOS, serial=serial,
                                                  image=self.make_image(where, words, guests, folder),
                                                  log=os.path.join(folder, "log")))
        os.mkfifo(serial)
        reader = os.open(serial, os.O_RDWR)  # for writing too: so it never stands without a writer
        screen, terminal = pty.openpty()
        process = subprocess.Popen([self.path, "-q", "-f", configuration, "-unlock"], stdin=terminal, stdout=terminal,
                                   stderr=terminal, env=dict(os.environ, TERM="xterm"), preexec_fn=child_calm)
        os.close(terminal)
        os.write(screen, b"c\n")  # the debugger waits at the first instruction
        threading.Thread(target=drain, args=(screen,), daemon=True).start()
        return process, reader


def drain(descriptor):
    try:
        while os.read(descriptor, 65536):
            pass
    except OSError:  # the other side is closed
        pass
    os.close(descriptor)


class Native(Emulator):
    """The same program under the host's own kernel."""

    name = "native"
    title = "the host itself"
    runs = (LINUX,)

    def missing(self, guests):
        try:
            done = subprocess.run([guests.program, "empty,1"], capture_output=True, check=False)
        except OSError:
            done = None
        return None if done and done.returncode == 0 else "this host does not run i386 programs"

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
