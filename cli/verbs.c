/*
 * The tables of verbs and options, above all files but main.c. Texts are shown as they stand here
 * by the help, which wraps them.
 */
#include "verbs.h"

#include <stdint.h>

#define PLACE(member) offsetof(struct settings, member)
/* Files of one configuration: as many as a command line holds. */
#define FILES_MOST   SIZE_MAX
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const diagnostics_choices[] = {
    [DIAGNOSTICS_TEXT] = "text", [DIAGNOSTICS_JSON] = "json", NULL};
static const char *const colour_choices[] = {
    [COLOUR_AUTO] = "auto", [COLOUR_ALWAYS] = "always", [COLOUR_NEVER] = "never", NULL};

static const struct option common_options[] = {
    {"as-of", "DATE",
     "read the policy as of this day (YYYY-MM-DD): flows that expired before it are left out; "
     "without it, today's date in UTC",
     PLACE(as_of), NULL, OPTION_TEXT, 0},
    {"lock", "FILE",
     "the lock file with the addresses of names, or 'none'; without it, POLICY.lock if it exists",
     PLACE(lock), NULL, OPTION_TEXT, 0},
    {"plugin", "FILE", "a shared object with a further backend; may be given several times",
     PLACE(plugins), NULL, OPTION_LIST, 0},
    {"diagnostics", "FORM",
     "print messages as 'text', or as 'json': one object on standard error at the end",
     PLACE(diagnostics), diagnostics_choices, OPTION_CHOICE, 0},
    {"color", "WHEN",
     "'auto' (on a terminal, unless NO_COLOR is set in the environment), 'always' or 'never'",
     PLACE(colour), colour_choices, OPTION_CHOICE, 0},
    {"quiet", NULL, "no warnings and notes", PLACE(quiet), NULL, OPTION_FLAG, 'q'},
    {"help", NULL, "print this help, or the help of the verb", PLACE(help), NULL, OPTION_FLAG, 'h'},
    {"version", NULL, "the version", PLACE(version), NULL, OPTION_FLAG, 0},
};

static const char *const formats[] = {[FORMAT_TEXT] = "text",         [FORMAT_JSON] = "json",
                                      [FORMAT_MARKDOWN] = "markdown", [FORMAT_SARIF] = "sarif",
                                      [FORMAT_JUNIT] = "junit",       [FORMAT_GITHUB] = "github",
                                      [FORMAT_GITLAB] = "gitlab",     NULL};

#define FORMAT_OPTION                                                                              \
    {                                                                                              \
        "format", "FORMAT",                                                                        \
            "print what is found as 'text'; 'json', as --json; 'markdown', for a comment on a "    \
            "change; 'sarif' (2.1.0); 'junit'; 'github', commands to its runner; or 'gitlab', a "  \
            "report of code quality (docs/CI.md)",                                                 \
            PLACE(result_format), formats, OPTION_CHOICE, 0                                        \
    }

#define JSON_OPTION(what)                                                                          \
    { "json", NULL, what, PLACE(json), NULL, OPTION_FLAG, 0 }

#define MAX_AGE_OPTION                                                                             \
    {                                                                                              \
        "max-age", "DAYS",                                                                         \
            "warn of names that a target pins to addresses last seen more than DAYS days ago",     \
            PLACE(max_age), NULL, OPTION_TEXT, 0                                                   \
    }

static const struct option init_options[] = {
    {"from", "START",
     "the example to start from: 'first', a server; 'cluster', a namespace of Kubernetes; 'edge', "
     "a firewall between networks",
     PLACE(start), init_choices, OPTION_CHOICE, 0},
};

static const struct option check_options[] = {
    MAX_AGE_OPTION,
    FORMAT_OPTION,
    JSON_OPTION("the title, flows and targets as JSON"),
};

static const struct option fmt_options[] = {
    {"check", NULL, "write nothing; print the names of the files that would change", PLACE(check),
     NULL, OPTION_FLAG, 0},
};

static const struct option lint_options[] = {
    FORMAT_OPTION,
    JSON_OPTION("every finding with its place as JSON, also those that the policy accepts"),
};

