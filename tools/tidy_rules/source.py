"""Finding the source files, and one C++ file taken apart: text, code without comments, functions.

No compiler is asked: the sources are clang-formatted, so matching braces is exact enough, and the
whole tree is read in about a second.
"""

import os
import re
from dataclasses import dataclass, field

CXX_ENDINGS = (".h", ".cc", ".def")
SKIPPED_FOLDERS = {".git", "build", "target", "__pycache__", "agena-data", ".cache"}


@dataclass(frozen=True)
class Finding:
    path: str
    line: int
    text: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.text}"


@dataclass
class Function:
    name: str
    line: int  # First line of the signature, from 1.
    lines: int
    body: str


@dataclass
class Constructor:
    name: str
    line: int
    arity: int


@dataclass
class Source:
    path: str  # From the root, with forward slashes.
    text: str
    code: str = ""  # Comments and the inside of literals blanked; the same length and lines.
    functions: list = field(default_factory=list)
    constructors: list = field(default_factory=list)
    unbalanced_line: int = 0  # Where brace matching gave up; 0 when it did not.

    def __post_init__(self):
        self.code = blank_comments_and_literals(self.text)
        Scopes(self).walk()

    @property
    def module(self):
        parts = self.path.split("/")
        return parts[1] if parts[0] == "src" and len(parts) > 2 else ""

    @property
    def is_header(self):
        return self.path.endswith(".h")

    @property
    def is_test(self):
        return bool(re.search(r"^tests/|/testing/|_(test|fuzz|bench)\.cc$", self.path))

    def includes(self):
        """(line, "<x>" or "\"x\"") of each include directive."""
        for number, line in enumerate(self.text.split("\n"), 1):
            found = re.match(r'\s*#\s*include\s*(<[^>]*>|"[^"]*")', line)
            if found:
                yield number, found.group(1)

    def line_of(self, position):
        return self.text.count("\n", 0, position) + 1


def walk_files(root):
    """Every file of the project, as paths from the root."""
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(f for f in folders if f not in SKIPPED_FOLDERS)
        for name in sorted(names):
            if name in SKIPPED_FOLDERS:  # In a git worktree, .git is a file.
                continue
            yield os.path.relpath(os.path.join(folder, name), root).replace(os.sep, "/")


def read_text(root, path):
    """The text of a file, or None when it is not one (images, recorded bytes)."""
    with open(os.path.join(root, path), "rb") as file:
        data = file.read()
    if b"\0" in data:
        return None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None


def is_cxx(path):
    return path.startswith(("src/", "tests/", "include/", "sim/")) and path.endswith(CXX_ENDINGS)


TOKEN = re.compile(
    r"""//[^\n]*(?:\\\n[^\n]*)*
      | /\*.*?\*/
      | (?:u8|[uUL])?R"(?P<mark>[^()\s\\"]{0,16})\(.*?\)(?P=mark)"
      | "(?:[^"\\\n]|\\.)*"
      | (?<![\w])'(?:[^'\\\n]|\\.)+'
    """,
    re.VERBOSE | re.DOTALL,
)


def blank(text):
    return re.sub(r"[^\n]", " ", text)


def blank_comments_and_literals(text):
    def shorter(found):
        token = found.group(0)
        if token.startswith(("//", "/*")):
            return blank(token)
        quote = token.index('"') if '"' in token[:4] and token[0] != "'" else 0
        return token[:quote] + token[quote] + blank(token[quote + 1 : -1]) + token[-1]

    return TOKEN.sub(shorter, text)


def blank_directives(code):
    """Preprocessor lines (with their continuations) are no code for brace matching."""
    return re.sub(
        r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda found: blank(found.group(0)), code, flags=re.M
    )


def after_closing(text, at, pair):
    """The position behind the bracket that closes the one just before `at`."""
    depth = 1
    while at < len(text) and depth:
        depth += {pair[0]: 1, pair[1]: -1}.get(text[at], 0)
        at += 1
    return at


def without_templates(head):
    """`template <...>` and `requires (...)` in front of a declaration removed."""
    while found := re.match(r"\s*template\s*(<)|\s*requires\s*(\()", head):
        head = head[after_closing(head, found.end(), "<>" if found.group(1) else "()") :]
    return head


def outside_parentheses(head):
    """The head with everything inside parentheses removed, the parentheses kept."""
    out, depth = [], 0
    for char in head:
        if char == ")":
            depth -= 1
        if depth == 0:
            out.append(char)
        if char == "(":
            depth += 1
    return "".join(out)


TYPE_HEAD = re.compile(r"^(?:typedef\s+|static\s+|inline\s+|constexpr\s+|const\s+)*"
                       r"(class|struct|union|enum)\b")


