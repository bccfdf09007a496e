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
     "the lock file with the addresses of names, or 'none'; without it, POLICY.lock where that "
     "exists",
     PLACE(lock), NULL, OPTION_TEXT, 0},
    {"plugin", "FILE",
     "a shared object with a backend that is not built in; may be given several times",
     PLACE(plugins), NULL, OPTION_LIST, 0},
    {"diagnostics", "FORM",
     "messages as 'text', or as 'json': one object on standard error at the end",
     PLACE(diagnostics), diagnostics_choices, OPTION_CHOICE, 0},
    {"color", "WHEN",
     "'auto' (on a terminal, unless NO_COLOR is set in the environment), 'always' or 'never'",
     PLACE(colour), colour_choices, OPTION_CHOICE, 0},
    {"quiet", NULL, "no warnings and notes", PLACE(quiet), NULL, OPTION_FLAG, 'q'},
    {"help", NULL, "this help, or that of the verb", PLACE(help), NULL, OPTION_FLAG, 'h'},
    {"version", NULL, "the version", PLACE(version), NULL, OPTION_FLAG, 0},
};

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
     "'first', a server; 'cluster', a namespace of Kubernetes; 'edge', a firewall between networks",
     PLACE(start), init_choices, OPTION_CHOICE, 0},
};

static const struct option check_options[] = {
    MAX_AGE_OPTION,
    JSON_OPTION("the title, flows and targets as JSON"),
};

static const struct option render_options[] = {
    {"target", "TARGET[:FORMAT]",
     "a target of the policy, or a backend's name for that backend with its default settings; "
     "FORMAT is another spelling than the first of 'flowrules targets BACKEND'; may be given "
     "several times; without it, every target of the policy",
     PLACE(targets), NULL, OPTION_LIST, 't'},
    {"output", "DIR",
     "write the files into this folder, which is made if it is missing: all of them or, when a "
     "target fails, none",
     PLACE(output), NULL, OPTION_TEXT, 'o'},
    {"replace", NULL,
     "with -o, replace files too that flowrules did not write into this folder; without it, they "
     "are never touched",
     PLACE(replace), NULL, OPTION_FLAG, 0},
    {"print", NULL, "print every file to standard output, each after a line '==> NAME <=='",
     PLACE(print), NULL, OPTION_FLAG, 0},
    MAX_AGE_OPTION,
    {"no-verify", NULL,
     "do not read the rules back and hold them against the policy before they are written",
     PLACE(no_verify), NULL, OPTION_FLAG, 0},
    {"no-map", NULL, "do not write TARGET.map.json, which tells the flows that each rule came from",
     PLACE(no_map), NULL, OPTION_FLAG, 0},
    JSON_OPTION("with -o, the list of written files as JSON"),
};

static const struct option explain_options[] = {
    {"target", "TARGET",
     "a target of the policy, or a backend's name; may be given several times; without it, every "
     "target of the policy",
     PLACE(targets), NULL, OPTION_LIST, 't'},
    JSON_OPTION("an object for each flow and target, as JSON"),
};

static const struct option query_options[] = {
    {"target", "TARGET",
     "show the rules of this target, or of a backend's name; may be given several times; without "
     "it, those of every target of the policy",
     PLACE(targets), NULL, OPTION_LIST, 't'},
    JSON_OPTION("the whole answer as JSON"),
};

#define SET_OPTION                                                                                 \
    {                                                                                              \
        "set", "KEY=VALUE",                                                                        \
            "a setting of the backend for reading the configuration, as in 'flowrules targets "    \
            "BACKEND'; may be given several times",                                                \
            PLACE(sets), NULL, OPTION_LIST, 0                                                      \
    }

static const struct option verify_options[] = {
    {"target", "TARGET[:FORMAT]",
     "the target of the policy that the files are of, or a backend's name; may be left out where "
     "the policy has one target",
     PLACE(targets), NULL, OPTION_LIST, 't'},
    SET_OPTION,
    JSON_OPTION("the verdict, the differences and what was not understood as JSON"),
};

static const struct option diff_options[] = {
    {"target", "TARGET[:FORMAT]",
     "compare what this target of the policies has to let pass; without it, the policies by "
     "themselves",
     PLACE(targets), NULL, OPTION_LIST, 't'},
    SET_OPTION,
    JSON_OPTION("the verdict, the differences and what was not understood as JSON"),
};