static const struct option render_options[] = {
    {"target", "TARGET[:FORMAT]",
     "a target of the policy, or the name of a backend to use with its default settings; FORMAT is "
     "a format of 'flowrules targets BACKEND', by default the first; may be given several times; "
     "without it, every target of the policy",
     PLACE(targets), NULL, OPTION_LIST, 't'},
    {"output", "DIR",
     "write the files into this folder, and create it if needed; if a target fails, no file is "
     "written",
     PLACE(output), NULL, OPTION_TEXT, 'o'},
    {"replace", NULL,
     "with -o, also replace files that flowrules did not write; without it, such files are never "
     "changed",
     PLACE(replace), NULL, OPTION_FLAG, 0},
    {"print", NULL, "print every file to standard output, each after a line '==> NAME <=='",
     PLACE(print), NULL, OPTION_FLAG, 0},
    MAX_AGE_OPTION,
    {"no-verify", NULL,
     "do not read the rules back and compare them with the policy before they are written",
     PLACE(no_verify), NULL, OPTION_FLAG, 0},
    {"no-map", NULL, "do not write TARGET.map.json, which lists the flows of each rule",
     PLACE(no_map), NULL, OPTION_FLAG, 0},
    JSON_OPTION("with -o, the list of written files as JSON"),
};

static const struct option watch_options[] = {
    {"target", "TARGET[:FORMAT]",
     "with -o, a target to write, or the name of a backend; may be given several times; without "
     "it, every target of the policy",
     PLACE(targets), NULL, OPTION_LIST, 't'},
    {"output", "DIR",
     "write the files of the targets into this folder, at first and after each save", PLACE(output),
     NULL, OPTION_TEXT, 'o'},
    {"replace", NULL, "with -o, also replace files that flowrules did not write", PLACE(replace),
     NULL, OPTION_FLAG, 0},
    {"no-verify", NULL,
     "do not read the rules back and compare them with the policy before they are written",
     PLACE(no_verify), NULL, OPTION_FLAG, 0},
    {"no-map", NULL, "do not write TARGET.map.json, which lists the flows of each rule",
     PLACE(no_map), NULL, OPTION_FLAG, 0},
};

static const struct option explain_options[] = {
    {"target", "TARGET",
     "a target of the policy, or the name of a backend; may be given several times; without it, "
     "every target of the policy",
     PLACE(targets), NULL, OPTION_LIST, 't'},
    JSON_OPTION("an object for each flow and target, as JSON"),
};

static const struct option query_options[] = {
    {"target", "TARGET",
     "answer for this target, or this backend, and show its rules; may be given several times",
     PLACE(targets), NULL, OPTION_LIST, 't'},
    {"rules", NULL, "without -t, also show the rules of every target, which are rendered for this",
     PLACE(rules), NULL, OPTION_FLAG, 0},
    JSON_OPTION("the whole answer as JSON"),
};

#define ASSERTIONS_OPTION                                                                          \
    {                                                                                              \
        "assertions", "FILE",                                                                      \
            "a file of assertions of another owner, which the policy cannot change; may be given " \
            "several times",                                                                       \
            PLACE(assertions), NULL, OPTION_LIST, 0                                                \
    }

static const struct option report_options[] = {
    {"output", "DIR",
     "write report.html, report.md, report.csv and report.json into this folder, and create it if "
     "needed",
     PLACE(output), NULL, OPTION_TEXT, 'o'},
    {"replace", NULL,
     "with -o, also replace files that flowrules did not write; without it, such files are never "
     "changed",
     PLACE(replace), NULL, OPTION_FLAG, 0},
    ASSERTIONS_OPTION,
    MAX_AGE_OPTION,
    JSON_OPTION("without -o, print what is in report.json"),
};

#define SET_OPTION                                                                                 \
    {                                                                                              \
        "set", "KEY=VALUE",                                                                        \
            "a setting of the backend for reading the configuration, as in 'flowrules targets "    \
            "BACKEND'; may be given several times",                                                \
            PLACE(sets), NULL, OPTION_LIST, 0                                                      \
    }

static const struct option assert_options[] = {
    {"target", "TARGET[:FORMAT]",
     "the target of the policy that the FILEs belong to; not needed if the policy has only one",
     PLACE(targets), NULL, OPTION_LIST, 't'},
    ASSERTIONS_OPTION,
    SET_OPTION,
    FORMAT_OPTION,
    JSON_OPTION("every assertion with its verdict and what breaks it as JSON"),
};

static const struct option verify_options[] = {
    {"target", "TARGET[:FORMAT]",
     "the target of the policy that the files belong to, or the name of a backend; not needed if "
     "the policy has only one target",
     PLACE(targets), NULL, OPTION_LIST, 't'},
    SET_OPTION,
    FORMAT_OPTION,
    JSON_OPTION("the verdict, the differences and what was not understood as JSON"),
};

static const struct option usage_options[] = {
    {"target", "TARGET[:FORMAT]",
     "the target of the policy that the files belong to; not needed if the policy has only one",
     PLACE(targets), NULL, OPTION_LIST, 't'},
    {"history", "FILE",
     "take what earlier dumps have shown from this file, and add this one; it is created if needed",
     PLACE(history), NULL, OPTION_TEXT, 0},
    SET_OPTION,
    JSON_OPTION("every flow with what its counters show as JSON"),
};

