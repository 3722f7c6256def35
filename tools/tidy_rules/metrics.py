"""The figures of the review rubric: structure, sizes, names, errors, asserts, time, comments."""

import re

from tidy_rules import bans, layers, shape


def code_lines(source):
    return sum(1 for line in source.code.split("\n") if line.strip())


def comment_share(sources):
    comments = code = 0
    for source in sources:
        for raw, bare in zip(source.text.split("\n"), source.code.split("\n")):
            if bare.strip():
                code += 1
                comments += 1 if re.search(r"\s//|/\*", raw) and len(bare.rstrip()) < len(raw) else 0
            elif raw.strip():
                comments += 1
    return comments / max(1, code)


def share(part, whole):
    return f"{part}/{whole} ({100 * part / max(1, whole):.1f}%)"


def structure(sources):
    edges = layers.graph_of_modules(sources)
    pairs = [(a, b) for a in edges for b in edges[a]]
    refused = [f"{a}->{b}" for a, b in pairs if layers.refusal(a, b)]
    yield f"2 structure   modules {len(edges)}, edges {len(pairs)}, refused {len(refused)} " \
          f"{' '.join(refused)}, cycle of modules: {layers.find_cycle(edges)}, of files: " \
          f"{layers.find_cycle(layers.graph_of_files(sources))}"


def sizes(sources):
    largest = sorted(sources, key=lambda s: -s.text.count("\n"))[:5]
    yield "3 largest     " + ", ".join(f"{s.path} {s.text.count(chr(10))}" for s in largest)
    functions = [(f.lines, f.name, s.path) for s in sources for f in s.functions]
    functions.sort(reverse=True)
    long = sum(1 for f in functions if f[0] > shape.FUNCTION_LINES)
    median = functions[len(functions) // 2][0] if functions else 0
    top = ", ".join(f"{name} {lines}" for lines, name, _ in functions[:3])
    yield f"3 functions   over {shape.FUNCTION_LINES}: {share(long, len(functions))}, median " \
          f"{median}, longest {top}"
    arities = [(c.arity, c.name) for s in sources for c in s.constructors]
    yield f"3 arity       most constructor arguments: {max(arities, default=(0, '-'))}"


UNITLESS = re.compile(r"\b(?:u?int\d+_t|size_t|int|long|double)\s+"
                      r"(\w*(?:timeout|interval|delay|period|expiry|elapsed)_?)\s*(?:=[^;,)]*)?[;,)]")


def names(sources):
    roles = [name for s in sources for _, name in bans.banned_names(s)]
    unitless = sorted({found.group(1) for s in sources for found in UNITLESS.finditer(s.code)})
    yield f"5 names       role suffixes {len(roles)} {' '.join(roles)}; numbers of time without a " \
          f"unit {len(unitless)} {' '.join(unitless)}"


def count(sources, pattern):
    return sum(len(re.findall(pattern, s.code)) for s in sources)


def errors(sources):
    inside = [s for s in sources if s.path != bans.ERROR_EDGE]
    figures = {
        "throw": count(sources, r"\bthrow\b"),
        "catch": count(sources, r"\bcatch\s*\("),
        "catch (...)": count(sources, r"\bcatch\s*\(\s*\.\.\."),
        "(void) call": count(sources, r"\(void\)\s*[\w:.>-]*\w\s*\("),
        f"throw or catch outside {bans.ERROR_EDGE}": count(inside, r"\b(?:throw|catch)\b"),
    }
    yield "6 errors      " + ", ".join(f"{name} {number}" for name, number in figures.items())


def asserts(sources):
    modules = sorted({s.module for s in sources if s.module})
    rows = []
    for module in [*modules, ""]:
        chosen = [s for s in sources if module in ("", s.module) and s.path != "src/base/assert.h"]
        lines = sum(code_lines(s) for s in chosen)
        always = count(chosen, r"\bASSERT\s*\(")
        static = count(chosen, r"\bstatic_assert\s*\(")
        per = f"1 per {lines / always:.0f}" if always else "none"
        rows.append(f"  {module or 'whole':10} {lines:6} code lines, ASSERT {always:4} ({per}), "
                    f"static_assert {static}")
    yield "7 invariants\n" + "\n".join(rows)


def time_and_threads(sources):
    outside = [s for s in sources if s.module != "io"]
    clocks = count(outside, r"_clock::now\b|\b(?:clock_gettime|gettimeofday)\b")
    sleeps = count(outside, r"\bsleep_(?:for|until)\b|\busleep\b|\bnanosleep\b")
    threads = count(outside, r"\bstd::j?thread\b|\bstd::async\b|\bpthread_create\b")
    guarded = count(sources, r"\bGUARDED_BY\s*\(")
    yield f"8 outside io  clock reads {clocks}, sleeps {sleeps}, threads {threads}; GUARDED_BY {guarded}"


def report(sources):
    """Lines to print; tests and fuzzers are counted apart."""
    ours = [s for s in sources if s.path.startswith("src/") and not s.is_test]
    tests = [s for s in sources if s.is_test]
    for part in (structure, sizes, names, errors, asserts, time_and_threads):
        yield from part(ours)
    headers = [s for s in ours if s.is_header]
    bare = [s.path for s in headers if shape.head_comment_lines(s.text) < 5]
    yield f"4 comments    share {100 * comment_share(ours):.1f}% of code lines (headers " \
          f"{100 * comment_share(headers):.1f}%); headers with a head of 5 lines or more " \
          f"{share(len(headers) - len(bare), len(headers))}"
    sleeps = count(tests, r"\bsleep_(?:for|until)\b|\busleep\b")
    cases = sum(1 for s in tests for f in s.functions if shape.CASE.match(f.name))
    fuzzers = sum(1 for s in tests if s.path.endswith("_fuzz.cc"))
    yield f"9 proof       test cases {cases}, fuzz targets {fuzzers}, sleeps in tests {sleeps}, test " \
          f"code lines {sum(code_lines(s) for s in tests)} of product " \
          f"{sum(code_lines(s) for s in ours)}"
