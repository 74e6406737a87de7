"""One file a figure. Each exports IDS and `run(bench)`, which yields table rows."""

from . import cpu, identity, instructions, memory, reloads, throughput

ALL = (cpu, instructions, memory, throughput, reloads, identity)