static const struct option diff_options[] = {
    {"target", "TARGET[:FORMAT]",
     "compare what this target of the policies must let pass; without it, the policies themselves",
     PLACE(targets), NULL, OPTION_LIST, 't'},
    SET_OPTION,
    FORMAT_OPTION,
    JSON_OPTION("the verdict, the differences and what was not understood as JSON"),
};

static const struct option resolve_options[] = {
    {"target", "TARGET",
     "ask only for names that this target or backend needs; may be given several times; without "
     "it, the names that any target of the policy needs",
     PLACE(targets), NULL, OPTION_LIST, 't'},
    {"network", "NETWORK", "ask only for names in this network; may be given several times",
     PLACE(networks), NULL, OPTION_LIST, 0},
    {"assertions", "FILE",
     "ask also for the names in this file of assertions, and in the assertions of the policy; may "
     "be given several times",
     PLACE(assertions), NULL, OPTION_LIST, 0},
    {"server", "ADDR[:PORT]",
     "ask this server; may be given up to 8 times: every server is asked, and different answers "
     "are reported; without it, the servers of this machine's resolv.conf",
     PLACE(servers), NULL, OPTION_LIST, 's'},
    {"merge", NULL, "also keep the old addresses of a name, for names whose answers rotate",
     PLACE(merge), NULL, OPTION_FLAG, 0},
    {"keep", "DAYS",
     "as --merge, but drop addresses that were last seen more than DAYS days ago; --merge alone: "
     "30 days",
     PLACE(keep_days), NULL, OPTION_TEXT, 0},
    {"check", NULL, "write nothing; the exit status is 1 if the addresses of a name have changed",
     PLACE(check), NULL, OPTION_FLAG, 0},
    {"timeout", "SECONDS", "time to wait for a reply, doubled at each further try (2)",
     PLACE(timeout), NULL, OPTION_TEXT, 0},
    {"tries", "NUMBER", "how often to send a question (3)", PLACE(tries), NULL, OPTION_TEXT, 0},
    {"deadline", "SECONDS", "end after this time; open questions fail (300)", PLACE(deadline), NULL,
     OPTION_TEXT, 0},
    {"in-flight", "NUMBER", "how many questions may be open at the same time (100)",
     PLACE(in_flight), NULL, OPTION_TEXT, 0},
    {"max-addresses", "NUMBER", "a name with more addresses of a family than this fails (256)",
     PLACE(max_addresses), NULL, OPTION_TEXT, 0},
    JSON_OPTION("every name with its status, aliases and addresses as JSON"),
};

static const char *const probe_formats[] = {"sh", "kubernetes", NULL};

static const struct option probe_options[] = {
    {"from", "NETWORK",
     "only flows whose source overlaps this network of the policy or this address: the place where "
     "the script will run",
     PLACE(from), NULL, OPTION_TEXT, 0},
    {"target", "TARGET",
     "only flows that leave the protected networks of this target, or pass through it",
     PLACE(targets), NULL, OPTION_LIST, 't'},
    {"flow", "FLOW", "only this flow; may be given several times", PLACE(flows), NULL, OPTION_LIST,
     0},
    {"assertions", NULL,
     "try the assertions of the policy instead of its flows: what must pass, and what must never "
     "pass",
     PLACE(asserting), NULL, OPTION_FLAG, 0},
    {"try", "[NETWORK=]HOST",
     "an address or name to try if a destination is not a single host: a prefix or wildcard that "
     "contains HOST or, with NETWORK=, a group of a platform; may be given several times",
     PLACE(hosts), NULL, OPTION_LIST, 0},
    {"most", "NUMBER", "the maximum number of probes of one flow, 1-1000; without it, 16",
     PLACE(most), NULL, OPTION_TEXT, 0},
    {"format", "FORM",
     "'sh', a script, or 'kubernetes', a ConfigMap with the script and a Pod that runs it",
     PLACE(format), probe_formats, OPTION_CHOICE, 0},
    {"name", "NAME", "the name of the file and the pod; without it, flowrules-probe", PLACE(name),
     NULL, OPTION_TEXT, 0},
    {"namespace", "NAME",
     "the namespace of the pod; without it, that of the pods in --from NETWORK",
     PLACE(namespace_name), NULL, OPTION_TEXT, 0},
    {"label", "KEY=VALUE",
     "a label of the pod, so that NetworkPolicies select it, in addition to the labels of --from "
     "NETWORK; may be given several times",
     PLACE(labels), NULL, OPTION_LIST, 0},
    {"image", "IMAGE",
     "the image of the pod; it needs sh; without it, docker.io/library/python:3-slim", PLACE(image),
     NULL, OPTION_TEXT, 0},
    {"output", "DIR", "write the file into this folder, and create it if needed", PLACE(output),
     NULL, OPTION_TEXT, 'o'},
    JSON_OPTION("the list of probes as JSON, for your own tools"),
};

