"""Which module may include which: the drawing of STYLE.md and the DEPS lines of CMakeLists.txt."""

import re

from tidy_rules.source import Finding

# Lowest first. A module includes only from layers below its own.
LAYERS = [
    ["base"],
    ["io", "message"],
    ["wire", "storage"],
    ["rpc", "auth", "replication", "raft"],
    ["client"],
    ["namesrv", "controller", "broker"],
    ["proxy", "admin", "bench", "console"],
    ["cmd"],
]
LAYER_OF = {module: number for number, layer in enumerate(LAYERS) for module in layer}
# Edges that point downwards and are still refused.
REFUSED = {
    ("namesrv", "client"): "servers speak through rpc/",
    ("controller", "client"): "servers speak through rpc/",
    ("broker", "client"): "servers speak through rpc/",
    ("replication", "wire"): "its transport is injected",
    ("raft", "wire"): "its transport is injected",
}


def read_deps(cmake_text):
    """{module: (line, [deps])} of the agena_module(...) calls."""
    deps = {}
    for found in re.finditer(r"^agena_module\(([^)]*)\)", cmake_text, re.M):
        words = found.group(1).split()
        listed = words[words.index("DEPS") + 1 :] if "DEPS" in words else []
        if "LIBS" in listed:
            listed = listed[: listed.index("LIBS")]
        deps[words[0]] = (cmake_text.count("\n", 0, found.start()) + 1, listed)
    return deps


def refusal(module, other):
    """Why `module` may not include `other`; None when the drawing allows it."""
    for name in (module, other):
        if name not in LAYER_OF:
            return f"'{name}' is in no layer; give it one in tools/tidy_rules/layers.py and STYLE.md"
    if (module, other) in REFUSED:
        return f"{module}/ may not use {other}/: {REFUSED[module, other]}"
    if LAYER_OF[other] > LAYER_OF[module]:
        return f"{module}/ is below {other}/; let {other}/ pass in what {module}/ needs"
    if LAYER_OF[other] == LAYER_OF[module]:
        return f"{module}/ and {other}/ share a layer; move what both need to a lower one"
    return None


def check_deps(cmake_text):
    for module, (line, listed) in read_deps(cmake_text).items():
        for other in listed:
            if why := refusal(module, other):
                yield Finding("CMakeLists.txt", line, f"DEPS: {why}")


def included_module(spelling):
    """The module of `"mod/x.h"`, or None for anything else."""
    found = re.match(r'"([a-z_0-9]+)/', spelling)
    return found.group(1) if found and found.group(1) in LAYER_OF else None


def check_includes(sources, deps):
    """Edges between modules, one by one."""
    for source in sources:
        module = source.module
        if not module:
            continue
        if module not in LAYER_OF:
            yield Finding(source.path, 1, refusal(module, module))
            continue
        for line, spelling in source.includes():
            other = included_module(spelling)
            if other is None or other == module:
                continue
            if why := refusal(module, other):
                yield Finding(source.path, line, why)
            elif module != "cmd" and other not in deps.get(module, (0, []))[1]:
                yield Finding(source.path, line,
                              f"{module}/ does not list {other} in its DEPS (CMakeLists.txt)")


def check_testing(sources):
    """What stands under module/testing/ exists for tests only."""
    for source in sources:
        for line, spelling in source.includes():
            if "/testing/" in spelling and source.path.startswith("src/") and not source.is_test:
                yield Finding(source.path, line, f"{spelling} is for tests only")


def check_spelling(sources, known_paths):
    """Includes are absolute from src/ and name files that exist."""
    for source in sources:
        for line, spelling in source.includes():
            name = spelling[1:-1]
            if spelling[0] == "<":
                if name.split("/")[0] in LAYER_OF and f"src/{name}" in known_paths:
                    yield Finding(source.path, line, f'our own files in quotes: "{name}"')
                if name.startswith("bits/"):
                    yield Finding(source.path, line, "include the standard header, not its parts")
            elif not {f"src/{name}", name} & known_paths:
                yield Finding(source.path, line,
                              f'"{name}" is no path from src/; write "module/file.h", and other '
                              "people's headers in <...>")


def graph_of_modules(sources):
    edges = {}
    for source in sources:
        if source.module and not source.is_test:
            edges.setdefault(source.module, set())
            for _, spelling in source.includes():
                other = included_module(spelling)
                if other and other != source.module:
                    edges[source.module].add(other)
    return edges


def graph_of_files(sources):
    paths = {source.path for source in sources}
    return {
        source.path: {
            f"src/{spelling[1:-1]}"
            for _, spelling in source.includes()
            if spelling[0] == '"' and f"src/{spelling[1:-1]}" in paths
        }
        for source in sources
    }


def find_cycle(edges):
    """One cycle as a list of nodes, the first repeated at the end; None when there is none."""
    state, trail = {}, []

    def visit(node):
        state[node] = "open"
        trail.append(node)
        for other in sorted(edges.get(node, ())):
            if state.get(other) == "open":
                return trail[trail.index(other) :] + [other]
            if other not in state:
                if cycle := visit(other):
                    return cycle
        state[node] = "done"
        trail.pop()
        return None

    for node in sorted(edges):
        if node not in state:
            if cycle := visit(node):
                return cycle
    return None


def check_cycles(sources):
    if cycle := find_cycle(graph_of_modules(sources)):
        yield Finding(f"src/{cycle[0]}", 1, "modules in a circle: " + " -> ".join(cycle))
    if cycle := find_cycle(graph_of_files(sources)):
        yield Finding(cycle[0], 1, "includes in a circle: " + " -> ".join(cycle) +
                      "; declare the type ahead, or split the file")


def check(sources, cmake_text, known_paths):
    yield from check_deps(cmake_text)
    yield from check_includes(sources, read_deps(cmake_text))
    yield from check_spelling(sources, known_paths)
    yield from check_testing(sources)
    yield from check_cycles(sources)
