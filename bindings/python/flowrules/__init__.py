"""Exact rules of every firewall from one file of allowed flows.

    import flowrules

    with flowrules.Policy.load("policy.yaml") as policy:
        for file in policy.render("web-nft").files:
            print(file.name, file.text)

Exceptions carry what is wrong as diagnostics, with file, line, column and a hint. The library
asks nobody and writes nothing, but Policy.resolve(), which asks the DNS or a function of yours.
"""

from ._library import __version__
from ._policy import (
    Configuration,
    Policy,
    Progress,
    Resolver,
    Source,
    backends,
    diff_configs,
    import_config,
    schema,
    version,
)
from ._records import (
    Address,
    Answer,
    AnswerFlow,
    AnswerRule,
    Artifact,
    Backend,
    CannotResolve,
    Comparison,
    Diagnostic,
    Diagnostics,
    Difference,
    Doubt,
    Fact,
    File,
    Flow,
    FlowrulesError,
    Imported,
    InvalidConfiguration,
    InvalidPolicy,
    Name,
    OutOfMemory,
    Refused,
    Report,
    ReportRow,
    Resolution,
    Resolved,
    Side,
    Target,
    Unreadable,
    Unresolved,
    UsageError,
)

__all__ = [
    "Address",
    "Answer",
    "AnswerFlow",
    "AnswerRule",
    "Artifact",
    "Backend",
    "CannotResolve",
    "Comparison",
    "Configuration",
    "Diagnostic",
    "Diagnostics",
    "Difference",
    "Doubt",
    "Fact",
    "File",
    "Flow",
    "FlowrulesError",
    "Imported",
    "InvalidConfiguration",
    "InvalidPolicy",
    "Name",
    "OutOfMemory",
    "Policy",
    "Progress",
    "Refused",
    "Report",
    "ReportRow",
    "Resolution",
    "Resolved",
    "Resolver",
    "Side",
    "Source",
    "Target",
    "Unreadable",
    "Unresolved",
    "UsageError",
    "backends",
    "diff_configs",
    "import_config",
    "schema",
    "version",
]