static const struct option import_options[] = {
    SET_OPTION,
    {"protects", "ENDS",
     "what the firewall protects, if the configuration does not say it: addresses, prefixes, or "
     "groups as KEY=VALUE (group=sg-0a1b2c3d), separated by commas",
     PLACE(protects), NULL, OPTION_TEXT, 0},
    {"map", "FILE",
     "of a sheet or document: the file that says which column is what; it is written if it does "
     "not exist (default: the first FILE with '.map.yaml' behind its name)",
     PLACE(mapping), NULL, OPTION_TEXT, 0},
    {"networks", "FILE",
     "of a sheet or document: the file whose networks cells may name; the policy includes it",
     PLACE(definitions), NULL, OPTION_TEXT, 0},
};

static const struct option targets_options[] = {
    JSON_OPTION("an object for each backend, with all its data, as JSON"),
};

static const struct option schema_options[] = {
    {"included", NULL, "the schema of the files that a policy includes", PLACE(included), NULL,
     OPTION_FLAG, 0},
    {"assertions", NULL, "the schema of the files of 'assert --assertions'", PLACE(asserting), NULL,
     OPTION_FLAG, 0},
    {"of", "ANSWER",
     "the schema of what a verb prints with --json: check, render, explain, query, assert, "
     "usage, report, verify, diff, resolve, probe, targets or help; 'message': what 'explain "
     "FRnnnn' "
     "prints; "
     "'diagnostics': "
     "what --diagnostics=json prints",
     PLACE(of), NULL, OPTION_TEXT, 0},
};

static const struct option help_options[] = {
    JSON_OPTION("the verbs and their options as JSON"),
};

