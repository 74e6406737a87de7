"""E1, E3 and E8: CPU seconds of the proxy per 100,000 requests."""

from .. import load, requests, routes
from ..servers import Edge, Haproxy, Nginx
from ..table import Row

IDS = {"E1", "E3", "E8"}
FIGURE = "CPU s per 100,000 requests"


def run(bench):
    if bench.wants("E1") or bench.wants("E3"):
        yield from whole_map(bench)
    if bench.wants("E8"):
        yield from many_routes(bench)


def per_100_000(bench, server, target):
    server.empty_logs()
    before = server.cpu_seconds()
    result = load.wrk(server.url(target), requests.headers(bench.world), bench.seconds)
    spent = server.cpu_seconds() - before
    if result.failed:
        bench.remark(f"{server.name}: {result.failed} of {result.requests} requests failed")
    return spent / result.requests * 100_000


def whole_map(bench):
    with bench.started() as up:
        contestants = {"nginx": up(Nginx(bench.directory, bench.world))}
        if bench.wants("E3"):
            contestants["HAProxy"] = up(Haproxy(bench.directory, bench.world))
        for build, binary in bench.builds.items():
            contestants[build] = up(Edge(bench.directory, bench.world, binary, build))
        for name, server in contestants.items():
            for sentence in requests.differences(server, bench.world):
                bench.remark(f"{name} does not do the same work: {sentence}")
        plain = bench.alternate("E1 E3", contestants, lambda s: per_100_000(bench, s, requests.PASS_THROUGH))
        if bench.wants("E1"):
            yield from compared(bench, "E1", f"{FIGURE}, whole map", plain, "nginx", 1.3, 1.0)
        if bench.wants("E3"):
            yield from compared(bench, "E3", f"{FIGURE}, E1's features", plain, "HAProxy", None, None)
        if bench.wants("E1"):
            contestants.pop("HAProxy", None)
            item = bench.alternate("E1 memory", contestants, lambda s: per_100_000(bench, s, requests.MEMORY_ITEM))
            yield from compared(bench, "E1m", "the same, memory item: rewrite, key, allow-list", item, "nginx", None, None)


def compared(bench, row_id, figure, samples, peer, accepted, goal):
    for build in bench.build_names:
        ours = samples.get(build, [])
        yield Row(row_id, figure, build, peer, ours, samples[peer], accepted, goal)


def many_routes(bench):
    maps = sized_maps(bench)
    for build in bench.build_names:
        samples = {"88": [], "10,000": []}
        if build in bench.builds:
            binary = bench.builds[build]
            with bench.started() as up:
                contestants = {
                    name: up(Edge(bench.directory, bench.world, binary, build, path))
                    for name, path in zip(samples, maps.values())
                }
                samples = bench.alternate(
                    f"E8 {build}", contestants, lambda s: per_100_000(bench, s, routes.PROBE_TARGET)
                )
        yield Row("E8", f"{FIGURE}, 10,000 routes", build, "with 88", samples["10,000"], samples["88"], 1.05, 1.02)


def sized_maps(bench):
    maps = {count: bench.directory / f"routes-{count}.yaml" for count in (routes.PRODUCTION_RULES, 10_000)}
    for count, path in maps.items():
        path.write_text(routes.edge_map(count, bench.world.origin.url(""), bench.world.cors_origins[0]))
    return maps
