"""Reads output as the runner of GitHub Actions does (actions/runner, ActionCommand.cs, in our own
words): a line that begins with "::", or one with "##[" anywhere, may be a command."""

COMMANDS = {"error", "warning", "notice", "debug", "add-mask", "add-path", "add-matcher", "set-env", "set-output",
            "save-state", "group", "endgroup", "echo", "stop-commands", "internal-set-repo-path", "remove-matcher"}
DATA = (("%0D", "\r"), ("%0A", "\n"), ("%25", "%"))
PROPERTY = (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%"))
OLD = (("%3B", ";"), ("%0D", "\r"), ("%0A", "\n"), ("%5D", "]"), ("%25", "%"))


def unescape(text, pairs):
    for spelled, meant in pairs:
        text = text.replace(spelled, meant)
    return text


def split(info, between, pairs):
    """The command of "name key=value,key=value" and its properties; None: it is no command."""
    name, _, rest = info.partition(" ")
    if name.lower() not in COMMANDS:
        return None
    parts = (part.partition("=") for part in rest.strip().split(between) if part)
    return name, {key: unescape(value, pairs) for key, _, value in parts if key and value}


def read_line(line):
    """(command, properties, data), or None where the line is only text."""
    start = line.lstrip()
    if start.startswith("::") and "::" in start[2:]:
        info, _, data = start[2:].partition("::")
        found = split(info, ",", PROPERTY)
        if found:
            return (*found, unescape(data, DATA))
    if "##[" in line and "]" in line.partition("##[")[2]:
        info, _, data = line.partition("##[")[2].partition("]")
        found = split(info, ";", OLD)
        if found:
            return (*found, unescape(data, OLD))
    return None