static const struct option resolve_options[] = {
    {"target", "TARGET",
     "only names that this target needs, or a backend's name; may be given several times; without "
     "it, those that any target of the policy needs",
     PLACE(targets), NULL, OPTION_LIST, 't'},
    {"network", "NETWORK", "only names in this network; may be given several times",
     PLACE(networks), NULL, OPTION_LIST, 0},
    {"server", "ADDR[:PORT]",
     "ask this server; may be given several times, up to 8: each is asked, and where they disagree "
     "that is told; without it, the servers of the machine's resolv.conf",
     PLACE(servers), NULL, OPTION_LIST, 's'},
    {"merge", NULL, "keep addresses that a name had before, for names whose answers rotate",
     PLACE(merge), NULL, OPTION_FLAG, 0},
    {"keep", "DAYS",
     "the same, for so many days since an address was last seen; without it, 30 days",
     PLACE(keep_days), NULL, OPTION_TEXT, 0},
    {"check", NULL, "write nothing; the exit status is 1 when a name has other addresses now",
     PLACE(check), NULL, OPTION_FLAG, 0},
    {"timeout", "SECONDS", "wait so long for a reply, twice as long at each new try (2)",
     PLACE(timeout), NULL, OPTION_TEXT, 0},
    {"tries", "NUMBER", "put a question so often (3)", PLACE(tries), NULL, OPTION_TEXT, 0},
    {"deadline", "SECONDS", "end after this time, whatever is still open (300)", PLACE(deadline),
     NULL, OPTION_TEXT, 0},
    {"in-flight", "NUMBER", "questions under way at once (100)", PLACE(in_flight), NULL,
     OPTION_TEXT, 0},
    {"max-addresses", "NUMBER",
     "do not believe that a name has more addresses of a family than this (256)",
     PLACE(max_addresses), NULL, OPTION_TEXT, 0},
    JSON_OPTION("every name with its status, aliases and addresses as JSON"),
};

static const char *const probe_formats[] = {"sh", "kubernetes", NULL};

static const struct option probe_options[] = {
    {"from", "NETWORK",
     "the flows whose source overlaps this network of the policy, or address: those that begin "
     "where the test is to run",
     PLACE(from), NULL, OPTION_TEXT, 0},
    {"target", "TARGET", "the flows that leave what this target protects, or pass through it",
     PLACE(targets), NULL, OPTION_LIST, 't'},
    {"flow", "FLOW", "this flow; may be given several times", PLACE(flows), NULL, OPTION_LIST, 0},
    {"try", "[NETWORK=]HOST",
     "an address or name to try where a destination is no single host: a prefix or wildcard that "
     "holds it or, with NETWORK=, a platform's group; may be given several times",
     PLACE(hosts), NULL, OPTION_LIST, 0},
    {"most", "NUMBER", "the most probes that are made of one flow, 1-1000; without it, 16",
     PLACE(most), NULL, OPTION_TEXT, 0},
    {"format", "FORM",
     "'sh', a script, or 'kubernetes', a Pod that runs it and the ConfigMap that holds it",
     PLACE(format), probe_formats, OPTION_CHOICE, 0},
    {"name", "NAME", "what the file and the pod are called; without it, flowrules-probe",
     PLACE(name), NULL, OPTION_TEXT, 0},
    {"namespace", "NAME", "of the pod; without it, that of the pods which --from NETWORK selects",
     PLACE(namespace_name), NULL, OPTION_TEXT, 0},
    {"label", "KEY=VALUE",
     "of the pod, so that NetworkPolicies select it, beside those of --from NETWORK; may be given "
     "several times",
     PLACE(labels), NULL, OPTION_LIST, 0},
    {"image", "IMAGE", "of the pod: any that has sh; without it, docker.io/library/python:3-slim",
     PLACE(image), NULL, OPTION_TEXT, 0},
    {"output", "DIR", "write the file into this folder, which is made if it is missing",
     PLACE(output), NULL, OPTION_TEXT, 'o'},
    JSON_OPTION("the list of probes as JSON, for a tool of your own to make them"),
};

