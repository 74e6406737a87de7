"""The bounded local workload a profile-guided build is trained on: the measured requests and their less common neighbours."""

import signal
import time

from . import load, requests
from .servers import Edge

PASS_REQUESTS = 30_000
MEMORY_REQUESTS = 15_000
HTTP2_REQUESTS = 3_000
RARE_REQUESTS = 1_500
DOWNLOADS = 128
HELD = 100


def run(binary, world, directory):
    """Every count is fixed, so that two trainings see the same requests."""
    edge = Edge(directory, world, binary, "training").start()
    headers = requests.headers(world)
    preflight = {"Origin": headers["Origin"], "Access-Control-Request-Method": "GET"}
    h2load(edge, requests.PASS_THROUGH, headers, PASS_REQUESTS)
    h2load(edge, requests.MEMORY_ITEM, headers, MEMORY_REQUESTS)
    h2load(edge, requests.PASS_THROUGH, headers, HTTP2_REQUESTS, extra=("--no-tls-proto=h2c",))
    h2load(edge, requests.DOWNLOAD, headers, DOWNLOADS)
    h2load(edge, "/nowhere/at/all", headers, RARE_REQUESTS, answered=False)
    h2load(edge, "/health", headers, RARE_REQUESTS)
    body = directory / "body.json"
    body.write_text('{"title":"benchmark","content":"' + "x" * 2000 + '"}')
    posted = {**headers, "Content-Type": "application/json"}
    h2load(edge, "/api/v1/memories", posted, RARE_REQUESTS, extra=("--h1", "-d", str(body)))
    h2load(edge, requests.PASS_THROUGH, preflight, RARE_REQUESTS, extra=("--h1", "-H", ":method: OPTIONS"))
    for kind in ("sse", "websocket"):
        for sock in load.hold(kind, edge.port, requests.STREAMS[kind], headers, HELD):
            sock.close()
    time.sleep(0.5)
    if not edge.stop(signal.SIGTERM, patience=60):
        raise load.LoadFailed("the edge did not end when asked, so it wrote no profile")


def h2load(edge, target, headers, count, extra=("--h1",), answered=True):
    result = load.h2load(edge.url(target), headers, count, load.CONNECTIONS, extra)
    if answered and result.failed:
        raise load.LoadFailed(f"{result.failed} of {count} training requests to {target} failed")
