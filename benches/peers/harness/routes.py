"""The route map in three languages: nginx locations, HAProxy maps, and generated edge maps of any size."""

import re
from dataclasses import dataclass
from pathlib import Path

ROUTES = Path(__file__).resolve().parent.parent / "routes.txt"
PRODUCTION_RULES = 88
BASE_PATHS = {"supabase": "/functions/v1", "supabase-intel": "/functions/v1"}
UPSTREAMS = [
    "supabase", "supabase-intel", "auth-gateway", "central-gateway", "mcp-http",
    "mcp-ws", "mcp-sse", "enterprise-mcp", "docs", "legacy",
]  # fmt: skip
METHOD_TARGETS = {
    "memory-item": {"GET": "/memory-get/:id", "DELETE": "/memory-delete/:id", "PUT, PATCH, POST": "/memory-update"},
    "memory-collection": {"GET": "/memory-list", "POST": "/memory-create"},
}
PROBE_TARGET = "/api/v1/probe/items/42?limit=20"


@dataclass
class Rule:
    path: str
    upstream: str
    target: str

    @property
    def is_prefix(self):
        return self.path.endswith("/*")

    @property
    def stem(self):
        return self.path[:-2]

    @property
    def pattern(self):
        return "^" + re.sub(r":\w+", "([^/]+)", self.path.replace(".", r"\.")) + "$"


def platform():
    lines = [line.split() for line in ROUTES.read_text().splitlines()]
    return [Rule(*words) for words in lines if words and not words[0].startswith("#")]


def nginx_locations(rules):
    """`^~` only where no parameter pattern lives below the prefix: nginx would never look at it."""
    patterns = [rule.path for rule in rules if ":" in rule.path]
    exact = {rule.path for rule in rules if not rule.is_prefix}
    out = []
    for rule in rules:
        if rule.is_prefix:
            final = "" if any(p.startswith(rule.stem + "/") for p in patterns) else "^~ "
            out.append(nginx_location(f"{final}{rule.stem}/", rule, nginx_prefix_target(rule)))
            if rule.stem not in exact:
                target = "=" if rule.target == "=" else rule.target.removesuffix(":splat").rstrip("/")
                out.append(nginx_location(f"= {rule.stem}", rule, nginx_exact_target(rule, target)))
        elif ":" in rule.path:
            out.append(nginx_location(f'~ "{rule.pattern}"', rule, nginx_pattern_target(rule)))
        else:
            out.append(nginx_location(f"= {rule.path}", rule, nginx_exact_target(rule, rule.target)))
    return "".join(out)


def nginx_location(match, rule, lines):
    extra = {"supabase": ["include supabase.conf;"], "supabase-intel": ["include supabase.conf;"]}.get(rule.upstream, [])
    if rule.upstream in ("mcp-ws", "mcp-sse"):
        extra = ["include streams.conf;"]
    return f"    location {match} {{ {' '.join(extra + lines)} }}\n"


def nginx_exact_target(rule, target):
    if target in METHOD_TARGETS:
        return [f"rewrite ^ /functions/v1/${target.replace('-', '_')} break;", f"proxy_pass http://{rule.upstream};"]
    if target == "=":
        return [f"proxy_pass http://{rule.upstream};"]
    return [f"proxy_pass http://{rule.upstream}{BASE_PATHS.get(rule.upstream, '')}{target};"]


def nginx_prefix_target(rule):
    if rule.target == "=":
        return [f"proxy_pass http://{rule.upstream};"]
    target = BASE_PATHS.get(rule.upstream, "") + rule.target
    if target.endswith(":splat"):
        return [f"proxy_pass http://{rule.upstream}{target.removesuffix(':splat')};"]
    return [f"rewrite ^ {target} break;", f"proxy_pass http://{rule.upstream};"]


def nginx_pattern_target(rule):
    if rule.target in METHOD_TARGETS:
        target = "/$" + rule.target.replace("-", "_") + "/$1"
    else:
        target = re.sub(r":\w+", "$1", rule.target)
    target = BASE_PATHS.get(rule.upstream, "") + target
    return [f'rewrite "{rule.pattern}" {target} break;', f"proxy_pass http://{rule.upstream};"]


def haproxy_maps(rules):
    """Files by name: exact paths and prefixes to backends, and exact paths to new paths."""
    exact, prefix, rewrite = [], [], []
    for rule in rules:
        backend = f"{rule.upstream}-item" if rule.target == "memory-item" else rule.upstream
        if rule.is_prefix:
            prefix.append((f"{rule.stem}/", backend))
            exact.append((rule.stem, backend))
        elif ":" in rule.path:
            prefix.append((rule.path.split(":")[0], backend))
        else:
            exact.append((rule.path, backend))
            if rule.target not in ("=", *METHOD_TARGETS):
                rewrite.append((rule.path, BASE_PATHS.get(rule.upstream, "") + rule.target))
    named = {"exact.map": dict(reversed(exact)), "prefix.map": dict(reversed(prefix)), "rewrite.map": dict(rewrite)}
    return {name: "".join(f"{k} {v}\n" for k, v in pairs.items()) for name, pairs in named.items()}


