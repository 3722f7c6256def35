"""Text that ties the project to one machine or leaves work unnamed, in every kind of file."""

import re

from tidy_rules.source import Finding

# The files that hold these rules quote what they refuse.
EXEMPT = re.compile(r"^tools/tidy_rules/|^tools/tidy_test\.py$|^LICENSE$")

MARKERS = re.compile(r"\b(FIXME|TODO|XXX|HACK)\b")
PLACES = re.compile(r"(?<![\w.])/(work|root|Users|tmp/w)/|\.\./shared\b|\bfarm\b|~/\.cache\b")
URL = re.compile(r"https?://([\w.\-]+)")
# Hosts anybody can reach and that the project really names. Dependencies come from the default
# registries of their own clients, so none of those needs an address here.
HOSTS = re.compile(
    r"(?:^|\.)(apache\.org|github\.com|githubusercontent\.com|debian\.org|cppreference\.com|"
    r"isocpp\.org|llvm\.org|gnu\.org|boost\.org|cmake\.org|kernel\.org|man7\.org|ietf\.org|"
    r"rfc-editor\.org|w3\.org|json\.org|oracle\.com|openjdk\.org|golang\.org|go\.dev|google\.com|"
    r"wikipedia\.org|intel\.com|zlib\.net|lz4\.org|facebook\.com|python\.org|localhost|"
    r"example\.(?:com|org|net)|[\d.]+)$")


def check_text(path, text):
    if EXEMPT.search(path):
        return
    for number, line in enumerate(text.split("\n"), 1):
        if found := MARKERS.search(line):
            yield Finding(path, number, f"`{found.group(0)}`: do it now, or open an issue and say "
                          "what holds today")
        if found := PLACES.search(line):
            yield Finding(path, number, f"`{found.group(0)}`: paths start at the source tree, an "
                          "argument or an environment variable")
        for url in URL.finditer(line):
            if not HOSTS.search(url.group(1)):
                yield Finding(path, number, f"`{url.group(0)}`: not a host that everybody can reach "
                              "(tools/tidy_rules/strays.py lists those in use)")