static const struct verb verbs[] = {
    {"init", "[FILE]", "write a policy to start from",
     "Writes a valid policy with comments, for you to add your own networks and flows. Without "
     "FILE it writes policy.yaml; '-' is standard output. An existing file is never overwritten.",
     init_options, COUNT(init_options), 0, 1, "",
     "flowrules init\n"
     "flowrules init edge.yaml --from edge\n"
     "flowrules init --from cluster - | flowrules check -\n",
     run_init},
    {"check", "POLICY", "check that the file is valid",
     "Reads a policy, the files that it includes and its lock file, and reports every error in "
     "them. It also reports every error that rendering the targets would report, except for names "
     "that are not pinned. POLICY may be '-' for standard input.",
     check_options, COUNT(check_options), 1, 1, "a POLICY is needed",
     "flowrules check kimi-k2.yaml\n"
     "flowrules check --json kimi-k2.yaml\n"
     "flowrules check --as-of 2027-07-01 kimi-k2.yaml\n",
     run_check},
    {"render", "POLICY", "write the rules of the targets",
     "Writes the files of the targets. A single file goes to standard output; several files need "
     "-o DIR or --print.\n"
     "Before a file is written, every target is rendered, read back and compared with the policy. "
     "If a target cannot express a flow exactly (exit status 4), nothing is written at all. The "
     "files in DIR change as one set. Files of an earlier rendering that are no longer made are "
     "removed (docs/FILES.md).\n"
     "POLICY may be '-' for standard input.",
     render_options, COUNT(render_options), 1, 1, "a POLICY is needed",
     "flowrules render kimi-k2.yaml -t node-nft\n"
     "flowrules render kimi-k2.yaml -o build/\n"
     "flowrules render kimi-k2.yaml -t nftables --print\n",
     run_render},
    {"explain", "POLICY | FRnnnn",
     "show how exactly each target can express each flow, or explain a message",
     "Prints a table of every flow on every target, then the reason for every flow that is not "
     "exact:\n"
     "  exact         the target permits exactly this flow\n"
     "  native        exact, and the target resolves the name or group itself\n"
     "  pinned        exact for the addresses in the lock file\n"
     "  widened       the target permits more than the flow, as 'allow-loss' accepts\n"
     "  narrowed      the target permits less than the flow, as 'allow-loss' accepts\n"
     "  refused       the target cannot express the flow; nothing is written for it\n"
     "  unresolved    a name has no address in the lock file\n"
     "  expired       the flow's last day has passed; it is left out\n"
     "  out-of-scope  the target is not between source and destination, or does not select the "
     "flow\n"
     "The exit status is 4 if a flow is refused, otherwise 5 if a flow is unresolved. POLICY may "
     "be '-' for standard input.\n"
     "With the number of a message, such as FR0508, or of a finding of lint, such as FL0101, "
     "explains its meaning, its cause and what to do.",
     explain_options, COUNT(explain_options), 1, 1, "a POLICY is needed",
     "flowrules explain kimi-k2.yaml\n"
     "flowrules explain kimi-k2.yaml -t node-nft -t nftables\n"
     "flowrules explain --json kimi-k2.yaml\n"
     "flowrules explain FR0508\n",
     run_explain},
    {"fmt", "FILE...", "put policies into their usual layout",
     "Rewrites each FILE, a policy or a file that belongs to one, in its place: two spaces for "
     "each "
     "level, one space between words, at most one blank line, quotes only where they are needed, "
     "the keys of a mapping in the order of docs/POLICY.md. Comments, anchors, includes, and lists "
     "and mappings in brackets stay as they are written. The names of the files that changed are "
     "printed.\n"
     "Before a file is written, flowrules proves that it says the same as before. A file that "
     "cannot be laid out so is left as it is, with a message.\n"
     "With '-', reads from standard input and writes to standard output.\n"
     "The exit status is 0, or with --check 1 if a file would change.",
     fmt_options, COUNT(fmt_options), 1, SIZE_MAX, "a FILE is needed",
     "flowrules fmt kimi-k2.yaml networks.yaml\n"
     "flowrules fmt --check kimi-k2.yaml\n"
     "flowrules fmt - < kimi-k2.yaml\n",
     run_fmt},
    {"lint", "POLICY", "find what is valid in a policy and should be looked at",
     "Finds flows that other flows cover, denies that take nothing away, what nobody uses, flows "
     "that open very much, protocols that do not encrypt, flows without owner, purpose or ticket, "
     "flows that expire soon, old addresses of names, and flows and targets that enforce nothing. "
     "'flowrules explain FL0101' explains a finding; docs/LINT.md has a section on each.\n"
     "The key 'lint' of a policy has the thresholds. The same key in the policy, a flow, a network "
     "or a target accepts a finding there, with a reason: 'lint: {FL0101: \"until May, "
     "NET-1234\"}'.\n"
     "The exit status is 1 if there is an error or a warning that the policy does not accept; a "
     "note does not count. At most 20 findings of a kind are printed, and 5 notes. POLICY may be "
     "'-' for "
     "standard input.",
     lint_options, COUNT(lint_options), 1, 1, "a POLICY is needed",
     "flowrules lint kimi-k2.yaml\n"
     "flowrules lint --json kimi-k2.yaml\n",
     run_lint},
    {"resolve", "POLICY [NAME]...", "ask the DNS, and pin names in the lock file",
     "Asks for the addresses of the names that targets match by address, and writes them into the "
     "lock file: POLICY.lock, or --lock FILE. No other verb asks the DNS.\n"
     "With NAME, asks only for that name, even if no target needs it. NAME must be a name of the "
     "policy, or below one of its wildcards. Entries of other names stay as they are.\n"
     "  new      the name had no address in the lock file\n"
     "  changed  the name has other addresses now\n"
     "  same     the name still has the same addresses\n"
     "  kept     the name could not be resolved: its old addresses stay, with a warning\n"
     "  failed   the name could not be resolved and had no address (exit status 5)\n"
     "It is no failure if a name has no address of one family. POLICY may be '-' for standard "
     "input, with --lock.",
     resolve_options, COUNT(resolve_options), 1, SIZE_MAX, "a POLICY is needed",
     "flowrules resolve kimi-k2.yaml\n"
     "flowrules resolve kimi-k2.yaml -t node-nft --server 192.0.2.53 --server '[2001:db8::53]:53'\n"
     "flowrules resolve kimi-k2.yaml --merge --keep 14\n"
     "flowrules resolve kimi-k2.yaml --check\n"
     "flowrules resolve kimi-k2.yaml cdn-lfs.huggingface.co\n",
     run_resolve},
    {"query", "POLICY QUESTION", "ask whether a packet passes, and which flow decides",
     "Reports whether a packet that opens a connection passes, the flows that decide, and, with -t "
     "or --rules, the rules that these flows are in the rendered files.\n"
     "QUESTION is 'PROTOCOL SOURCE[:PORT] -> DESTINATION[:PORT]', or, for ICMP, "
     "DESTINATION[:TYPE[/CODE]]. SOURCE and DESTINATION are addresses, names or networks of the "
     "policy. An IPv6 address before a port needs brackets. Before either, 'INTERFACE/' is the "
     "interface by which the packet enters or leaves, or a place of the policy. It needs -t.\n"
     "Without -t, the answer is that of the whole policy. If targets select different flows, each "
     "target that selects flows gives its own answer.\n"
     "The exit status is 0 if the packet is allowed, 1 if it is denied, partly allowed or unknown. "
     "POLICY may be '-' for standard input.",
     query_options, COUNT(query_options), 2, 2, "a POLICY and a QUESTION are needed",
     "flowrules query kimi-k2.yaml 'tcp 10.0.16.5 -> huggingface.co:443'\n"
     "flowrules query kimi-k2.yaml 'udp [2001:db8:16::5]:40000 -> [2001:db8::53]:53'\n"
     "flowrules query kimi-k2.yaml 'icmp cluster-nodes -> router:8/0' -t node-nft\n",
     run_query},
    {"assert", "POLICY [FILE...]", "check what must never pass, what alone may, and what must",
     "Decides of each assertion of the policy whether the flows keep to it: 'never', 'only' and "
     "'must' of the key 'assertions', the 'zones' and the 'matrix' (docs/ASSERTIONS.md). It takes "
     "names as the addresses of the lock file. Each assertion that is broken is printed with its "
     "line, its reason, an example packet, and the flow that lets the packet pass.\n"
     "If it depends on addresses that are not known, an assertion is 'unknown', and never said to "
     "hold.\n"
     "With FILEs, decides whether what runs keeps to it: the configuration of the target -t, as "
     "'verify' reads it. Then the rule that lets the packet pass, or blocks it, is printed with "
     "its "
     "line. Packets that the target has no say over are left out. 'TARGET=FILE & TARGET=FILE' is "
     "several targets one behind the other: what passes all of them.\n"
     "The exit status is 0 if all hold, 1 if one is broken or unknown. One FILE, or POLICY, may be "
     "'-' for standard input.",
     assert_options, COUNT(assert_options), 1, FILES_MOST, "a POLICY is needed",
     "flowrules assert kimi-k2.yaml --assertions assertions/security.yaml\n"
     "flowrules assert kimi-k2.yaml --assertions assertions/security.yaml --json\n"
     "flowrules render kimi-k2.yaml -t node-nft > node-nft.nft\n"
     "flowrules assert kimi-k2.yaml -t node-nft node-nft.nft --assertions "
     "assertions/security.yaml\n",
     run_assert},
    {"report", "POLICY", "write a page that shows a policy to the people who judge it",
     "Writes one HTML page that has everything in itself and asks nobody, and the same as "
     "Markdown, "
     "CSV and JSON: a map of the flows, the matrix of the zones and the assertions, how exactly "
     "each "
     "target expresses each flow and by which lines of its files, the findings of lint, the last "
     "days of flows by owner, and the pinned names by age (docs/REPORT.md).\n"
     "A refused flow, a finding and a broken assertion are contents of the report: the exit status "
     "is 0 if it is written. 'explain', 'lint' and 'assert' have exit statuses for them. POLICY "
     "may "
     "be '-' for standard input.",
     report_options, COUNT(report_options), 1, 1, "a POLICY is needed",
     "flowrules report kimi-k2.yaml -o build/report\n"
     "flowrules report kimi-k2.yaml -o build/report --assertions assertions/security.yaml\n"
     "flowrules report kimi-k2.yaml --json\n",
     run_report},
    {"verify", "POLICY FILE...",
     "check that a configuration permits exactly what the policy allows",
     "Reads rendered files, or the running configuration of a device or cloud, and decides whether "
     "it permits exactly what a target of the policy must let pass. If not, reports the packets "
     "that pass but should not, and those that should pass but do not. Each difference has an "
     "example packet, the flow, and the line of the rule that decides.\n"
     "If something is not understood and might change the meaning, it is reported with its line, "
     "and the verdict is never 'equal'.\n"
     "If targets stand one behind the other, 'TARGET=FILE & TARGET=FILE', in the order in which "
     "packets pass them, asks whether all of them together permit exactly what all must let pass. "
     "'verify' without '&' checks each alone, with -t TARGET or as TARGET=FILE. 'diff' says what "
     "stands in brackets behind a FILE.\n"
     "The exit status is 0 if both are equal, 1 if they differ or the verdict is 'unknown'. One "
     "FILE, or POLICY, may be '-' for standard input.",
     verify_options, COUNT(verify_options), 2, FILES_MOST, "a POLICY and a FILE are needed",
     "flowrules render kimi-k2.yaml -t node-nft > node-nft.nft\n"
     "flowrules verify kimi-k2.yaml -t node-nft node-nft.nft\n"
     "flowrules verify kimi-k2.yaml -t node-nft --json node-nft.nft\n"
     "flowrules render kimi-k2.yaml -t edge-nft > edge-nft.nft\n"
     "flowrules verify kimi-k2.yaml 'node-nft=node-nft.nft & edge-nft=edge-nft.nft [to eth1]'\n",
     run_verify},
    {"usage", "POLICY FILE...", "tell which flows are used, by the counters of what runs",
     "Reads the counters of a running configuration and tells of each flow of a target what they "
     "show, such as those of 'nft list ruleset' or 'iptables-save -c' (docs/USAGE.md has the "
     "command for each platform):\n"
     "  used         packets of the flow were counted\n"
     "  shared       only counters that also count packets of other flows have counted\n"
     "  never used   all its rules have counters, and none has counted\n"
     "  not counted  not all its rules have counters\n"
     "Rules are matched with flows by the packets that they decide on, not by their names. With "
     "--history, each dump is kept, so that counters that were set back lose nothing, and it is "
     "known since when a flow is not used, and when it was used last.\n"
     "If the files do not permit exactly what the target must let pass, a warning says so, and the "
     "exit status is 1, else 0. --as-of is the day on which the counters were read. One FILE, or "
     "POLICY, may be '-' for standard input.",
     usage_options, COUNT(usage_options), 2, FILES_MOST, "a POLICY and a FILE are needed",
     "flowrules usage kimi-k2.yaml -t node-nft dump.nft\n"
     "flowrules usage kimi-k2.yaml -t node-nft dump.nft --history usage.jsonl\n",
     run_usage},
    {"diff", "OLD NEW", "show the packets that pass in only one of two policies or configurations",
     "Compares what two policies or configurations let pass. OLD and NEW are each the path of a "
     "policy, or BACKEND[:FORMAT]=FILE[,FILE...] for a configuration. Another order, grouping or "
     "naming is no difference.\n"
     "Of two policies, the widest differences come first, those of a flow together. Then follow "
     "the flows that are new, gone, renamed or changed, and for each target how many lines of its "
     "rules are new or gone and which flows it expresses otherwise than before.\n"
     "If one side is '-', standard input, and the other the path of a policy, the input takes its "
     "place: what it includes is read from the same folder, and the lock file is the same.\n"
     "With -t, compares what this target must enforce. This option is needed to compare a "
     "configuration with a policy.\n"
     "'A & B' is two devices, or more, one behind the other, in the order in which packets pass "
     "them: what passes all of them. -t then names a target for each, 'T1 & T2', or none. In "
     "brackets behind the FILE of a device, with commas between them:\n"
     "  from PLACE  the interface or zone by which packets enter this device\n"
     "  to PLACE    the interface or zone by which they leave it\n"
     "  forward     its rules for forwarded packets count\n"
     "  host        its rules for packets of the machine itself count\n"
     "  KEY=VALUE   a setting of its backend, as with --set\n"
     "Between two devices, a place that is not named is unknown: rules about it are in doubt.\n"
     "The exit status is 0 if the same packets pass, 1 if they differ or the verdict is 'unknown'.",
     diff_options, COUNT(diff_options), 2, 2, "two sides are needed",
     "flowrules diff kimi-k2.yaml kimi-k2.yaml\n"
     "sed s/443/8443/ kimi-k2.yaml | flowrules diff - kimi-k2.yaml --format markdown\n"
     "flowrules diff kimi-k2.yaml kimi-k2.yaml -t node-nft --json\n"
     "flowrules diff 'nftables=node-nft.nft & nftables=edge-nft.nft [from eth0, to eth1]' "
     "kimi-k2.yaml -t 'node-nft & edge-nft'\n",
     run_diff},
    {"watch", "POLICY", "check a policy after each save, and show what newly passes",
     "Reads the policy again whenever it, a file that it includes or its lock file is saved. Each "
     "time it checks it as 'flowrules check' does, and shows as 'flowrules diff' which packets "
     "newly pass and which no longer pass, compared with the last version without errors. With -o "
     "it writes the files of the targets again.\n"
     "A version with errors is reported, and nothing else changes: the next save is compared with "
     "the version before the errors.\n"
     "It ends by SIGINT (Ctrl-C) or SIGTERM, with the exit status 0.",
     watch_options, COUNT(watch_options), 1, 1, "a POLICY is needed",
     "flowrules watch kimi-k2.yaml\n"
     "flowrules watch kimi-k2.yaml -t node-nft -o build/\n",
     run_watch},
    {"probe", "POLICY", "write a script that tries the flows from the place where it runs",
     "Writes a POSIX shell script that tests the connectivity of the flows from the machine where "
     "it runs: a TCP connection, a TLS handshake, a DNS query over UDP and TCP, an NTP query, a "
     "ping. The script uses the tools that the machine has. It prints a line for each flow and a "
     "summary; its exit status is that of the worst flow, and its head has its help. The verb "
     "itself opens no connection.\n"
     "Without --from, -t and --flow, the script tries every allow, and the denies from any. A deny "
     "passes if there is no connection. If a destination is a prefix, a wildcard or a group of a "
     "platform, there is no host to connect to and the script says so: name one with --try.\n"
     "POLICY may be '-' for standard input.",
     probe_options, COUNT(probe_options), 1, 1, "a POLICY is needed",
     "flowrules probe kimi-k2.yaml --from cluster-nodes -o build/\n"
     "flowrules probe kimi-k2.yaml -t node-nft --try cas.huggingface.co -o build/\n"
     "flowrules probe llm-d.yaml --from vllm --format kubernetes -o build/\n",
     run_probe},
    {"import", "BACKEND[:FORMAT]|KIND FILE...", "write a policy from a configuration or a request",
     "Writes a policy to standard output that allows exactly what a configuration permits. Objects "
     "become networks. The names and comments of rules become those of flows. A target in the "
     "policy renders it again. Before the policy is printed, it is compared with the "
     "configuration; what it cannot keep is reported.\n"
     "To migrate to another backend, add a target of that backend.\n"
     "Policies of Capirca and Aerleon are read as BACKEND capirca or aerleon: hand in the policy, "
     "what it includes and its definitions. Each of their targets becomes one.\n"
     "The exit status is 1 if something was not understood and the policy does not have it, 4 if "
     "no policy can mean the same as the configuration. One FILE may be '-' for standard input.\n"
     "With a KIND, csv, xlsx, markdown or commatrix (of oc commatrix), the FILEs are sheets or "
     "documents that ask for flows. "
     "Columns are "
     "found by their headings, in English, German, French or Spanish, once: the mapping is written "
     "beside the first FILE, and from then on it says which column is what. What is not understood "
     "is reported with its cell, and its row is not taken.",
     import_options, COUNT(import_options), 2, FILES_MOST,
     "a BACKEND or KIND and a FILE are needed",
     "flowrules render kimi-k2.yaml -t edge-asa --no-map > edge-asa.cfg\n"
     "flowrules import cisco-asa edge-asa.cfg\n"
     "flowrules import csv request.csv --networks networks.yaml > request.yaml\n",
     run_import},
    {"targets", "[BACKEND]", "show what each backend can express, its settings and limits",
     "Without a name, prints a table of the backends. With a name, prints the formats of the "
     "backend, what it can express, its settings in targets, its bindings in networks, and its "
     "limits with their sources.",
     targets_options, COUNT(targets_options), 0, 1, "",
     "flowrules targets\n"
     "flowrules targets nftables\n"
     "flowrules targets --json\n",
     run_targets},
    {"schema", "", "print the JSON Schema of the policy file",
     "Prints the JSON Schema (2020-12) of the policy file, for editors that complete and check. It "
     "has the keys that flowrules reads, with the settings of every backend, also of --plugin. "
     "Every policy that 'flowrules check' accepts satisfies the schema, but the schema cannot find "
     "every error.\n"
     "With --of, prints the schema of what a verb prints with --json: an object with the key "
     "flowrules-json, its version. If a key is removed or changes its meaning, the version "
     "changes; a new key does not change it.",
     schema_options, COUNT(schema_options), 0, 0, "",
     "flowrules schema > policy.schema.json\n"
     "flowrules schema --of verify\n"
     "flowrules schema --included > definitions.schema.json\n"
     "flowrules schema --assertions > assertions.schema.json\n",
     run_schema},
    {"complete", "[WORD]...", "print what may come next on a command line (for shells)",
     "Prints the completions of the last WORD of a command line, one on each line, with its "
     "meaning after a tab. ':files' and ':folders' mean any file or folder. The WORDs are those "
     "after 'flowrules'; the last one is empty if a new word begins.\n"
     "The installed completions for bash, zsh and fish use this verb.",
     NULL, 0, 0, SIZE_MAX, "",
     "flowrules complete -- ren\n"
     "flowrules complete -- render kimi-k2.yaml -t ''\n",
     run_complete},
    {"help", "[VERB]", "print this help, or the help of a verb",
     "Prints the help of the tool or of a verb. With 'options', prints the options that every verb "
     "has.",
     help_options, COUNT(help_options), 0, 1, "",
     "flowrules help render\n"
     "flowrules help options\n"
     "flowrules help --json\n",
     run_help},
};

const struct grammar tool_grammar = {verbs, COUNT(verbs), common_options, COUNT(common_options)};
