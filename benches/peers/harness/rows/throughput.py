"""E7: large bodies, Gbit carried per CPU second of the proxy."""

from .. import load, requests
from ..servers import Edge, Nginx
from ..table import Row

IDS = {"E7"}
CONNECTIONS = 8


def run(bench):
    with bench.started() as up:
        contestants = {"nginx": up(Nginx(bench.directory, bench.world))}
        for build, binary in bench.builds.items():
            contestants[build] = up(Edge(bench.directory, bench.world, binary, build))
        samples = bench.alternate("E7", contestants, lambda s: gbit_per_cpu_second(bench, s))
    for build in bench.build_names:
        ours = samples.get(build, [])
        figure = "Gbit per CPU s, 10 MiB downloads, plain"
        yield Row("E7", figure, build, "nginx", ours, samples["nginx"], 0.7, 0.9, higher_is_better=True)


def gbit_per_cpu_second(bench, server):
    server.empty_logs()
    before = server.cpu_seconds()
    result = load.wrk(server.url(requests.DOWNLOAD), requests.headers(bench.world), bench.seconds, CONNECTIONS)
    spent = server.cpu_seconds() - before
    if result.failed:
        bench.remark(f"{server.name}: {result.failed} of {result.requests} downloads failed")
    return result.bytes * 8 / 1e9 / spent
