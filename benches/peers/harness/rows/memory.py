"""E5: resident memory of one more idle keep-alive connection, SSE stream or WebSocket."""

import time

from .. import load, requests
from ..servers import Edge, Nginx
from ..table import Row

IDS = {"E5"}
BUDGETS = {
    "idle": ("KiB per idle keep-alive connection", 34, 16),
    "sse": ("KiB per SSE stream", 58, 30),
    "websocket": ("KiB per WebSocket", 58, 30),
}
WARM_UP = 64


def run(bench):
    for kind, (figure, accepted, goal) in BUDGETS.items():
        peer = [per_connection(bench, Nginx, kind) for _ in range(bench.memory_rounds)]
        for build in bench.build_names:
            ours = []
            if binary := bench.builds.get(build):
                ours = [per_connection(bench, Edge, kind, binary, build) for _ in range(bench.memory_rounds)]
            yield Row("E5", figure, build, "nginx", ours, peer, accepted, goal, judged="ours", decimals=1)


def per_connection(bench, kind_of_server, kind, *how):
    """A fresh process each time: memory that earlier connections left behind would be used again and not be seen."""
    target, headers = requests.STREAMS[kind], requests.headers(bench.world)
    with bench.started() as up:
        server = up(kind_of_server(bench.directory, bench.world, *how))
        for sock in load.hold(kind, server.port, target, headers, WARM_UP):
            sock.close()
        before = settled(server.process)
        held = load.hold(kind, server.port, target, headers, bench.held_connections)
        after = settled(server.process)
        for sock in held:
            sock.close()
    return (after - before) / bench.held_connections


def settled(process):
    """Resident memory once it stopped changing for half a second."""
    last, since = process.resident_kib(), time.monotonic()
    deadline = since + 10
    while time.monotonic() < min(since + 0.5, deadline):
        time.sleep(0.05)
        now = process.resident_kib()
        if now != last:
            last, since = now, time.monotonic()
    return last
