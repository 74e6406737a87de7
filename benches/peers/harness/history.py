"""The history of instruction counts, kept in the repository: one line a recorded run."""

import subprocess
import time
from pathlib import Path

FILE = Path(__file__).resolve().parents[2] / "history" / "instructions.tsv"
COLUMNS = ["plain", "pgo", "nginx", "HAProxy"]


def append(counted):
    with open(FILE, "a") as f:
        if f.tell() == 0:
            f.write("\t".join(["date", "commit", "rustc", *COLUMNS]) + "\n")
        words = [time.strftime("%Y-%m-%d"), said("git", "rev-parse", "--short", "HEAD"), said("rustc", "--version").split()[1]]
        words += [f"{counted[name]:.0f}" if name in counted else "-" for name in COLUMNS]
        f.write("\t".join(words) + "\n")


def said(*argv):
    return subprocess.run(argv, cwd=FILE.parent, capture_output=True, text=True, check=True).stdout.strip()
