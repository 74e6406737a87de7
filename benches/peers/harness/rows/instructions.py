"""E4: instructions per request in user space, counted by callgrind; two request counts, so that start-up cancels out.

E8 is counted the same way: instructions show what timing on a shared machine hides.
"""

import re
import shutil
import subprocess

from .. import history, load, requests, routes
from ..servers import Edge, Haproxy, Nginx
from ..table import Row
from .cpu import sized_maps

IDS = {"E4", "E8"}
FIGURE = "instructions per request"


def run(bench):
    if not shutil.which("valgrind"):
        bench.remark("instructions left out: valgrind is not installed")
        return
    binaries = {build: without_debug_info(bench, binary, build) for build, binary in bench.builds.items()}
    if bench.wants("E4"):
        yield from whole_map(bench, binaries)
    if bench.wants("E8") and not bench.quick:
        yield from many_routes(bench, binaries)


def whole_map(bench, binaries):
    counted = {
        "nginx": per_request(bench, "nginx", Nginx),
        "HAProxy": per_request(bench, "HAProxy", Haproxy),
    }
    for build, binary in binaries.items():
        counted[build] = per_request(bench, build, Edge, binary, build)
    for build in bench.build_names:
        ours = [counted[build]] if counted.get(build) else []
        for peer, bounds in (("nginx", (100_000, 75_000)), ("HAProxy", (None, None))):
            seen = [counted[peer]] if counted[peer] else []
            yield Row("E4", FIGURE, build, peer, ours, seen, *bounds, judged="ours", decimals=0)
    if bench.record:
        history.append({name: value for name, value in counted.items() if value})


def many_routes(bench, binaries):
    maps = sized_maps(bench)
    for build in bench.build_names:
        samples = {}
        for count, path in maps.items():
            counted = None
            if binary := binaries.get(build):
                counted = per_request(bench, f"{build}, {count} routes", Edge, binary, build, path, target=routes.PROBE_TARGET)
            samples[count] = [counted] if counted else []
        few, many = samples.values()
        yield Row("E8", f"{FIGURE}, 10,000 routes", build, "with 88", many, few, 1.05, 1.02, decimals=0)


def without_debug_info(bench, binary, build):
    """valgrind reads all line tables at start, which takes longer than the measurement."""
    bare = bench.directory / f"edge-{build}-bare"
    stripped = shutil.which("strip") and subprocess.run(["strip", "--strip-debug", "-o", str(bare), str(binary)])
    return bare if stripped and stripped.returncode == 0 else binary


def per_request(bench, name, kind_of_server, *how, target=requests.PASS_THROUGH):
    few, many = bench.counted_requests
    bench.say(f"instructions, {name}")
    try:
        first = collected(bench, few, target, kind_of_server, *how)
        second = collected(bench, many, target, kind_of_server, *how)
    except (RuntimeError, load.LoadFailed) as e:
        bench.remark(f"instructions, {name}: {e}")
        return None
    return (second - first) / (many - few)


def collected(bench, count, target, kind_of_server, *how):
    server = kind_of_server(bench.directory, bench.world, *how)
    log = server.directory / "valgrind.log"
    wrapper = [
        "valgrind", "--tool=callgrind", "--fair-sched=yes",
        f"--callgrind-out-file={server.directory}/callgrind.out", f"--log-file={log}",
    ]  # fmt: skip
    with bench.started(wrapper) as up:
        up(server)
        result = load.h2load(server.url(target), requests.headers(bench.world), count)
        if result.failed or result.requests != count:
            raise RuntimeError(f"{result.failed} of {count} requests failed under valgrind")
    total = re.search(r"Collected : (\d+)", log.read_text())
    if total is None:
        raise RuntimeError("the process did not end by itself, so valgrind counted nothing")
    return int(total[1])
