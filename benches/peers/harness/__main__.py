"""`python3 -m harness bench|train …`: scripts/bench and scripts/build-release call these."""

import argparse
import os
import platform as machine_facts
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from . import table, train
from .bench import Bench
from .load import LoadFailed
from .processes import NotReady, end_all_on_signals
from .rows import ALL
from .servers import World


def main():
    options = arguments()
    end_all_on_signals()
    directory = Path(tempfile.mkdtemp(prefix="onasis-bench."))
    try:
        return options.command(options, directory)
    except (NotReady, LoadFailed) as e:
        print(f"bench: {e}", file=sys.stderr)
        return 1
    finally:
        if options.keep:
            print(f"bench: files kept in {directory}", file=sys.stderr)
        else:
            shutil.rmtree(directory, ignore_errors=True)


def arguments():
    parser = argparse.ArgumentParser(prog="scripts/bench", description="Benchmark of the edge beside nginx and HAProxy.")
    commands = parser.add_subparsers(required=True)
    for name, function in (("bench", bench), ("train", training)):
        sub = commands.add_parser(name, prog="scripts/bench")
        sub.set_defaults(command=function)
        sub.add_argument("--keep", action="store_true", help="keep configurations and logs of the run")
        sub.add_argument("--map", type=lambda name: Path(name).resolve(), help="the route map the edge carries (default: the platform's)")
        if name == "train":
            sub.add_argument("binary", type=Path)
            continue
        sub.add_argument("--quick", action="store_true", help="fewer and shorter rounds, under two minutes")
        sub.add_argument("--only", type=row_ids, help="rows, such as E1,E7")
        sub.add_argument("--rounds", type=int, help="rounds of a timed row (default 8, quick 3)")
        sub.add_argument("--json", type=Path, metavar="FILE", help="write the table as JSON too")
        sub.add_argument("--record", action="store_true", help="append E4 to benches/history/instructions.tsv")
        sub.add_argument("--tool", action="append", default=[], metavar="NAME=FILE", help=argparse.SUPPRESS)
        sub.add_argument("--binary", action="append", default=[], metavar="BUILD=FILE", help=argparse.SUPPRESS)
    return parser.parse_args()


def row_ids(text):
    wanted, known = set(text.upper().split(",")), set().union(*(figure.IDS for figure in ALL))
    if wanted - known:
        raise argparse.ArgumentTypeError(f"no such row: {', '.join(sorted(wanted - known))}; known: {', '.join(sorted(known))}")
    return wanted


def bench(options, directory):
    began = time.monotonic()
    run = Bench(options, directory, named(options.binary), named(options.tool))
    run.world = World(directory, options.map)
    rows = []
    for figure in ALL:
        if options.only and not options.only & figure.IDS:
            continue
        try:
            rows += figure.run(run)
        except (NotReady, LoadFailed) as e:
            run.remark(f"{'/'.join(sorted(figure.IDS))} not finished: {e}")
    rows.sort(key=lambda row: (row.id[0] == "A", int(re.sub(r"\D", "", row.id))))
    facts = machine()
    print(f"{facts['cpu']}, {facts['cores']} cores, Linux {facts['kernel']}; {facts['versions']}")
    print(f"{run.rounds} rounds, best (median); took {time.monotonic() - began:.0f} s\n")
    print(table.render(rows))
    for remark in run.remarks:
        print(f"note: {remark}")
    if options.json:
        table.write_json(options.json, facts, rows)
    return 0


def named(pairs):
    return {name: Path(file) for name, file in (pair.split("=", 1) for pair in pairs)}


def training(options, directory):
    where = {name: value for name, value in os.environ.items() if name == "LLVM_PROFILE_FILE"}
    train.run(options.binary, World(directory, options.map, where), directory)
    return 0


def machine():
    with open("/proc/cpuinfo") as f:
        cpu = next((line.split(":")[1].strip() for line in f if line.startswith("model name")), machine_facts.machine())
    versions = [first_line("nginx", "-v"), first_line("haproxy", "-v"), first_line("rustc", "--version")]
    return {
        "cpu": cpu,
        "cores": len(os.sched_getaffinity(0)),
        "kernel": machine_facts.release(),
        "versions": ", ".join(v for v in versions if v),
    }


def first_line(*argv):
    if not shutil.which(argv[0]):
        return ""
    done = subprocess.run(argv, capture_output=True, text=True)
    return (done.stdout + done.stderr).splitlines()[0].split(" - ")[0].removeprefix("nginx version: ")


if __name__ == "__main__":
    sys.exit(main())
