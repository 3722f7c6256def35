"""Sizes, file heads and tests: what can be seen in one file, and the ratchet for long functions."""

import re

from tidy_rules.source import Finding

FUNCTION_LINES = 70
FILE_LINES = {".h": 400, ".cc": 1000}
COLUMNS = 100
ARITY = 6
HEAD_COMMENT_LINES = 3
# A path in a comment, an include, a raw literal; rows of .def tables may be long too.
MAY_BE_LONG = re.compile(r'\s*//\s*\S+$|\s*#\s*include|.*\bR"\w*\(')
RATCHET = "tools/tidy_ratchet.txt"


def check_file(source):
    lines = source.text.split("\n")
    count = len(lines) - 1 if source.text.endswith("\n") else len(lines)
    for ending, budget in FILE_LINES.items():
        if source.path.endswith(ending) and count > budget:
            yield Finding(source.path, 1, f"{count} lines; {ending} files end at {budget}: split it "
                          "by concept")
    for number, line in enumerate(lines, 1):
        if len(line) > COLUMNS and not MAY_BE_LONG.match(line) and not source.path.endswith(".def"):
            yield Finding(source.path, number, f"{len(line)} columns; lines end at {COLUMNS}")
    if source.unbalanced_line:
        yield Finding(source.path, source.unbalanced_line,
                      "braces do not match; keep them balanced in both branches of an #if")
    for constructor in source.constructors:
        if constructor.arity > ARITY and source.path.startswith("src/"):
            yield Finding(source.path, constructor.line,
                          f"{constructor.name} takes {constructor.arity} arguments; past {ARITY} "
                          "they go into a Deps or Options struct")


def head_comment_lines(text):
    count = 0
    for line in text.split("\n"):
        if not line.startswith("//"):
            break
        count += 1
    return count


def check_header(source):
    if not source.is_header:
        return
    if len(re.findall(r"^#pragma once$", source.text, re.M)) != 1:
        yield Finding(source.path, 1, "a header says `#pragma once`, once, after its head comment")
    if source.path.startswith("src/") and head_comment_lines(source.text) < HEAD_COMMENT_LINES:
        yield Finding(source.path, 1,
                      f"a header starts with {HEAD_COMMENT_LINES} or more comment lines: purpose, "
                      "what it stands on and who uses it, threads, lifetime, errors, source")


def check_own_header_first(source, known_paths):
    """With its own header first, compiling x.cc proves that x.h needs nothing before it."""
    own = re.sub(r"\.cc$", ".h", source.path)
    if not source.path.endswith(".cc") or own not in known_paths:
        return
    first = next(iter(source.includes()), None)
    wanted = f'"{own.removeprefix("src/")}"'
    if first is None or first[1] != wanted:
        yield Finding(source.path, first[0] if first else 1, f"include {wanted} first")


CASE = re.compile(r"^(TEST|TEST_F|TEST_P|TYPED_TEST)\(")
EXPECTS = re.compile(r"\b(EXPECT|ASSERT)(_\w+)?\s*\(|\bFAIL\s*\(|\bADD_FAILURE\s*\(|"
                     r"\b(expect|assert)_\w+\s*\(")


def check_test(source):
    if not source.path.endswith("_test.cc"):
        return
    if head_comment_lines(source.text) < 1:
        yield Finding(source.path, 1, "a test file starts with its goal and method")
    expecting = set()  # Functions of this file that expect something, at any depth.
    helpers = [f for f in source.functions if not CASE.match(f.name)]
    grown = True
    while grown:
        grown = False
        for function in helpers:
            if function.name not in expecting and is_expecting(function, expecting):
                expecting.add(function.name)
                grown = True
    for function in source.functions:
        if CASE.match(function.name) and not is_expecting(function, expecting):
            yield Finding(source.path, function.line, f"{function.name} expects nothing: say what "
                          "must hold with EXPECT_... or ASSERT_...")


def is_expecting(function, expecting):
    if EXPECTS.search(function.body):
        return True
    return any(re.search(r"\b" + re.escape(name.split("::")[-1]) + r"\b", function.body)
               for name in expecting if name != function.name)


def read_ratchet(text):
    """{"path::function": lines} of `path::function lines` rows; # starts a comment."""
    allowed = {}
    for line in text.split("\n"):
        words = line.split("#")[0].split()
        if len(words) == 2:
            allowed[words[0]] = int(words[1])
    return allowed


def long_functions(sources):
    longest = {}
    for source in sources:
        for function in source.functions:
            if function.lines > FUNCTION_LINES:
                key = f"{source.path}::{function.name}"
                if key not in longest or longest[key][1].lines < function.lines:
                    longest[key] = (source, function)
    return longest


def check_functions(sources, ratchet_text):
    allowed = read_ratchet(ratchet_text)
    found = long_functions(sources)
    for key, (source, function) in found.items():
        limit = allowed.get(key, FUNCTION_LINES)
        if function.lines > limit:
            yield Finding(source.path, function.line, f"{function.name} is {function.lines} lines; "
                          f"the limit is {limit}: name its steps as functions")
        elif function.lines < limit:
            yield Finding(RATCHET, 1, f"{key} shrank to {function.lines}: lower its row from {limit}")
    for key in sorted(allowed.keys() - found.keys()):
        yield Finding(RATCHET, 1, f"{key} is no longer long: delete its row")


def check(sources, known_paths, ratchet_text):
    for source in sources:
        yield from check_file(source)
        yield from check_header(source)
        yield from check_own_header_first(source, known_paths)
        yield from check_test(source)
    yield from check_functions(sources, ratchet_text)
