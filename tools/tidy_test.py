#!/usr/bin/env python3
"""Goal: each rule of tools/tidy refuses what it names and lets the good form pass.
Method: small sources written into a temporary tree, findings compared by their texts."""

import os
import re
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import importlib.machinery
import importlib.util

from tidy_rules import layers, metrics, shape, strays
from tidy_rules.source import Source

HERE = os.path.dirname(os.path.abspath(__file__))
LOADER = importlib.machinery.SourceFileLoader("tidy_program", os.path.join(HERE, "tidy"))
tidy = importlib.util.module_from_spec(importlib.util.spec_from_loader("tidy_program", LOADER))
LOADER.exec_module(tidy)

HEAD = "// What this is for.\n//\n// Over: nothing.\n#pragma once\n"
CMAKE = ("agena_module(base DEPS LIBS fmt::fmt)\nagena_module(io DEPS base LIBS Threads::Threads)\n"
         "agena_module(message DEPS base)\nagena_module(wire DEPS base message)\n"
         "agena_module(storage DEPS base io message)\nagena_module(rpc DEPS base io wire)\n")


def functions(code, path="src/base/x.cc"):
    return [(f.name, f.lines) for f in Source(path, code).functions]


class Tree(unittest.TestCase):
    """A case writes files and asks for the findings."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.write("CMakeLists.txt", CMAKE)
        self.write(shape.RATCHET, "")

    def write(self, path, text):
        full = os.path.join(self.folder.name, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as file:
            file.write(text)

    def findings(self, compile_headers=False):
        return [str(f) for f in tidy.findings(self.folder.name, compile_headers)]

    def assert_finds(self, *patterns):
        found = self.findings()
        for pattern in patterns:
            self.assertTrue(any(re.search(pattern, f) for f in found), f"{pattern} not in {found}")
        self.assertEqual(len(found), len(patterns), found)

    def assert_clean(self):
        self.assertEqual(self.findings(), [])


class Functions(unittest.TestCase):
    def test_names_and_lengths(self):
        code = ("namespace a {\nint f(int x) {\n  if (x) {\n    return 1;\n  }\n  return 2;\n}\n"
                "void B::g() const noexcept {}\n}  // namespace a\n")
        self.assertEqual(functions(code), [("f", 6), ("B::g", 1)])

    def test_methods_inside_classes(self):
        code = ('class CAPABILITY("mutex") M final : public N {\n public:\n  M() = default;\n'
                "  explicit M(int a) : a_{a}, b_(a) {\n    go();\n  }\n"
                "  bool operator==(const M&) const { return true; }\n private:\n  int a_{1};\n};\n")
        self.assertEqual(functions(code), [("M", 3), ("operator==", 1)])

    def test_initialisers_and_lambdas_are_part_of_what_holds_them(self):
        code = ("constexpr int table[] = {\n  1,\n  2,\n};\n"
                "struct S { int a; } s{.a = 1};\n"
                "void f() {\n  run([&] {\n    g();\n  });\n  S x{.a = 2};\n}\n"
                "void h(S s = {}) {\n}\n")
        self.assertEqual(functions(code), [("f", 6), ("h", 2)])

    def test_lambda_at_namespace_scope_is_a_function(self):
        self.assertEqual(functions("const auto f = [](int x) {\n  return x;\n};\n"), [("f", 3)])

    def test_braces_in_literals_comments_and_directives(self):
        code = ("#define OPEN \\\n  {\nvoid f() {\n  // {\n  s = \"{\"; c = '{'; r = R\"x({{\")x\";\n"
                "  n = 1'000;\n}\n")
        self.assertEqual(functions(code), [("f", 5)])

    def test_templates_constraints_and_concepts(self):
        code = ("template <typename T = int>\nconcept C = requires(T t) {\n  t.x();\n};\n"
                "template <typename T, int N = 3>\n  requires(N > 2)\nauto f(T t) -> int {\n"
                "  return 1;\n}\nextern \"C\" int g(int a) {\n  for (;;) {\n  }\n}\n")
        self.assertEqual(functions(code), [("f", 5), ("g", 4)])

    def test_unbalanced_is_said(self):
        self.assertTrue(Source("src/base/x.cc", "void f() {\n").unbalanced_line)
        self.assertFalse(Source("src/base/x.cc", "void f() {}\n").unbalanced_line)

    def test_arity(self):
        code = "class A {\n public:\n  A(int a, std::map<int, int> b = {}, F f = F(1, 2));\n  A();\n};\n"
        self.assertEqual([c.arity for c in Source("src/base/a.h", code).constructors], [3, 0])


class Layers(Tree):
    def test_downwards_is_allowed(self):
        self.write("src/base/a.h", HEAD)
        self.write("src/wire/b.h", HEAD + '#include "base/a.h"\n#include <vector>\n')
        self.assert_clean()

    def test_upwards_and_sideways(self):
        self.write("src/wire/a.h", HEAD)
        self.write("src/base/b.cc", '#include "wire/a.h"\n')
        self.write("src/storage/c.cc", '#include "wire/a.h"\n')
        self.assert_finds("base/ is below wire/", "storage/ and wire/ share a layer")

    def test_what_deps_does_not_list(self):
        self.write("src/message/a.h", HEAD)
        self.write("src/rpc/b.cc", '#include "message/a.h"\n')
        self.assert_finds("rpc/ does not list message")

    def test_deps_may_not_point_upwards(self):
        self.write("CMakeLists.txt", CMAKE + "agena_module(broker DEPS base client)\n")
        self.assert_finds("CMakeLists.txt:7.*broker/ may not use client/")

    def test_unknown_module(self):
        self.write("src/extras/a.cc", "int a;\n")
        self.assert_finds("'extras' is in no layer")

    def test_circle_of_files(self):
        self.write("src/base/a.h", HEAD + '#include "base/b.h"\n')
        self.write("src/base/b.h", HEAD + '#include "base/a.h"\n')
        self.assert_finds("circle: src/base/a.h -> src/base/b.h -> src/base/a.h")

    def test_circle_of_modules(self):
        self.assertEqual(layers.find_cycle({"a": {"b"}, "b": {"c"}, "c": {"a"}}),
                         ["a", "b", "c", "a"])
        self.assertIsNone(layers.find_cycle({"a": {"b", "c"}, "b": {"c"}, "c": set()}))

    def test_spelling(self):
        self.write("src/base/a.h", HEAD)
        self.write("src/base/b.cc", '#include "a.h"\n#include <base/a.h>\n')
        self.assert_finds('"a.h" is no path from src/', "our own files in quotes")

    def test_testing_folders(self):
        self.write("src/base/testing/t.h", HEAD)
        self.write("src/base/b.cc", '#include "base/testing/t.h"\n')
        self.write("src/base/c_test.cc", '// Goal.\n#include "base/testing/t.h"\n')
        self.assert_finds("src/base/b.cc:1:.*for tests only")


class Bans(Tree):
    def refused(self, code, path="src/storage/x.cc"):
        self.write(path, code if path.endswith(".cc") else HEAD + code)
        found = self.findings()
        self.assertEqual(len(found), 1, f"{code}: {found}")
        self.write(path, "int x;\n" if path.endswith(".cc") else HEAD)

    def allowed(self, code, path="src/storage/x.cc"):
        self.write(path, code)
        self.assert_clean()

    def test_time_threads_and_system_calls_belong_to_io(self):
        lines = ["auto t = std::chrono::system_clock::now();", "steady_clock::now();",
                 "std::this_thread::sleep_for(x);", "usleep(3);", "nanosleep(a, b);",
                 "std::thread t(f);", "std::jthread t(f);", "std::async(f);", "::open(p, 0);",
                 "::pread(f, b, n, o);", "::pwrite(f, b, n, o);", 'fopen("x", "r");',
                 "std::ifstream in(p);", "int s = socket(a, b, c);", "epoll_wait(a, b, c, d);"]
        for line in lines:
            self.refused(line + "\n")
            self.allowed(line + "\n", "src/io/posix/y.cc")
            os.remove(os.path.join(self.folder.name, "src/io/posix/y.cc"))

    def test_look_alikes_pass(self):
        self.allowed("auto log = CommitLog::open(env);\nfile.open(x);\nfile->pread(x);\n"
                     "env.socket(x);\nset.sleep(1);\n// system_clock::now is banned\n"
                     's = "throw ";\nint rethrows = 1;\n')

    def test_errors_are_values(self):
        for line in ["throw std::runtime_error(x);", "try { f(); } catch (...) {}",
                     "(void)file.sync();", "static_cast<void>(f());", "std::ignore = f();"]:
            self.refused(line + "\n")
        self.allowed("static_cast<void>(x);\n(void)unused;\n")
        self.allowed("// save() logs and counts a failure.\nstatic_cast<void>(save());\n")
        self.allowed("(void)decode(x);\n", "src/storage/x_fuzz.cc")
        self.write("src/base/edge.h", HEAD + "inline void f() { try { } catch (...) { } }\n")
        self.assert_clean()

    def test_locks_asserts_and_namespaces(self):
        self.refused("std::mutex m;\n")
        self.refused("std::lock_guard l(m);\n")
        self.refused("assert(x);\n")
        self.refused("#include <cassert>\n")
        self.refused("using namespace std;\n", "src/storage/y.h")
        self.allowed("std::mutex m;\n", "src/base/x.cc")
        self.allowed("static_assert(sizeof(int) == 4);\nusing namespace agena;\n")

    def test_names(self):
        for name in ["TopicManager", "PopService", "StoreImpl", "DateUtils", "FrameProcessor"]:
            self.refused(f"class {name} {{}};\n")
        self.refused('class CAPABILITY("x") LockHolder {};\n')
        self.allowed("class Store { class Impl; };\nstruct PopService {};  // A wire name.\n"
                     "enum class Utility { a };\n")

    def test_words_that_stay_out(self):
        for word in ["FIX" + "ME", "TO" + "DO", "XX" + "X", "HA" + "CK"]:
            self.refused(f"// {word}: later\n")


class Shape(Tree):
    def long_function(self, lines, name="f"):
        return f"void {name}() {{\n" + "  g();\n" * (lines - 2) + "}\n"

    def test_functions_end_at_seventy(self):
        self.write("src/base/a.cc", self.long_function(70))
        self.assert_clean()
        self.write("src/base/a.cc", self.long_function(71))
        self.assert_finds("f is 71 lines; the limit is 70")

    def test_ratchet_allows_what_it_lists_and_only_shrinks(self):
        self.write(shape.RATCHET, "# old giants\nsrc/base/a.cc::f 90\n")
        self.write("src/base/a.cc", self.long_function(90))
        self.assert_clean()
        self.write("src/base/a.cc", self.long_function(91))
        self.assert_finds("the limit is 90")
        self.write("src/base/a.cc", self.long_function(80))
        self.assert_finds("shrank to 80")
        self.write("src/base/a.cc", self.long_function(20))
        self.assert_finds("no longer long")

    def test_files(self):
        self.write("src/base/a.cc", "int a;\n" * 1001)
        self.write("src/base/b.h", HEAD + "int b;\n" * 397)
        self.assert_finds("1001 lines; .cc", "401 lines; .h")

    def test_columns(self):
        self.write("src/base/a.cc", "int " + "a" * 96 + ";\n" + "// " + "p" * 120 + "\n")
        self.assert_finds("101 columns")
        self.write("src/base/a.cc", "int a;\n")
        self.write("src/base/a.def", "ROW(" + "a" * 120 + ")\n")
        self.assert_clean()

    def test_header_heads(self):
        self.write("src/base/a.h", "// One line.\n#pragma once\n")
        self.write("src/base/b.h", "// 1\n// 2\n// 3\nint b;\n")
        self.assert_finds("a.h:1: a header starts with 3", "b.h:1: a header says `#pragma once`")

    def test_own_header_first(self):
        self.write("src/base/a.h", HEAD)
        self.write("src/base/a.cc", '#include <vector>\n\n#include "base/a.h"\n')
        self.assert_finds('include "base/a.h" first')

    def test_arity(self):
        self.write("src/base/a.cc", "struct A {\n  A(int, int, int, int, int, int, int);\n};\n")
        self.assert_finds("A takes 7 arguments")

    def test_cases_expect_something(self):
        good = ("// Goal: x.\nvoid check(int x) { EXPECT_EQ(x, 1); }\n"
                "void twice() { check(1); }\n"
                "TEST(A, Directly) { ASSERT_TRUE(f()); }\nTEST(A, ByName) { twice(); }\n"
                "TEST_F(A, ByHelper) { expect_equal(1, 1); }\n")
        self.write("src/base/a_test.cc", good)
        self.assert_clean()
        self.write("src/base/a_test.cc", good + "TEST(A, Empty) { f(); }\n")
        self.assert_finds(r"TEST\(A,Empty\) expects nothing")


class Options(Tree):
    def test_a_key_that_nobody_reads_is_reported(self):
        row = ("// Rows.\nauto r() { return option<&O::depth_max>({.key = \"depthMax\", "
               "%s.why = \"x\"}); }\n")
        self.write("src/base/rows.cc", row % "")
        self.write("src/base/fill.cc", "// Why.\nvoid f(O& options) {\n"
                   "  if (options.depth_max == 0) options.depth_max = 7;\n"
                   "  other.depth_max(1);\n}\n")
        self.write("src/base/x_test.cc", "// Goal: x.\n// Method: y.\nint i = options.depth_max;\n")
        self.assert_finds("no code reads `depth_max`: let depthMax do what it says")
        self.write("src/base/read.cc", "// Why.\nint g() { return deps_.options.depth_max; }\n")
        self.assert_clean()
        os.remove(os.path.join(self.folder.name, "src/base/read.cc"))
        self.write("src/base/rows.cc", row % ".has_effect = false, ")
        self.assert_clean()


class Strays(unittest.TestCase):
    def test_places_and_hosts(self):
        for line in ["cd /ro" + "ot/agena", "/wo" + "rk/main/x", "see ../sha" + "red/x",
                     "https://registry.internal.corp/x"]:
            self.assertEqual(len(list(strays.check_text("docs/a.md", line))), 1, line)
        for line in ["src/work/x", "https://github.com/apache/rocketmq", "/usr/bin/env",
                     "http://127.0.0.1:9876", "workload/home"]:
            self.assertEqual(list(strays.check_text("docs/a.md", line)), [], line)


class SelfContained(Tree):
    def test_only_headers_that_miss_an_include_are_reported_and_good_ones_remembered(self):
        self.write("src/base/good.h", HEAD + "#include <string>\nstd::string g();\n")
        self.write("src/base/bad.h", HEAD + "std::string b();\n")
        self.write("src/base/twin.h", HEAD + "std::string t();\n")
        self.write("src/base/twin.cc", '#include "base/twin.h"\n')  # The build will tell.
        found = self.findings(compile_headers=True)
        self.assertEqual(len(found), 1, found)
        self.assertRegex(found[0], "src/base/bad.h:1: does not compile alone")
        self.assertEqual(len(os.listdir(os.path.join(self.folder.name, "build", "tidy"))), 1)


class Metrics(Tree):
    def test_counts(self):
        self.write("src/base/a.cc", "// Why.\nvoid f() {\n  ASSERT(x);\n  ASSERT(y);\n}\n")
        self.write("src/io/b.cc", '#include "base/a.h"\nvoid g() { throw 1; }\n')
        text = "\n".join(metrics.report(tidy.load(self.folder.name)[0]))
        self.assertIn("modules 2, edges 1, refused 0", text)
        self.assertRegex(text, r"base +4 code lines, ASSERT +2 \(1 per 2\)")
        self.assertIn("throw 1,", text)


if __name__ == "__main__":
    unittest.main()
