"""What is measured and what stands behind it: origins, nginx, HAProxy and the edge, each a configuration and a process."""

import itertools
import os
import resource
import select
import signal
import time
from pathlib import Path

from . import routes
from .processes import CLIENT_CORES, PROXY_CORE, NotReady, Process, free_port, wait_for_port

PEERS = Path(__file__).resolve().parent.parent
EDGE_CONFIG = PEERS.parent / "edge" / "gateway.yaml"
BODY = '{"data":"' + "x" * (1024 - 11) + '"}'
TEN_MEBIBYTES = 10 * 1024 * 1024
OPEN_FILES = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
VALGRIND_PATIENCE = 300


def fill(template, values):
    text = (PEERS / template).read_text()
    for name, value in values.items():
        text = text.replace(f"@{name}@", str(value))
    return text


def nginx_user():
    """Workers of a root-owned nginx would change to a user that cannot read the run's private directory."""
    return "user root;" if os.geteuid() == 0 else ""


class Server:
    """A started process with a port. `wrapper` is put before the command line (valgrind)."""

    name = ""
    numbers = itertools.count(1)

    def __init__(self, directory):
        self.directory = Path(directory) / f"{self.name}-{next(self.numbers)}"
        self.directory.mkdir()
        self.port = free_port()
        self.process = None

    def url(self, target):
        return f"http://127.0.0.1:{self.port}{target}"

    def spawn(self, argv, core, wrapper=(), env=None):
        log = self.directory / "output.log"
        self.process = Process([*wrapper, *argv], log, core, env)
        wait_for_port(self.process, self.port, VALGRIND_PATIENCE if wrapper else 30)

    def cpu_seconds(self):
        return self.process.cpu_seconds()

    def empty_logs(self):
        for log in self.directory.glob("*access.log"):
            os.truncate(log, 0)

    def stop(self, sig=signal.SIGTERM, patience=15):
        return self.process.stop(sig, patience)


class Origin(Server):
    name = "origin"

    def start(self):
        with open(self.directory / "ten-mebibytes", "wb") as f:
            f.write(os.urandom(1024 * 1024) * 10)
        values = {"USER": nginx_user(), "DIR": self.directory, "PORT": self.port, "FILES": OPEN_FILES}
        conf = self.directory / "origin.conf"
        conf.write_text(fill("origin.conf", {**values, "KIB": BODY.replace('"', '\\"')}))
        self.spawn(["nginx", "-c", str(conf), "-e", str(self.directory / "origin.log")], CLIENT_CORES)
        return self


class StreamOrigin(Server):
    name = "streams"

    def start(self):
        self.spawn(["python3", str(PEERS / "harness" / "streams.py"), str(self.port)], CLIENT_CORES)
        return self


class Nginx(Server):
    name = "nginx"

    def __init__(self, directory, world):
        super().__init__(directory)
        self.world = world

    def start(self, wrapper=()):
        upstreams = "".join(
            f"    upstream {name} {{ server 127.0.0.1:{self.world.port_of(name)}; keepalive 128; keepalive_requests 1000000000; }}\n"
            for name in routes.UPSTREAMS
        )
        values = {
            "USER": nginx_user(),
            "MASTER": "off" if wrapper else "on",
            "FILES": OPEN_FILES,
            "DIR": self.directory,
            "PORT": self.port,
            "ORIGINS": "".join(f'        "{origin}" $http_origin;\n' for origin in self.world.cors_origins),
            "UPSTREAMS": upstreams,
            "LOCATIONS": routes.nginx_locations(routes.platform()),
        }
        for name in ("proxy_headers.conf", "supabase.conf", "streams.conf"):
            (self.directory / name).write_text(fill(name, {}))
        conf = self.directory / "nginx.conf"
        conf.write_text(fill("nginx.conf", values))
        self.spawn(["nginx", "-c", str(conf), "-e", str(self.directory / "nginx.log")], PROXY_CORE, wrapper)
        return self

    def reload(self, _round):
        self.process.child.send_signal(signal.SIGHUP)
        return True


