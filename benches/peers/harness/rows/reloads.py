"""E10: requests that fail while the configuration is reloaded under load."""

import subprocess
import time

from .. import load, requests, routes
from ..processes import CLIENT_CORES, Process
from ..servers import Edge, Nginx
from ..table import Row

IDS = {"E10"}
RELOADS = 5
FIGURE = f"failed requests over {RELOADS} reloads under load"


def run(bench):
    bench.say("E10")
    with bench.started() as up:
        nginx = up(Nginx(bench.directory, bench.world))
        peer = failed(bench, nginx, requests.PASS_THROUGH, nginx.reload)
    for build in bench.build_names:
        ours = []
        if binary := bench.builds.get(build):
            route_map = bench.directory / f"reloaded-{build}.yaml"
            write_map(bench, route_map, 0)
            with bench.started() as up:
                edge = up(Edge(bench.directory, bench.world, binary, build, route_map))
                ours = [failed(bench, edge, routes.PROBE_TARGET, lambda n: reload(bench, edge, route_map, n))]
        yield Row("E10", FIGURE, build, "nginx", ours, [peer], 0, 0, judged="ours", decimals=0)


def write_map(bench, path, extra):
    count = routes.PRODUCTION_RULES + extra
    path.write_text(routes.edge_map(count, bench.world.origin.url(""), bench.world.cors_origins[0]))


def reload(bench, edge, route_map, n):
    """Each reload has something to change."""
    write_map(bench, route_map, n)
    done = subprocess.run(edge.command("reload", "--wait"), env=edge.env, capture_output=True, text=True, timeout=60)
    if done.returncode != 0:
        bench.remark(f"E10 {edge.build}: a reload ended with {done.returncode}: {done.stderr.strip()[-300:]}")
    return done.returncode == 0


def failed(bench, server, target, reload_once):
    """Failed requests, with each failed reload counted as one more."""
    every = 0.5 if bench.quick else 1.0
    seconds = int(every * (RELOADS + 2)) + 1
    argv = load.wrk_argv(server.url(target), requests.headers(bench.world), seconds, load.CONNECTIONS)
    output = server.directory / "wrk.log"
    wrk = Process(argv, output, CLIENT_CORES)
    lost = 0
    for n in range(1, RELOADS + 1):
        time.sleep(every)
        lost += 0 if reload_once(n) else 1
    wrk.child.wait(seconds + load.WRK_PATIENCE)
    wrk.stop()
    return load.wrk_result(output.read_text()).failed + lost
