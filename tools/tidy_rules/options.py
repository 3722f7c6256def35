"""Every key of a configuration table steers something: some code reads its value."""

import re

from tidy_rules.source import Finding

# option<&O::limits, &Limits::idle_ms_max>({.key = "serverChannelMaxIdleTimeSeconds", ...})
ROW = re.compile(r'\boption<([^<>]*)>\(\s*\{\s*\.key = "(\w+)"(.*?)\.why = ', re.S)
# `if (options.x.empty()) options.x = ...;` only gives a value.
FILLED = re.compile(r"if \(([\w.]+)(?:\.empty\(\)| == 0)\)\s*\{?\s*\1 = [^;]*;")


def reads_of(member):
    """Where an options struct is asked for the member; assignments are no reads."""
    return re.compile(r"\b(?:\w*options_?(?:\(\))?|listen|limits_?|store)\s*(?:\.|->)\s*" +
                      member + r"\b(?!\s*=[^=])")


def check(sources):
    code = "\n".join(FILLED.sub("", each.code) for each in sources if not each.is_test)
    for each in sources:
        if each.is_test:
            continue
        for row in ROW.finditer(each.text):
            member = row.group(1).split("::")[-1].strip()
            if ".has_effect = false" in row.group(3) or reads_of(member).search(code):
                continue
            yield Finding(each.path, each.line_of(row.start()), f"no code reads `{member}`: let "
                          f"{row.group(2)} do what it says, or leave it to the known keys, which "
                          "say that they are not served")