class Haproxy(Server):
    name = "haproxy"

    def __init__(self, directory, world):
        super().__init__(directory)
        self.world = world

    def start(self, wrapper=()):
        rules = routes.platform()
        for name, text in routes.haproxy_maps(rules).items():
            (self.directory / name).write_text(text)
        (self.directory / "origins.lst").write_text("".join(f"{origin}\n" for origin in self.world.cors_origins))
        backends = "".join(
            routes.haproxy_backend(name, rules, self.world.port_of(name.removesuffix("-item")))
            for name in [*routes.UPSTREAMS, "supabase-item"]
        )
        conf = self.directory / "haproxy.cfg"
        conf.write_text(fill("haproxy.cfg", {"DIR": self.directory, "PORT": self.port, "BACKENDS": backends}))
        self.spawn(["haproxy", "-db", "-f", str(conf)], PROXY_CORE, wrapper)
        return self

    def empty_logs(self):
        os.truncate(self.directory / "output.log", 0)


class Edge(Server):
    name = "edge"

    def __init__(self, directory, world, binary, build, route_map=None):
        super().__init__(directory)
        self.world = world
        self.binary = binary
        self.build = build
        self.route_map = route_map or world.route_map

    def environment(self):
        variables = {f"{name.upper().replace('-', '_')}_URL": self.world.url_of(name) for name in routes.UPSTREAMS}
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.directory),
            **variables,
            "AUTH_GATEWAY_BACKUP_URL": self.world.url_of("auth-gateway"),
            "SUPABASE_ANON_KEY": "bench-anonymous-key",
            "SUPABASE_INTEL_ANON_KEY": "bench-anonymous-key",
            "BENCH_PORT": str(self.port),
            "BENCH_ADMIN_PORT": str(free_port()),
            "BENCH_DIR": str(self.directory),
            "BENCH_ROUTES": str(self.route_map),
            **self.world.extra_environment,
        }

    def command(self, *words):
        return [str(self.binary), *words, "-c", str(EDGE_CONFIG)]

    def start(self, wrapper=()):
        """Ready is what the program says it is: the line on its standard output, which ends before any log."""
        self.env = self.environment()
        read, write = os.pipe()
        try:
            self.process = Process(
                [*wrapper, *self.command("run")], self.directory / "output.log", PROXY_CORE, self.env, stdout=write
            )
        finally:
            os.close(write)
        self.stdout = read
        deadline = time.monotonic() + (VALGRIND_PATIENCE if wrapper else 30)
        said = b""
        while b"ready http://" not in said:
            if time.monotonic() > deadline or not self.process.alive():
                raise NotReady(f"the edge did not become ready:\n{said.decode(errors='replace')}{self.process.log_tail()}")
            if select.select([read], [], [], 0.1)[0]:
                said += os.read(read, 65536)
        return self

    def stop(self, sig=signal.SIGTERM, patience=30):
        gentle = super().stop(sig, patience)
        os.close(self.stdout)
        return gentle


class World:
    """Where the upstreams are, and what the maps allow."""

    def __init__(self, directory, route_map, extra_environment=None):
        self.extra_environment = extra_environment or {}
        self.origin = Origin(directory).start()
        self.streams = StreamOrigin(directory).start()
        if route_map is None:
            route_map = Path(directory) / "generated-88.yaml"
            route_map.write_text(routes.edge_map(routes.PRODUCTION_RULES, self.origin.url(""), "https://app.example.org"))
        self.route_map = route_map
        self.cors_origins = routes.allowed_origins(route_map)

    def port_of(self, upstream):
        return (self.streams if upstream in ("mcp-ws", "mcp-sse") else self.origin).port

    def url_of(self, upstream):
        return f"http://127.0.0.1:{self.port_of(upstream)}"
