"""The rows of the benchmark: what runs, how often, and what issue of speed it stands for."""

from dataclasses import dataclass

LINUX = "linux"  # a program of bench/guest, under Debian's kernel
BARE = "bare"    # a loop of bench/bare, without an operating system
BOOT = "boot"    # from the emulator's start to the guest's first process


@dataclass(frozen=True)
class Workload:
    name: str
    where: str
    group: str     # system, integer, float, transition
    count: int     # repetitions of a full run: about a second on QEMU
    target: float  # the most processor time we allow ourselves, QEMU TCG = 1.0; 0: no aim
    what: str
    even: bool = False  # slow emulators are not slow at this, and get the same repetitions


WORKLOADS = [
    Workload("boot", BOOT, "system", 1, 1.0, "Debian's kernel to its first process"),
    Workload("getpid-sysenter", LINUX, "system", 2_000_000, 1.0, "getpid by the vDSO's SYSENTER"),
    Workload("getpid-int80", LINUX, "system", 1_500_000, 1.0, "getpid by INT 80h"),
    Workload("fork-exec", LINUX, "system", 1_000, 1.0, "fork, execve, exit, waitpid"),
    Workload("pipe", LINUX, "system", 20_000, 1.0, "a word to another process and back"),
    Workload("page-fault", LINUX, "system", 1_500, 1.0, "64 fresh pages touched and given back"),
    Workload("self-modifying", LINUX, "system", 2_000, 1.0, "100 calls of a function patched before each", True),
    Workload("mix", LINUX, "integer", 8_000, 3.0, "10,000 steps of arithmetic, table look-ups, branches"),
    Workload("sha256", LINUX, "integer", 2_400, 3.0, "SHA-256 of 16 KiB"),
    Workload("crc32", LINUX, "integer", 12_000, 3.0, "CRC-32 of 16 KiB by table"),
    Workload("compress", LINUX, "integer", 400, 3.0, "32 KiB packed by longest matches, unpacked, compared"),
    Workload("sort", LINUX, "integer", 600, 3.0, "20,000 numbers by quicksort"),
    Workload("recursion", LINUX, "integer", 8_000, 3.0, "eight queens and Fibonacci numbers by recursion"),
    Workload("interpreter", LINUX, "integer", 8_000, 3.0, "a sieve in byte code"),
    Workload("wide", LINUX, "integer", 120_000, 3.0, "1024-bit multiplication and 64-bit shifts"),
    Workload("copy-rep", LINUX, "integer", 16_000, 3.0, "128 KiB by REP MOVSD, and short REP instructions",
             True),
    Workload("copy-plain", LINUX, "integer", 40_000, 3.0, "16 KiB by words and 4 KiB by bytes"),
    Workload("nbody-x87", LINUX, "float", 320, 0, "250 steps of five bodies, x87"),
    Workload("nbody-sse2", LINUX, "float", 1_600, 0, "the same, SSE2"),
    Workload("mandelbrot-x87", LINUX, "float", 80, 0, "24 by 24 points, x87"),
    Workload("mandelbrot-sse2", LINUX, "float", 320, 0, "the same, SSE2"),
    Workload("bare-sysenter", BARE, "transition", 4_000_000, 0.12, "SYSENTER and SYSEXIT"),
    Workload("bare-int80", BARE, "transition", 2_000_000, 0.25, "INT 80h from ring 3 and IRET"),
    Workload("bare-ud", BARE, "transition", 1_000_000, 0.25, "#UD in ring 3 and IRET"),
    Workload("bare-cr3", BARE, "transition", 500_000, 0.10, "MOV CR3 and 8 pages touched"),
    Workload("bare-call-gate", BARE, "transition", 2_000_000, 0, "far CALL through a gate to ring 0 and RET"),
    Workload("bare-port-out", BARE, "transition", 4_000_000, 0, "OUT to port 80h"),
    Workload("bare-port-in", BARE, "transition", 4_000_000, 0, "IN from port 21h"),
]

BY_NAME = {workload.name: workload for workload in WORKLOADS}
