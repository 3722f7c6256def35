"""Headers compile alone. Those that open their own x.cc are proven by the build; the rest are
compiled here, and again only when they or something they include changed."""

import hashlib
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor

from tidy_rules.layers import graph_of_files
from tidy_rules.source import Finding

COMPILER = os.environ.get("TIDY_CXX", "g++")
FLAGS = ["-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Werror",
         "-DBOOST_ASIO_NO_DEPRECATED", "-DBOOST_ASIO_SEPARATE_COMPILATION", "-x", "c++"]


def closure(path, edges):
    seen, waiting = set(), [path]
    while waiting:
        node = waiting.pop()
        if node not in seen:
            seen.add(node)
            waiting.extend(edges.get(node, ()))
    return sorted(seen)


def digest_of(path, edges, texts, compiler_id):
    digest = hashlib.sha256(compiler_id.encode())
    for part in closure(path, edges):
        digest.update(part.encode() + b"\0" + texts[part].encode() + b"\0")
    return digest.hexdigest()


def compile_alone(root, path):
    command = [COMPILER, *FLAGS, "-I", "src", "-include", path, os.devnull]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stderr


def check(root, sources, cache_dir, jobs=2):
    paths = {source.path for source in sources}
    texts = {source.path: source.text for source in sources}
    edges = graph_of_files(sources)
    version = subprocess.run([COMPILER, "--version"], capture_output=True, text=True, check=False)
    compiler_id = version.stdout.split("\n")[0] + " ".join(FLAGS)
    waiting = []
    os.makedirs(cache_dir, exist_ok=True)
    for source in sources:
        if not source.is_header or not source.path.startswith("src/"):
            continue
        if source.path[:-2] + ".cc" in paths:
            continue
        mark = os.path.join(cache_dir, digest_of(source.path, edges, texts, compiler_id))
        if not os.path.exists(mark):
            waiting.append((source.path, mark))

    with ThreadPoolExecutor(jobs) as pool:
        results = list(pool.map(lambda item: compile_alone(root, item[0]), waiting))
    for (path, mark), errors in zip(waiting, results):
        if errors:
            first = next((l for l in errors.split("\n") if "error:" in l), errors.split("\n")[0])
            yield Finding(path, 1, "does not compile alone; include what it uses: " + first)
        else:
            with open(mark, "w", encoding="utf-8"):
                pass