def kind_of_scope(head):
    """What the `{` after `head` opens, when it stands in a namespace or a class."""
    head = without_templates(head).strip()
    if re.match(r'^(inline\s+)?namespace\b|^extern\s*"[^"]*"$', head):
        return "namespace"
    if TYPE_HEAD.match(head) and not re.search(r"\)\s*(const|noexcept|override|final)*\s*$", head):
        return "type"
    flat = outside_parentheses(re.sub(r"operator\s*(\(\)|[^\s\w(]+)", "operator", head))
    if re.search(r"(?<![=!<>])=(?!=)", flat):
        return "function" if re.search(r"=\s*\[[^\]]*\]\s*(\(\))?[^=]*$", flat) else "literal"
    if "(" not in flat:
        return "literal"
    after = flat[flat.index(")") + 1 :] if ")" in flat else ""
    initialisers = re.search(r"(?<!:):(?!:)", after)
    if initialisers and re.search(r"[\w>]$", flat):
        return "literal"  # A member initialised by braces: `X::X() : a_{1} {`.
    return "function"


def name_of_function(head):
    flat = without_templates(head).strip()
    found = re.search(r"((?:[\w~]+(?:<[^()]*>)?::)*(?:operator\s*(?:\(\)|[^\s\w(]+|\w+)|~?\w+))\s*\(",
                      flat)
    if not found:
        return flat.split("=")[0].split()[-1] if flat.split("=")[0].split() else "lambda"
    name = re.sub(r"\s+", "", found.group(1))
    if name in ("TEST", "TEST_F", "TEST_P", "TYPED_TEST", "BENCHMARK"):
        arguments = flat[found.end() : flat.find(")", found.end())]
        return f"{name}({re.sub(r' +', '', arguments)})"
    return name


def count_arguments(text):
    """Arguments of a parameter list whose opening parenthesis was just passed."""
    depth, commas, seen = 1, 0, False
    for char in text:
        if char in "(<{[":
            depth += 1
        elif char in ")>}]":
            depth -= 1
            if depth == 0:
                break
        elif char == "," and depth == 1:
            commas += 1
        if not char.isspace():
            seen = True
    return commas + 1 if seen else 0


class Scopes:
    """Walks the braces of one file and fills its functions and constructors."""

    def __init__(self, source):
        self.source = source
        self.code = blank_directives(source.code)
        self.stack = []  # (kind, position of the head, head)
        self.start = 0  # Where the current head begins.
        self.parentheses = 0

    def walk(self):
        for found in re.finditer(r"[{}();:]", self.code):
            self.step(found.group(0), found.start())
        if self.stack:
            self.source.unbalanced_line = self.source.line_of(self.stack[-1][1])

    def step(self, char, at):
        if char == "(":
            self.parentheses += 1
        elif char == ")":
            self.parentheses -= 1
        elif char == "{":
            self.open(at)
        elif char == "}":
            self.close(at)
        elif self.parentheses == 0 and not self.inside_function():
            if char == ";":
                self.declared(self.code[self.start : at])
                self.start = at + 1
            elif re.search(r"\b(public|private|protected)\s*$", self.code[self.start : at]):
                self.start = at + 1

    def inside_function(self):
        return any(kind == "function" for kind, _, _ in self.stack)

    def open(self, at):
        head = self.code[self.start : at]
        if self.parentheses > 0 or self.inside_function():
            kind = "block"
        elif self.stack and self.stack[-1][0] in ("literal", "block"):
            kind = "block"
        else:
            kind = kind_of_scope(head)
        self.stack.append((kind, self.start + len(head) - len(head.lstrip()), head))
        if kind == "function":
            self.declared(head)
        if kind in ("namespace", "type"):
            self.start = at + 1

    def close(self, at):
        if not self.stack:
            self.source.unbalanced_line = self.source.unbalanced_line or self.source.line_of(at)
            return
        kind, begin, head = self.stack.pop()
        if kind == "function":
            first, last = self.source.line_of(begin), self.source.line_of(at)
            body = self.code[begin : at + 1]
            name = name_of_function(head)
            self.source.functions.append(Function(name, first, last - first + 1, body))
        if kind in ("namespace", "function"):
            self.start = at + 1

    def declared(self, head):
        """Records constructors; called for each declaration and definition inside a class."""
        if not self.stack:
            return
        scopes = [scope for scope in self.stack if scope[0] != "function"]
        if not scopes or scopes[-1][0] != "type":
            return
        name = name_of_type(scopes[-1][2])
        text = without_templates(head)
        found = re.match(r"\s*(?:explicit\s+|constexpr\s+|inline\s+)*" + name + r"\s*\(", text)
        if name and found:
            line = self.source.line_of(self.start + len(head) - len(head.lstrip()))
            arity = count_arguments(text[found.end() :])
            self.source.constructors.append(Constructor(name, line, arity))


def name_of_type(head):
    """`class CAPABILITY("x") Mutex final : Base` names Mutex; an enum or unnamed type names ''."""
    head = outside_parentheses(without_templates(head)).strip()
    head = re.sub(r"\b\w+\(\)|\[\[.*?\]\]|\balignas\b", " ", head)
    found = re.match(r"(?:typedef |static |inline |constexpr |const )*"
                     r"(?:enum\s+class|enum\s+struct|class|struct|union|enum)\s+([\w:]+)", head)
    return found.group(1).split("::")[-1] if found else ""