def haproxy_backend(name, rules, origin_port):
    out = [f"backend {name}\n    http-request set-header Host 127.0.0.1:{origin_port}\n"]
    upstream = name.removesuffix("-item")
    if upstream in BASE_PATHS:
        out.append("    http-request set-header apikey bench-anonymous-key\n")
        out.append('    http-request set-header Authorization "Bearer bench-anonymous-key" if !{ req.hdr(authorization) -m found }\n')
    for rule in rules:
        if rule.upstream != upstream or (rule.target == "memory-item") != name.endswith("-item"):
            continue
        out += [f"    http-request replace-path {line}\n" for line in haproxy_rewrites(rule)]
    out.append(f"    server origin 127.0.0.1:{origin_port}\n\n")
    return "".join(out)


def haproxy_rewrites(rule):
    base = BASE_PATHS.get(rule.upstream, "")
    if rule.target in METHOD_TARGETS:
        for methods, path in METHOD_TARGETS[rule.target].items():
            yield f"{rule.pattern} {base}{path.replace(':id', chr(92) + '1')} if {{ method {methods.replace(',', '')} }}"
    elif rule.target != "=" and rule.is_prefix:
        yield f"^{rule.stem}/?(.*)$ {base}{rule.target.replace(':splat', chr(92) + '1')}"
    elif rule.target != "=" and ":" in rule.path:
        yield f"{rule.pattern} {base}{re.sub(':[a-z]+', chr(92) * 2 + '1', rule.target)}"


EDGE_HEAD = """version: 1
hosts:
  public: { names: [bench.example.org], loopback: true }
cors:
  platform:
    origins: ["@ORIGIN@"]
    methods: [GET, POST, PUT, PATCH, DELETE, OPTIONS]
    request_headers: [Authorization, Content-Type, X-Request-ID]
    expose: [X-Request-ID]
    credentials: true
security_headers:
  strict_transport_security: "max-age=31536000; includeSubDomains; preload"
  x_content_type_options: nosniff
  x_frame_options: SAMEORIGIN
  x_xss_protection: "1; mode=block"
  referrer_policy: strict-origin-when-cross-origin
defaults:
  hosts: [public]
  cors: platform
upstreams:
"""


def edge_map(count, origin_url, cors_origin):
    """An edge map of `count` routes: production rules, fillers with siblings, and the measured route in the middle."""
    out = [EDGE_HEAD.replace("@ORIGIN@", cors_origin)]
    for name in UPSTREAMS:
        base = f", base_path: {BASE_PATHS[name]}" if name in BASE_PATHS else ""
        out.append(f'  {name}: {{ endpoints: ["{origin_url}"]{base} }}\n')
    rules = platform()[: PRODUCTION_RULES - 1]
    rules += [filler(n) for n in range(count - PRODUCTION_RULES)]
    rules.insert(len(rules) // 2, Rule("/api/v1/probe/items/:id", "central-gateway", "="))
    out.append("routes:\n")
    out += [edge_route(n, rule) for n, rule in enumerate(rules, 1)]
    return "".join(out)


def filler(n):
    shape = ("/api/v1/service-{}/items/:id", "/api/v1/service-{}/items", "/api/v1/service-{}/files/*")[n % 3]
    return Rule(shape.format(n // 3), "central-gateway", "=")


def edge_route(n, rule):
    out = [f"  - id: rule-{n:05}", f"    path: {rule.path}"]
    if rule.upstream in ("mcp-ws", "mcp-sse"):
        out.append(f"    stream: {'websocket' if rule.upstream == 'mcp-ws' else 'sse'}")
    if rule.target == "=":
        out.append(f"    to: {rule.upstream}")
    else:
        targets = METHOD_TARGETS.get(rule.target, {"any": rule.target})
        out.append("    methods:")
        out += [f'      {methods}: {{ to: {rule.upstream}, path: "{path}" }}' for methods, path in targets.items()]
    return "\n".join(out) + "\n"


def allowed_origins(route_map):
    """The exact origins the map's CORS policies name (read as text: the standard library has no YAML)."""
    origins, inside = {}, False
    for line in route_map.read_text().splitlines():
        if re.match(r"\s*origins:", line):
            inside = True
        elif not re.match(r"\s*(-|#|$)", line):
            inside = False
        if inside:
            origins.update(dict.fromkeys(re.findall(r"https?://[A-Za-z0-9.:-]+", line)))
    if not origins:
        raise ValueError(f"{route_map} names no exact CORS origin")
    return list(origins)