static const struct option import_options[] = {
    SET_OPTION,
    {"protects", "ENDS",
     "whose firewall it is, where the configuration does not say: addresses, prefixes or groups as "
     "KEY=VALUE (group=sg-0a1b2c3d, say), with commas between",
     PLACE(protects), NULL, OPTION_TEXT, 0},
};

static const struct option targets_options[] = {
    JSON_OPTION("an object for each backend, with all that is known of it, as JSON"),
};

static const struct option schema_options[] = {
    {"included", NULL, "that of the files that a policy includes", PLACE(included), NULL,
     OPTION_FLAG, 0},
    {"of", "ANSWER",
     "that of what a verb tells with --json: check, render, explain, query, verify, diff, resolve, "
     "probe, targets or help; 'message' is what explain tells of a number, 'diagnostics' what "
     "--diagnostics=json does",
     PLACE(of), NULL, OPTION_TEXT, 0},
};

static const struct option help_options[] = {
    JSON_OPTION("the verbs and their options as JSON"),
};

static const struct verb verbs[] = {
    {"init", "[FILE]", "a policy to start from",
     "Writes a policy with comments, sound as it is, to put your own networks and flows into. FILE "
     "is policy.yaml where none is named, or '-' for standard output; a file that is there is "
     "never "
     "overwritten.",
     init_options, COUNT(init_options), 0, 1, "",
     "flowrules init\n"
     "flowrules init edge.yaml --from edge\n"
     "flowrules init --from cluster - | flowrules check -\n",
     run_init},
    {"check", "POLICY", "is the file sound?",
     "Reads a policy, what it includes and its lock file, and tells every error in them, and "
     "every error that rendering its targets would tell, but for names that are not pinned. "
     "POLICY may be '-' for standard input.",
     check_options, COUNT(check_options), 1, 1, "a POLICY is needed",
     "flowrules check kimi-k2.yaml\n"
     "flowrules check --json kimi-k2.yaml\n"
     "flowrules check --as-of 2027-07-01 kimi-k2.yaml\n",
     run_check},
    {"render", "POLICY", "write the rules of the targets",
     "Writes what the targets of a policy need. One target with one file goes to standard "
     "output; more need -o DIR or --print.\n"
     "Every target is rendered, read back and held against the policy before a file is written. "
     "When one of them can't say a flow exactly (exit status 4), nothing is written at all. The "
     "files in DIR change as one set; those of an earlier rendering that are no longer made are "
     "removed (docs/FILES.md).\n"
     "POLICY may be '-' for standard input.",
     render_options, COUNT(render_options), 1, 1, "a POLICY is needed",
     "flowrules render kimi-k2.yaml -t node-nft\n"
     "flowrules render kimi-k2.yaml -o build/\n"
     "flowrules render kimi-k2.yaml -t nftables --print\n",
     run_render},
    {"explain", "POLICY | FRnnnn", "how truly each target says each flow; what a message means",
     "Prints a table of every flow on every target, then the reason for all that is not exact:\n"
     "  exact         the target admits exactly this flow\n"
     "  native        exact, and the target resolves the name or group itself\n"
     "  pinned        exact for the addresses in the lock file\n"
     "  widened       more is admitted than asked for, as the file allows\n"
     "  narrowed      less is admitted than asked for, as the file allows\n"
     "  refused       it can't be said; nothing is written for this target\n"
     "  unresolved    a name has no address in the lock file\n"
     "  expired       the flow's last day has passed; it is left out\n"
     "  out-of-scope  the target does not stand between these ends, or does not select the flow\n"
     "The exit status is 4 when a flow is refused, otherwise 5 when one is unresolved. "
     "POLICY may be '-' for standard input.\n"
     "With the number of a message, FR0508 say, tells what it means, its cause and its cure.",
     explain_options, COUNT(explain_options), 1, 1, "a POLICY is needed",
     "flowrules explain kimi-k2.yaml\n"
     "flowrules explain kimi-k2.yaml -t node-nft -t nftables\n"
     "flowrules explain --json kimi-k2.yaml\n"
     "flowrules explain FR0508\n",
     run_explain},
    {"resolve", "POLICY [NAME]...", "ask the DNS, and pin names in the lock file",
     "Asks for the addresses of the names that targets match by address, and writes them into the "
     "lock file: POLICY.lock, or --lock FILE. No other verb asks the DNS.\n"
     "With NAME, only that name, whether or not a target needs it; it is one of the policy, or "
     "below one of its wildcards. Entries of names that are not asked for stay as they are.\n"
     "  new      the name had no address in the lock file\n"
     "  changed  it has other addresses now\n"
     "  same     it has not\n"
     "  kept     it could not be resolved: its old addresses stay, with a warning\n"
     "  failed   it could not be resolved, and had none (exit status 5)\n"
     "A name without an address in one family is no failure. POLICY may be '-' for standard "
     "input, with --lock.",
     resolve_options, COUNT(resolve_options), 1, SIZE_MAX, "a POLICY is needed",
     "flowrules resolve kimi-k2.yaml\n"
     "flowrules resolve kimi-k2.yaml -t node-nft --server 192.0.2.53 --server '[2001:db8::53]:53'\n"
     "flowrules resolve kimi-k2.yaml --merge --keep 14\n"
     "flowrules resolve kimi-k2.yaml --check\n"
     "flowrules resolve kimi-k2.yaml cdn-lfs.huggingface.co\n",
     run_resolve},
    {"query", "POLICY QUESTION", "would a packet pass, and by which flow?",
     "Tells whether a packet that opens a connection would pass, the flows that say so, and the "
     "rules that they became.\n"
     "QUESTION is 'PROTOCOL SOURCE[:PORT] -> DESTINATION[:PORT]', or, for ICMP, "
     "DESTINATION[:TYPE[/CODE]]. An end is an address (an IPv6 address in brackets when a port "
     "follows), a name or a network of the policy.\n"
     "Without -t the whole policy answers; where its targets select different flows, each that "
     "selects "
     "any answers for itself.\n"
     "The exit status is 0 when it is allowed, 1 when it is denied or allowed in part. "
     "POLICY may be '-' for standard input.",
     query_options, COUNT(query_options), 2, 2, "a POLICY and a QUESTION are needed",
     "flowrules query kimi-k2.yaml 'tcp 10.0.16.5 -> huggingface.co:443'\n"
     "flowrules query kimi-k2.yaml 'udp [2001:db8:16::5]:40000 -> [2001:db8::53]:53'\n"
     "flowrules query kimi-k2.yaml 'icmp cluster-nodes -> router:8/0' -t node-nft\n",
     run_query},
    {"verify", "POLICY FILE...", "does a configuration mean exactly the policy?",
     "Reads an artifact, or what a device or cloud gives out as its running configuration, and "
     "decides whether it lets pass exactly what a target of the policy has to. Where it does not, "
     "tells the packets that pass and should not and those that should and don't, each with an "
     "example, the flow, and the line of the rule that decides.\n"
     "What is not understood and might change the meaning is told with its line, and the verdict "
     "is then never 'equal'.\n"
     "The exit status is 0 when they are equal, 1 when they differ or it can't be told. One FILE, "
     "or POLICY, may be '-' for standard input.",
     verify_options, COUNT(verify_options), 2, FILES_MOST, "a POLICY and a FILE are needed",
     "flowrules render kimi-k2.yaml -t node-nft > node-nft.nft\n"
     "flowrules verify kimi-k2.yaml -t node-nft node-nft.nft\n"
     "flowrules verify kimi-k2.yaml -t node-nft --json node-nft.nft\n",
     run_verify},
    {"diff", "OLD NEW", "what would newly pass, what no longer?",
     "Compares what two policies or configurations let pass, in any mix. A side is the path of a "
     "policy, or BACKEND[:FORMAT]=FILE[,FILE...] for a configuration. Another order, grouping or "
     "naming is no difference.\n"
     "With -t, policies are compared as that target has to enforce them; a configuration needs "
     "it on the other side, unless it is compared with another one.\n"
     "The exit status is 0 when the same packets pass, 1 when not or when it can't be told.",
     diff_options, COUNT(diff_options), 2, 2, "two sides are needed",
     "flowrules diff kimi-k2.yaml kimi-k2.yaml\n"
     "flowrules diff kimi-k2.yaml kimi-k2.yaml -t node-nft --json\n",
     run_diff},
    {"probe", "POLICY", "a script that tries the flows from where it is run",
     "Writes a POSIX shell script that tests the connectivity of the flows, from the machine that "
     "it is run on: a TCP connection, a TLS handshake, a DNS query over UDP and TCP, an NTP query, "
     "a ping. It is made with what the machine has, prints a line for each flow and a summary, and "
     "its exit status tells whether all is well; --help is at its head. Nothing is tried while it "
     "is written.\n"
     "Without --from, -t and --flow it has every allow, and the denies from any. A deny is tried "
     "too, and passes when there is no connection. A destination of more than one address, a "
     "wildcard or a platform's group has no host to connect to, which the script tells: --try "
     "names one.\n"
     "POLICY may be '-' for standard input.",
     probe_options, COUNT(probe_options), 1, 1, "a POLICY is needed",
     "flowrules probe kimi-k2.yaml --from cluster-nodes -o build/\n"
     "flowrules probe kimi-k2.yaml -t node-nft --try cas.huggingface.co -o build/\n"
     "flowrules probe llm-d.yaml --from vllm --format kubernetes -o build/\n",
     run_probe},
    {"import", "BACKEND[:FORMAT] FILE...", "a policy from a configuration",
     "Writes a policy that means exactly what a configuration lets pass to standard output: "
     "objects "
     "become networks, names and comments of rules those of flows, and a target says how to render "
     "it again. The policy is held against the configuration before it is printed; what it can't "
     "keep is told.\n"
     "Rendered for another backend it is a migration: give it a target of that backend.\n"
     "The exit status is 1 when something was not understood and the policy is without it, 4 when "
     "no policy can mean what the configuration does. One FILE may be '-' for standard input.",
     import_options, COUNT(import_options), 2, FILES_MOST, "a BACKEND and a FILE are needed",
     "flowrules render kimi-k2.yaml -t edge-asa --no-map > edge-asa.cfg\n"
     "flowrules import cisco-asa edge-asa.cfg\n",
     run_import},
    {"targets", "[BACKEND]", "what each backend can say, its settings and limits",
     "Without a name, a table of the backends. With one, its formats, what it can say, its "
     "settings in a policy's targets, its bindings in networks, and its limits with their source.",
     targets_options, COUNT(targets_options), 0, 1, "",
     "flowrules targets\n"
     "flowrules targets nftables\n"
     "flowrules targets --json\n",
     run_targets},
    {"schema", "", "the JSON Schema of the policy file",
     "Prints the JSON Schema (2020-12) of the policy file, by which an editor completes and "
     "checks. "
     "It is made of the tables that the reader goes by, with the settings of every backend, those "
     "of --plugin too. What 'flowrules check' finds sound passes it; not all that is wrong can be "
     "said by a schema.\n"
     "With --of, that of what a verb tells with --json: an object whose key flowrules-json is the "
     "version. A key that goes or changes its meaning makes a new version, one that comes does "
     "not.",
     schema_options, COUNT(schema_options), 0, 0, "",
     "flowrules schema > policy.schema.json\n"
     "flowrules schema --of verify\n"
     "flowrules schema --included > definitions.schema.json\n",
     run_schema},
    {"complete", "[WORD]...", "what may come next on a command line (for shells)",
     "Prints what the last WORD of a command line may become, a candidate on a line with its "
     "meaning behind a tab; ':files' and ':folders' stand for those. The words are those behind "
     "'flowrules', the last one empty where a new one begins.\n"
     "The completions for bash, zsh and fish that are installed with the tool ask it.",
     NULL, 0, 0, SIZE_MAX, "",
     "flowrules complete -- ren\n"
     "flowrules complete -- render kimi-k2.yaml -t ''\n",
     run_complete},
    {"help", "[VERB]", "this help, or that of a verb",
     "Prints the help of the tool, or of a verb; with 'options', the options of every verb.",
     help_options, COUNT(help_options), 0, 1, "",
     "flowrules help render\n"
     "flowrules help options\n"
     "flowrules help --json\n",
     run_help},
};

const struct grammar tool_grammar = {verbs, COUNT(verbs), common_options, COUNT(common_options)};
