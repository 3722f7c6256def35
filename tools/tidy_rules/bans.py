"""Words that do not stand in our sources, and what to write instead."""

import re
from dataclasses import dataclass

from tidy_rules.source import Finding

SUFFIXES = ["Manager", "Service", "Impl", "Helper", "Util", "Utils", "Factory", "Holder", "Wrapper",
            "Processor"]
ERROR_EDGE = "src/base/edge.h"  # The one place that turns other people's exceptions into errors.


@dataclass(frozen=True)
class Ban:
    pattern: str
    instead: str
    where: object  # Source -> bool
    unless_explained: bool = False  # A comment line right above lets it pass.


def product(source):
    return source.path.startswith("src/")


def outside_io(source):
    return product(source) and source.module != "io"


def outside_io_and_tests(source):
    return outside_io(source) and not source.is_test


def outside_edge(source):
    return product(source) and source.path != ERROR_EDGE


def outside_fuzzers(source):
    """A fuzz target may drop a result: it looks for crashes."""
    return product(source) and not source.path.endswith("_fuzz.cc")


def above_io(source):
    return product(source) and source.module not in ("base", "io")


def headers(source):
    return product(source) and source.is_header


CLOCK = "take `now` as an argument or an io::Clock by reference; only io/ reads a clock"
SLEEP = "set a timer on the io::Loop; only io/ may wait"
THREAD = "ask io::Env for a loop or a worker; only io/ makes threads"
FILES = "go through io::Files, so that tests can make it fail; only io/ calls the system"
NET = "go through io::Env or rpc/; only io/ holds sockets"
VALUES = "return an Error: Result<T> or Status of base/result.h"
DROPPED = "an error is returned, asserted or counted, never dropped"
EXPLAINED = DROPPED + "; where somebody else does that, a comment line above says who"
LOCKS = "agena::Mutex and MutexLock of base/thread.h, so that clang checks GUARDED_BY"

BANS = [
    Ban(r"\b(system_clock|steady_clock|high_resolution_clock)::now\b", CLOCK, outside_io),
    Ban(r"(?<![\w.>])(clock_gettime|gettimeofday)\s*\(", CLOCK, outside_io),
    Ban(r"\bsleep_(for|until)\b|(?<![\w.>])(usleep|nanosleep|sleep)\s*\(", SLEEP, outside_io),
    Ban(r"\bstd::(thread|jthread|async)\b(?!::hardware_concurrency)", THREAD, outside_io_and_tests),
    Ban(r"\bpthread_create\b", THREAD, outside_io),
    Ban(r"(?<![\w.>])::(open|openat|pread|preadv|pwrite|pwritev|read|write|fsync|fdatasync|mmap)"
        r"\s*\(", FILES, outside_io_and_tests),
    Ban(r"\bfopen\s*\(|\b[io]?fstream\b|\bstd::filesystem::(?!path\b)", FILES, outside_io_and_tests),
    Ban(r"(?<![\w.>])(::)?(socket|accept4?|epoll_\w+)\s*\(", NET, outside_io),
    Ban(r"\bboost::asio\b|\basio::", NET, outside_io),
    Ban(r"\bthrow\b", VALUES, outside_edge),
    Ban(r"\bcatch\s*\(", f"call other people's throwing code through {ERROR_EDGE[4:]}", outside_edge),
    Ban(r"\(void\)\s*[\w:.>\-\[\]]*\w\s*\(", DROPPED, outside_fuzzers),
    Ban(r"\bstatic_cast<void>\((?!0\))[^;]*\(", EXPLAINED, outside_fuzzers,
        unless_explained=True),
    Ban(r"\bstd::ignore\s*=", DROPPED, outside_fuzzers),
    Ban(r"^\s*using\s+namespace\b", "name what you use, or stand inside the namespace", headers),
    Ban(r"(?<![\w.>])assert\s*\(", "ASSERT of base/assert.h: it stays on in release builds", product),
    Ban(r"\bstd::(mutex|recursive_mutex|shared_mutex|lock_guard|unique_lock|scoped_lock|shared_lock)"
        r"\b", LOCKS, above_io),
    Ban(r"\bvolatile\b", "std::atomic says which order it needs", product),
    Ban(r"\bgoto\b", "a small function with early returns", product),
    Ban(r"(?<![\w.>])(strcpy|strcat|sprintf|gets|strtok|atoi|atol|atoll)\s*\(",
        "std::string, fmt::format_to_n, std::from_chars", product),
]
INCLUDE_BANS = [
    (re.compile(r"<(cassert|assert\.h)>"), "ASSERT of base/assert.h", product),
    (re.compile(r"<thread>"), THREAD, outside_io_and_tests),
    (re.compile(r"<fstream>"), FILES, outside_io_and_tests),
    (re.compile(r"<(sys/socket\.h|sys/epoll\.h|netinet/.*|boost/asio.*)>"), NET, outside_io),
    (re.compile(r"<(mutex|shared_mutex)>"), LOCKS, above_io),
]
COMPILED = [(re.compile(ban.pattern, re.M), ban) for ban in BANS]

TYPE = re.compile(r"\b(?:class|struct|union|enum)\s+(?:[A-Z_]+\([^)]*\)\s*)?(?:\[\[[^\]]*\]\]\s*)?"
                  r"(\w+)")
# A nested `class Impl;` behind a pointer is how a header hides what it is made of.
SUFFIXED = re.compile(r"\w(" + "|".join(SUFFIXES) + ")$")


def banned_names(source):
    """(line, name) of types that are named by a role instead of by what they are."""
    lines = source.text.split("\n")
    for found in TYPE.finditer(source.code):
        line = source.line_of(found.start())
        if SUFFIXED.search(found.group(1)) and "wire name" not in lines[line - 1]:
            yield line, found.group(1)


def is_comment(source, line):
    lines = source.text.split("\n")
    return line >= 1 and lines[line - 1].lstrip().startswith("//")


def check(source):
    for pattern, ban in COMPILED:
        if ban.where(source):
            for found in pattern.finditer(source.code):
                line = source.line_of(found.start() + len(found.group(0)) - len(
                    found.group(0).lstrip()))
                if ban.unless_explained and is_comment(source, line - 1):
                    continue
                yield Finding(source.path, line, f"`{found.group(0).strip()}`: {ban.instead}")
    for line, spelling in source.includes():
        for pattern, instead, where in INCLUDE_BANS:
            if pattern.fullmatch(spelling) and where(source):
                yield Finding(source.path, line, f"{spelling}: {instead}")
    if product(source):
        for line, name in banned_names(source):
            yield Finding(source.path, line,
                          f"`{name}`: name the thing (TopicTable, OffsetStore), not its role; "
                          "a name that the protocol gives carries the comment `wire name`")
