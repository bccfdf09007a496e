/*
 * flowrules: writes the exact rules of every firewall from one file of allowed flows.
 *
 * Conventions of every function here
 *   Result      a flowrules_status; what is made comes back through the first parameter, which
 *               is set to NULL on failure. Getters return the value itself.
 *   Ownership   an object is the caller's until its _free; _free(NULL) does nothing. Text that a
 *               getter returns belongs to the object and lives until that is freed; it is UTF-8,
 *               NUL-terminated, and NULL where there is none. An index out of range reads as
 *               NULL, 0 or false.
 *   Messages    what there is to tell is kept in the context (flowrules_diagnostic_...); the
 *               library never prints, never exits and keeps no global state.
 *   Threads     a context and all that was made with it belong to one thread at a time; different
 *               contexts are independent.
 *   Lifetime    a context must outlive what was made with it. A policy must outlive nothing:
 *               artifacts, reports and answers hold copies.
 */
#ifndef FLOWRULES_FLOWRULES_H
#define FLOWRULES_FLOWRULES_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define FLOWRULES_VERSION "0.1.0"

#if defined(__GNUC__)
#define FLOWRULES_API   __attribute__((visibility("default")))
#define FLOWRULES_CHECK __attribute__((visibility("default"), warn_unused_result))
#else
#define FLOWRULES_API
#define FLOWRULES_CHECK
#endif

/* How a call ended. 0 to 6 are the tool's exit statuses too. */
typedef enum flowrules_status {
    FLOWRULES_OK = 0,
    FLOWRULES_DIFFERENT = 1,  /* a comparison found a difference */
    FLOWRULES_USAGE = 2,      /* an option, target, backend or format that does not exist */
    FLOWRULES_INVALID = 3,    /* the input is not valid; the messages say where */
    FLOWRULES_REFUSED = 4,    /* a target can't say a flow exactly; the messages list each one */
    FLOWRULES_UNRESOLVED = 5, /* a name has no address in the lock file */
    FLOWRULES_IO = 6,         /* a file can't be read */
    FLOWRULES_NO_MEMORY = 7
} flowrules_status;

/* The status in a word: "ok", "refused" ... A static text. */
FLOWRULES_API const char *flowrules_status_name(flowrules_status status);

/*
 * What a message's number ("FR0508") means: what it tells, what it mostly comes from, and what to
 * do about it, a sentence or two each. NULL where no message has the number.
 */
typedef enum flowrules_message_part {
    FLOWRULES_MEANING,
    FLOWRULES_CAUSE,
    FLOWRULES_CURE
} flowrules_message_part;
FLOWRULES_API const char *flowrules_message_text(const char *id, flowrules_message_part part);

/* The version of the library that runs, as "major.minor.patch". A static text. */
FLOWRULES_API const char *flowrules_version(void);

/* ---- contexts ---------------------------------------------------------------------------- */

typedef struct flowrules_context flowrules_context;

/*
 * An allocator: a block of size bytes with the content of block (NULL: a new one), NULL when
 * there is none to be had; with size 0 it frees block and returns NULL.
 */
typedef void *(*flowrules_resize_fn)(void *user, void *block, size_t size);

/* A new context on the C library's allocator. */
FLOWRULES_CHECK flowrules_status flowrules_context_new(flowrules_context **context);

/* A new context that takes its memory from resize, which is called with user. */
FLOWRULES_CHECK flowrules_status flowrules_context_new_with_allocator(flowrules_context **context,
                                                                      flowrules_resize_fn resize,
                                                                      void *user);

FLOWRULES_API void flowrules_context_free(flowrules_context *context);

/*
 * Sets an option; FLOWRULES_USAGE, with a message, when the key or value is not known. A NULL
 * value means the default again.
 *   as-of      the date (YYYY-MM-DD) at which a policy is read: flows that expired before it are
 *              left out. A policy in which a flow expires can't be read without it.
 *   lock       the lock file's path; "none" for no lock. Default: the policy's path + ".lock",
 *              when that exists.
 *   max-size   the largest file that is read, in bytes. Default 1073741824 (1 GiB).
 *   max-flows  the largest number of flows. Default 4000000.
 *   max-age    rendering and flowrules_check warn of names whose addresses were last seen more
 *              days ago than this.
 *              Default: no limit.
 *   verify     "yes": what flowrules_render makes is read back and held against the policy first;
 *              where they differ it is refused. "no": it is not. Default "yes".
 * How flowrules_resolve goes about it:
 *   server     the DNS servers that are asked, all of them: "ADDRESS[:PORT],...", up to 8; an IPv6
 *              address stands in brackets when a port follows. Default: those of the machine's
 *              resolv.conf, the next of them where one fails.
 *   timeout    seconds that a reply is waited for, up to three decimals; doubled at each new try.
 *              Default 2.
 *   tries      how often a question is put to a server that does not reply or fails. Default 3.
 *   deadline   seconds after which it ends, whatever is still open. Default 300.
 *   in-flight  questions under way at once. Default 100.
 *   max-addresses  a name with more addresses of one family is not believed. Default 256.
 *   merge      "yes": addresses that a name had before stay. Default "no".
 *   keep-days  with merge, for so many days since they were last seen. Default 30.
 */
FLOWRULES_CHECK flowrules_status flowrules_context_set(flowrules_context *context, const char *key,
                                                       const char *value);

/* ---- diagnostics ------------------------------------------------------------------------- */

typedef enum flowrules_severity {
    FLOWRULES_NOTE = 0,
    FLOWRULES_WARNING = 1,
    FLOWRULES_ERROR = 2
} flowrules_severity;

/* The number of messages since the context was made or they were last cleared. */
FLOWRULES_API size_t flowrules_diagnostic_count(const flowrules_context *context);

FLOWRULES_API flowrules_severity flowrules_diagnostic_severity(const flowrules_context *context,
                                                               size_t index);

/* The stable name of the kind of message: "FR0102". docs/DIAGNOSTICS.md lists them. */
FLOWRULES_API const char *flowrules_diagnostic_id(const flowrules_context *context, size_t index);

/* What is wrong, and what to do about it (may be NULL). One line each, without control characters.
 */
FLOWRULES_API const char *flowrules_diagnostic_message(const flowrules_context *context,
                                                       size_t index);
FLOWRULES_API const char *flowrules_diagnostic_hint(const flowrules_context *context, size_t index);

/*
 * Where it is: the file's name as it was given (NULL: nowhere), line and column from 1 (0: the
 * whole file), the marked length in characters (0: unknown), and the text of that line.
 */
FLOWRULES_API const char *flowrules_diagnostic_file(const flowrules_context *context, size_t index);
FLOWRULES_API uint32_t flowrules_diagnostic_line(const flowrules_context *context, size_t index);
FLOWRULES_API uint32_t flowrules_diagnostic_column(const flowrules_context *context, size_t index);
FLOWRULES_API uint32_t flowrules_diagnostic_length(const flowrules_context *context, size_t index);
FLOWRULES_API const char *flowrules_diagnostic_source(const flowrules_context *context,
                                                      size_t index);

/* The flow and the target that it is about, or NULL. */
FLOWRULES_API const char *flowrules_diagnostic_flow(const flowrules_context *context, size_t index);
FLOWRULES_API const char *flowrules_diagnostic_target(const flowrules_context *context,
                                                      size_t index);

FLOWRULES_API void flowrules_diagnostics_clear(flowrules_context *context);

/* ---- policies ---------------------------------------------------------------------------- */

typedef struct flowrules_policy flowrules_policy;

/*
 * Reads a policy file, what it includes, and its lock file. FLOWRULES_INVALID: every error of
 * the files is in the messages, in order. Warnings come with FLOWRULES_OK.
 */
FLOWRULES_CHECK flowrules_status flowrules_policy_load(flowrules_policy **policy,
                                                       flowrules_context *context,
                                                       const char *path);

/*
 * The same from memory; name stands for the file in messages, and its folder is where includes
 * are looked for. No lock file is read unless the option "lock" names one.
 */
FLOWRULES_CHECK flowrules_status flowrules_policy_load_text(flowrules_policy **policy,
                                                            flowrules_context *context,
                                                            const char *name, const char *text,
                                                            size_t size);

FLOWRULES_API void flowrules_policy_free(flowrules_policy *policy);

FLOWRULES_API const char *flowrules_policy_title(const flowrules_policy *policy);

/* The flows in the order of the file, expired ones included. */
FLOWRULES_API size_t flowrules_flow_count(const flowrules_policy *policy);
FLOWRULES_API const char *flowrules_flow_name(const flowrules_policy *policy, size_t flow);
FLOWRULES_API const char *flowrules_flow_action(const flowrules_policy *policy,
                                                size_t flow); /* "allow", "deny" */
FLOWRULES_API const char *flowrules_flow_purpose(const flowrules_policy *policy, size_t flow);
FLOWRULES_API const char *flowrules_flow_owner(const flowrules_policy *policy, size_t flow);
FLOWRULES_API const char *flowrules_flow_ticket(const flowrules_policy *policy, size_t flow);
FLOWRULES_API const char *flowrules_flow_volume(const flowrules_policy *policy, size_t flow);
FLOWRULES_API const char *flowrules_flow_frequency(const flowrules_policy *policy, size_t flow);
FLOWRULES_API const char *flowrules_flow_expires(const flowrules_policy *policy,
                                                 size_t flow); /* YYYY-MM-DD */
FLOWRULES_API int flowrules_flow_expired(const flowrules_policy *policy, size_t flow); /* 1 or 0 */
FLOWRULES_API size_t flowrules_flow_tag_count(const flowrules_policy *policy, size_t flow);
FLOWRULES_API const char *flowrules_flow_tag(const flowrules_policy *policy, size_t flow,
                                             size_t tag);

FLOWRULES_API size_t flowrules_network_count(const flowrules_policy *policy);
FLOWRULES_API const char *flowrules_network_name(const flowrules_policy *policy, size_t network);
FLOWRULES_API size_t flowrules_service_count(const flowrules_policy *policy);
FLOWRULES_API const char *flowrules_service_name(const flowrules_policy *policy, size_t service);

/* The targets in the order of the file. */
FLOWRULES_API size_t flowrules_target_count(const flowrules_policy *policy);
FLOWRULES_API const char *flowrules_target_name(const flowrules_policy *policy, size_t target);
/* 1 if the target's select takes the flow; 0 if not, for either out of range, or out of memory. */
FLOWRULES_API int flowrules_target_selects(const flowrules_policy *policy, size_t target,
                                           size_t flow);
FLOWRULES_API const char *flowrules_target_backend(const flowrules_policy *policy, size_t target);
/* Has it mode: permits, so that it closes nothing? */
FLOWRULES_API int flowrules_target_permits(const flowrules_policy *policy, size_t target);

/* ---- resolving --------------------------------------------------------------------------- */

/*
 * The addresses of names, asked of the DNS, and the lock file that pins them. Nothing else in the
 * library asks anything of anybody. Nothing is written: the caller has the lock file's new text.
 */
typedef struct flowrules_resolution flowrules_resolution;

/*
 * A resolution of the names of a policy of which some target needs addresses: one that matches
 * addresses, for a flow that it enforces. For a policy without targets, of all names.
 */
FLOWRULES_CHECK flowrules_status flowrules_resolution_new(flowrules_resolution **resolution,
                                                          flowrules_context *context,
                                                          const flowrules_policy *policy);

FLOWRULES_API void flowrules_resolution_free(flowrules_resolution *resolution);

/*
 * These narrow it, before flowrules_resolve: to the names that one target needs (a target of the
 * policy, or a backend), to those in one network, to one name. Several of a kind add up; a name
 * must be needed by one of the targets and be in one of the networks. A name that is asked for by
 * itself need not be needed by a target; it is one of the policy, or below one of its wildcards.
 * FLOWRULES_USAGE where there is no such target, network or name.
 */
FLOWRULES_CHECK flowrules_status flowrules_resolution_target(flowrules_resolution *resolution,
                                                             const char *target);
FLOWRULES_CHECK flowrules_status flowrules_resolution_network(flowrules_resolution *resolution,
                                                              const char *network);
FLOWRULES_CHECK flowrules_status flowrules_resolution_name(flowrules_resolution *resolution,
                                                           const char *name);

/*
 * Asks, compares with the lock file, and makes its new text; needs the option as-of. Once for a
 * resolution. FLOWRULES_UNRESOLVED: some name has no address and had none before; the rest is
 * there all the same. FLOWRULES_IO: the DNS can't be asked at all. What failed, what is doubtful
 * and what servers disagree on is in the messages.
 */
FLOWRULES_CHECK flowrules_status flowrules_resolve(flowrules_resolution *resolution);

/* The names that were asked for, sorted. */
FLOWRULES_API size_t flowrules_resolution_name_count(const flowrules_resolution *resolution);
FLOWRULES_API const char *flowrules_resolution_name_text(const flowrules_resolution *resolution,
                                                         size_t name);
/*
 * "new" (it had no address before), "changed", "same", "kept" (it could not be resolved, and
 * stays as it was) or "failed" (likewise, and it had none).
 */
FLOWRULES_API const char *flowrules_resolution_status(const flowrules_resolution *resolution,
                                                      size_t name);
/* Why it is kept or failed, in a line; NULL for the others. */
FLOWRULES_API const char *flowrules_resolution_reason(const flowrules_resolution *resolution,
                                                      size_t name);
/* The seconds for which its answer holds; 0 where there was none. */
FLOWRULES_API uint32_t flowrules_resolution_ttl(const flowrules_resolution *resolution,
                                                size_t name);

/* Its addresses, those that it no longer has among them; IPv4 first, sorted. */
FLOWRULES_API size_t flowrules_resolution_address_count(const flowrules_resolution *resolution,
                                                        size_t name);
FLOWRULES_API const char *flowrules_resolution_address(const flowrules_resolution *resolution,
                                                       size_t name, size_t address);
/* "new", "same", "kept" (not in the answer, and stays), or "gone". */
FLOWRULES_API const char *flowrules_resolution_address_state(const flowrules_resolution *resolution,
                                                             size_t name, size_t address);

/* The chain of aliases (CNAME) from the name to that which has the addresses. */
FLOWRULES_API size_t flowrules_resolution_alias_count(const flowrules_resolution *resolution,
                                                      size_t name);
FLOWRULES_API const char *flowrules_resolution_alias(const flowrules_resolution *resolution,
                                                     size_t name, size_t alias);

/*
 * The new lock file, whole and NUL-terminated, *size bytes without that; NULL before
 * flowrules_resolve. It holds all that the old one did of names that were not asked for.
 */
FLOWRULES_API const char *flowrules_resolution_lock(const flowrules_resolution *resolution,
                                                    size_t *size);
/* Is it another text than the old lock file's? 1 or 0. */
FLOWRULES_API int flowrules_resolution_lock_differs(const flowrules_resolution *resolution);

/* What an injected resolver answers into; it exists while that is called. */
typedef struct flowrules_inquiry flowrules_inquiry;

/* Resolves a name, by the functions below. Called from within flowrules_resolve, one at a time. */
typedef void (*flowrules_resolver_fn)(void *user, const char *name, flowrules_inquiry *inquiry);

/* Asks resolver instead of the DNS; NULL for the DNS again. */
FLOWRULES_API void flowrules_context_set_resolver(flowrules_context *context,
                                                  flowrules_resolver_fn resolver, void *user);

/*
 * One address of the name, "192.0.2.1" or "2001:db8::1", and the seconds for which it holds; one
 * alias on the way to it, in their order; or that the name can't be resolved, and why (may be
 * NULL). 1, or 0 when it is not taken: no address, too many of them, no memory. A name without
 * address, alias and failure is one that has no address.
 */
FLOWRULES_API int flowrules_inquiry_address(flowrules_inquiry *inquiry, const char *address,
                                            uint32_t ttl);
FLOWRULES_API int flowrules_inquiry_alias(flowrules_inquiry *inquiry, const char *name);
FLOWRULES_API int flowrules_inquiry_fail(flowrules_inquiry *inquiry, const char *why);

/* Is told how many of the names have been answered. Called from within flowrules_resolve. */
typedef void (*flowrules_progress_fn)(void *user, size_t done, size_t total);

/* Calls progress while names are resolved; NULL for nobody. */
FLOWRULES_API void flowrules_context_set_progress(flowrules_context *context,
                                                  flowrules_progress_fn progress, void *user);

/* ---- rendering --------------------------------------------------------------------------- */

typedef struct flowrules_artifact flowrules_artifact;

/*
 * Renders one target: a target of the policy or, with default settings, a backend's name; with
 * ":FORMAT" behind it for a format other than the first. The same policy, lock, settings and
 * as-of date give the same bytes. FLOWRULES_REFUSED and FLOWRULES_UNRESOLVED: the messages list
 * every flow that stands in the way, and there is no artifact.
 */
FLOWRULES_CHECK flowrules_status flowrules_render(flowrules_artifact **artifact,
                                                  flowrules_context *context,
                                                  const flowrules_policy *policy,
                                                  const char *target);

FLOWRULES_API void flowrules_artifact_free(flowrules_artifact *artifact);

/* The files of an artifact. A name has no folder in it; data is not NUL-terminated. */
FLOWRULES_API size_t flowrules_artifact_file_count(const flowrules_artifact *artifact);
FLOWRULES_API const char *flowrules_artifact_file_name(const flowrules_artifact *artifact,
                                                       size_t file);
FLOWRULES_API size_t flowrules_artifact_file_size(const flowrules_artifact *artifact, size_t file);
/* Is it meant to be run (a script)? 1 or 0. */
FLOWRULES_API int flowrules_artifact_file_executable(const flowrules_artifact *artifact,
                                                     size_t file);
/* Is it a script that loads the other files, which can be loaded without it? 1 or 0. */
FLOWRULES_API int flowrules_artifact_file_helper(const flowrules_artifact *artifact, size_t file);
/*
 * The bytes of a file, one block after the other: block 0, 1 ... until NULL. *size is its size.
 * The blocks in a row are the file; it is kept so because an artifact may be very large.
 */
FLOWRULES_API const char *flowrules_artifact_file_block(const flowrules_artifact *artifact,
                                                        size_t file, size_t block, size_t *size);

/*
 * Where each rule came from, as JSON: {"target", "backend", "format", "rules": [{"file", "line",
 * "flows": [...]}]}. Made at the first call; NULL when memory runs out.
 */
FLOWRULES_API const char *flowrules_artifact_map(flowrules_artifact *artifact);

/*
 * Would every target of the file be rendered, if all names were pinned? Every error that
 * flowrules_render would tell of is in the messages then, but for names that are not pinned:
 * FLOWRULES_INVALID where a target lacks something, FLOWRULES_REFUSED where one can't be said.
 */
FLOWRULES_CHECK flowrules_status flowrules_check(flowrules_context *context,
                                                 const flowrules_policy *policy);

/* ---- probing ----------------------------------------------------------------------------- */

typedef struct flowrules_probe flowrules_probe;

/*
 * A connectivity test of a policy's flows, to be run where they begin. It takes options, and is
 * then written as an artifact of one file; the library itself connects to nothing. It keeps the
 * policy alive.
 */
FLOWRULES_CHECK flowrules_status flowrules_probe_new(flowrules_probe **probe,
                                                     flowrules_context *context,
                                                     const flowrules_policy *policy);

FLOWRULES_API void flowrules_probe_free(flowrules_probe *probe);

/*
 * Sets an option, or adds to one that is a list; FLOWRULES_USAGE, with a message, when the key or
 * the value is not known. A NULL value means the default again. Networks, flows and targets are
 * looked up by flowrules_probe_write.
 *   format     sh, a script (the default); kubernetes, a Pod and a ConfigMap that run it; json,
 *              the list of probes
 *   from       a network of the policy or an address: the flows whose source overlaps it
 *   target     a target: the flows that leave what it protects, or pass through it
 *   flow       the name of a flow (a list): these flows alone
 *   try        [NETWORK=]HOST (a list): a host to try where a destination is no single host: a
 *              prefix or wildcard that holds it, or a network that is a platform's group
 *   most       the most probes that are made of one flow, 1-1000. Default 16.
 *   name       of the file, without its ending, and of the Pod. Default flowrules-probe.
 *   namespace, label (KEY=VALUE, a list), image   of the Pod. The first two are those of the
 *              network from, where it selects pods.
 */
FLOWRULES_CHECK flowrules_status flowrules_probe_set(flowrules_probe *probe, const char *key,
                                                     const char *value);

/*
 * Writes the test. The same policy and options give the same bytes. FLOWRULES_USAGE, with a
 * message: an option names what the policy does not have, or no flow is left.
 */
FLOWRULES_CHECK flowrules_status flowrules_probe_write(flowrules_artifact **artifact,
                                                       flowrules_probe *probe);

/* ---- explaining -------------------------------------------------------------------------- */

typedef struct flowrules_report flowrules_report;

/*
 * How truly each flow can be said: a row for each flow and target, targets in the order of the
 * file, flows likewise. target NULL: every target of the file. Refusals are rows, not failures;
 * what flowrules_render would refuse is refused here, and a target that it would refuse as a whole
 * refuses every flow.
 */
FLOWRULES_CHECK flowrules_status flowrules_explain(flowrules_report **report,
                                                   flowrules_context *context,
                                                   const flowrules_policy *policy,
                                                   const char *target);

FLOWRULES_API void flowrules_report_free(flowrules_report *report);

FLOWRULES_API size_t flowrules_report_row_count(const flowrules_report *report);
FLOWRULES_API const char *flowrules_report_flow(const flowrules_report *report, size_t row);
FLOWRULES_API const char *flowrules_report_target(const flowrules_report *report, size_t row);
/* "exact", "native", "pinned", "widened", "narrowed", "refused", "unresolved", "expired" or
 * "out-of-scope". */
FLOWRULES_API const char *flowrules_report_fidelity(const flowrules_report *report, size_t row);
/* Why, in a line; NULL where it is exact and there is nothing to say. */
FLOWRULES_API const char *flowrules_report_reason(const flowrules_report *report, size_t row);
/* The same without what is about this flow alone (its names, how many addresses they have): the
 * end of the reason, or all of it. Rows with one cause can be told together. */
FLOWRULES_API const char *flowrules_report_cause(const flowrules_report *report, size_t row);
/*
 * What the row's target lets pass, or drops, besides its flows: the parts of its baseline, as a
 * policy lists them ("replies, loopback"), or "none". NULL where its backend's has no parts.
 */
FLOWRULES_API const char *flowrules_report_baseline(const flowrules_report *report, size_t row);
/*
 * Of a target that only permits (mode: permits), what it leaves open, in a line; NULL of the
 * others.
 */
FLOWRULES_API const char *flowrules_report_open(const flowrules_report *report, size_t row);

/* ---- asking ------------------------------------------------------------------------------ */

typedef struct flowrules_answer flowrules_answer;

/*
 * Would a packet that opens a connection pass? The question has the form
 * "PROTOCOL SOURCE[:PORT] -> DESTINATION[:PORT or :TYPE[/CODE]]", an end being an address
 * (IPv6 in brackets when a port follows), a name or a network: "tcp 10.0.16.5 ->
 * huggingface.co:443". target NULL: the policy and every target of the file; one that can't be
 * rendered is told of, and the others answer.
 */
FLOWRULES_CHECK flowrules_status flowrules_query(flowrules_answer **answer,
                                                 flowrules_context *context,
                                                 const flowrules_policy *policy, const char *target,
                                                 const char *question);

FLOWRULES_API void flowrules_answer_free(flowrules_answer *answer);

/*
 * "allowed", "denied", "partly" when an end is a set of which only a part may pass, "unknown" where
 * that depends on which addresses a platform's group has, or "undecided" where a target that only
 * permits (mode: permits) does not permit it, and leaves it to the rules of others.
 */
FLOWRULES_API const char *flowrules_answer_verdict(const flowrules_answer *answer);
/* Why, in a line. */
FLOWRULES_API const char *flowrules_answer_reason(const flowrules_answer *answer);

/* The flows that speak of the packet: those that deny it, then those that allow it. */
FLOWRULES_API size_t flowrules_answer_flow_count(const flowrules_answer *answer);
FLOWRULES_API const char *flowrules_answer_flow_name(const flowrules_answer *answer, size_t flow);
FLOWRULES_API const char *flowrules_answer_flow_action(const flowrules_answer *answer, size_t flow);
FLOWRULES_API const char *flowrules_answer_flow_file(const flowrules_answer *answer, size_t flow);
FLOWRULES_API uint32_t flowrules_answer_flow_line(const flowrules_answer *answer, size_t flow);

/* The rules that those flows became: target, file of its artifact, line, and the flow. */
FLOWRULES_API size_t flowrules_answer_rule_count(const flowrules_answer *answer);
FLOWRULES_API const char *flowrules_answer_rule_target(const flowrules_answer *answer, size_t rule);
FLOWRULES_API const char *flowrules_answer_rule_flow(const flowrules_answer *answer, size_t rule);
FLOWRULES_API const char *flowrules_answer_rule_file(const flowrules_answer *answer, size_t rule);
FLOWRULES_API uint32_t flowrules_answer_rule_line(const flowrules_answer *answer, size_t rule);
FLOWRULES_API const char *flowrules_answer_rule_text(const flowrules_answer *answer, size_t rule);

/* ---- configurations, and what they mean --------------------------------------------------- */

/* The files of one configuration: of an artifact, or what a device or cloud gives out. */
typedef struct flowrules_configuration flowrules_configuration;

FLOWRULES_CHECK flowrules_status
flowrules_configuration_new(flowrules_configuration **configuration, flowrules_context *context);
FLOWRULES_API void flowrules_configuration_free(flowrules_configuration *configuration);
/* Reads a file; the path is its name in messages. FLOWRULES_IO: it can't be read. */
FLOWRULES_CHECK flowrules_status
flowrules_configuration_add_file(flowrules_configuration *configuration, const char *path);
/* A file from memory, of which a copy is kept. */
FLOWRULES_CHECK flowrules_status flowrules_configuration_add_text(
    flowrules_configuration *configuration, const char *name, const char *text, size_t size);
/* The files of an artifact that was rendered. */
FLOWRULES_CHECK flowrules_status flowrules_configuration_add_artifact(
    flowrules_configuration *configuration, const flowrules_artifact *artifact);
/*
 * Tells the reader a setting of the backend ("interface" of a Cisco ASA, say) where no target of a
 * policy does, or another value than the target's. FLOWRULES_USAGE: not a key=value of the backend,
 * told when the configuration is read.
 */
FLOWRULES_CHECK flowrules_status flowrules_configuration_set(flowrules_configuration *configuration,
                                                             const char *key, const char *value);

/* The packets that a policy's target, or a configuration, lets pass. */
typedef struct flowrules_meaning flowrules_meaning;

/*
 * What a target of the policy has to let pass (see flowrules_render for how it is named). target
 * NULL: the policy by itself, as if one firewall stood between all its networks.
 * FLOWRULES_REFUSED, FLOWRULES_UNRESOLVED: as when it is rendered.
 */
FLOWRULES_CHECK flowrules_status flowrules_meaning_of_policy(flowrules_meaning **meaning,
                                                             flowrules_context *context,
                                                             const flowrules_policy *policy,
                                                             const char *target);
/*
 * What a configuration lets pass: backend is "BACKEND[:FORMAT]" or, with a policy, the name of a
 * target of it, whose settings then hold. policy may be NULL. FLOWRULES_INVALID: the configuration
 * is not of the backend's syntax.
 */
FLOWRULES_CHECK flowrules_status flowrules_meaning_of_configuration(
    flowrules_meaning **meaning, flowrules_context *context, const char *backend,
    const flowrules_policy *policy, const flowrules_configuration *configuration);
FLOWRULES_API void flowrules_meaning_free(flowrules_meaning *meaning);

/* ---- comparing ---------------------------------------------------------------------------- */

typedef struct flowrules_comparison flowrules_comparison;

/*
 * Which packets does after let pass that before does not, and the other way round? FLOWRULES_OK:
 * none, they are equal. FLOWRULES_DIFFERENT: there are some, or it can't be told; see the verdict.
 */
FLOWRULES_CHECK flowrules_status flowrules_compare(flowrules_comparison **comparison,
                                                   flowrules_context *context,
                                                   const flowrules_meaning *before,
                                                   const flowrules_meaning *after);
/* Does a configuration mean exactly what a target of the policy has to let pass? */
FLOWRULES_CHECK flowrules_status flowrules_verify(flowrules_comparison **comparison,
                                                  flowrules_context *context,
                                                  const flowrules_policy *policy,
                                                  const char *target,
                                                  const flowrules_configuration *configuration);
FLOWRULES_API void flowrules_comparison_free(flowrules_comparison *comparison);

/*
 * "equal"; "contains", where a target that only permits (mode: permits) is held against what runs:
 * all that it has to permit passes there, and what else passes was not looked at; "different"; or
 * "unknown": no difference was found, but not all was understood or compared (see the doubts).
 */
FLOWRULES_API const char *flowrules_comparison_verdict(const flowrules_comparison *comparison);

/* The differences, grouped by the flow and the rules that decide on either side. */
FLOWRULES_API size_t flowrules_difference_count(const flowrules_comparison *comparison);
/* "allowed": after lets it pass and before does not. "denied": the other way round. */
FLOWRULES_API const char *flowrules_difference_change(const flowrules_comparison *comparison,
                                                      size_t difference);
/* "egress", "ingress" or "forward". */
FLOWRULES_API const char *flowrules_difference_direction(const flowrules_comparison *comparison,
                                                         size_t difference);
/* Of which kind they are: "new connections", or one of those that the baseline is about. */
FLOWRULES_API const char *flowrules_difference_packets(const flowrules_comparison *comparison,
                                                       size_t difference);
/*
 * The packets, each as a text for people: from where, to where, and protocol with ports. A set that
 * is a network of the policy has its name before its addresses: "office (198.51.100.0/24)".
 */
FLOWRULES_API const char *flowrules_difference_source(const flowrules_comparison *comparison,
                                                      size_t difference);
FLOWRULES_API const char *flowrules_difference_destination(const flowrules_comparison *comparison,
                                                           size_t difference);
FLOWRULES_API const char *flowrules_difference_service(const flowrules_comparison *comparison,
                                                       size_t difference);
/*
 * The interfaces by which they come and by which they leave, as a text: "eth1, wlan*", "any
 * interface but eth1". NULL where it is all the same, and where the packets have none.
 */
FLOWRULES_API const char *flowrules_difference_enters(const flowrules_comparison *comparison,
                                                      size_t difference);
FLOWRULES_API const char *flowrules_difference_leaves(const flowrules_comparison *comparison,
                                                      size_t difference);
/* One packet of them, in the form of a question: "tcp 10.0.0.1:1024 -> 192.0.2.1:443". */
FLOWRULES_API const char *flowrules_difference_witness(const flowrules_comparison *comparison,
                                                       size_t difference);
/*
 * What decides on the side before (after = 0) or after (1): the flow of a policy; the file, line
 * and name of a configuration's rule. NULL and 0 where nothing does, or it is of the other kind.
 */
FLOWRULES_API const char *flowrules_difference_flow(const flowrules_comparison *comparison,
                                                    size_t difference, int after);
FLOWRULES_API const char *flowrules_difference_file(const flowrules_comparison *comparison,
                                                    size_t difference, int after);
FLOWRULES_API uint32_t flowrules_difference_line(const flowrules_comparison *comparison,
                                                 size_t difference, int after);
/* Is it the baseline of a policy's target that decides there (docs/MODEL.md)? */
FLOWRULES_API int flowrules_difference_baseline(const flowrules_comparison *comparison,
                                                size_t difference, int after);

/* Why it can't be told: what a reader did not understand (after: of which side), and limits. */
FLOWRULES_API size_t flowrules_doubt_count(const flowrules_comparison *comparison);
FLOWRULES_API const char *flowrules_doubt_text(const flowrules_comparison *comparison,
                                               size_t doubt);
FLOWRULES_API int flowrules_doubt_after(const flowrules_comparison *comparison, size_t doubt);
FLOWRULES_API const char *flowrules_doubt_file(const flowrules_comparison *comparison,
                                               size_t doubt);
FLOWRULES_API uint32_t flowrules_doubt_line(const flowrules_comparison *comparison, size_t doubt);

/* ---- importing ---------------------------------------------------------------------------- */

/*
 * A policy that means exactly what a configuration does, as an artifact with one file of YAML.
 * backend: "BACKEND[:FORMAT]". protects: the addresses, prefixes or names of groups that the
 * configuration protects, with commas, where it does not say so itself; or NULL. What can't be kept
 * is told as notes. FLOWRULES_DIFFERENT: something was not understood, which the messages tell, and
 * the policy is without it. FLOWRULES_REFUSED: no policy can mean it; the messages say why.
 */
FLOWRULES_CHECK flowrules_status flowrules_import(flowrules_artifact **artifact,
                                                  flowrules_context *context, const char *backend,
                                                  const char *protects,
                                                  const flowrules_configuration *configuration);

/* ---- backends ---------------------------------------------------------------------------- */

/* The backends that a context knows, in the order of their registration. */
FLOWRULES_API size_t flowrules_backend_count(const flowrules_context *context);
FLOWRULES_API const char *flowrules_backend_name(const flowrules_context *context, size_t backend);
FLOWRULES_API const char *flowrules_backend_title(const flowrules_context *context, size_t backend);
FLOWRULES_API const char *flowrules_backend_description(const flowrules_context *context,
                                                        size_t backend);

/*
 * Makes a backend known to a context, for the policies that are read with it from then on; its
 * record is told of in flowrules/backend.h. The record and all that it points to are read, not
 * copied: they must outlive the context. FLOWRULES_USAGE, with a message: it was built for another
 * version of the interface, its name is taken, or it is not consistent.
 */
struct flowrules_backend;
FLOWRULES_CHECK flowrules_status
flowrules_backend_register(flowrules_context *context, const struct flowrules_backend *backend);

/*
 * The JSON Schema (2020-12) of the policy file, for the backends that the context knows; with
 * included 1, that of the files that a policy includes. What loads passes it; what does not load
 * may pass, where only the whole policy tells. The text is the context's, until the next call.
 */
FLOWRULES_CHECK flowrules_status flowrules_schema(const char **schema, flowrules_context *context,
                                                  int included);

/* What a backend tells of itself, as tables of rows. */
typedef enum flowrules_topic {
    FLOWRULES_FORMATS = 0,      /* name; -; what it is */
    FLOWRULES_CAPABILITIES = 1, /* name; value; what it means */
    FLOWRULES_SETTINGS = 2,     /* key; type, and default where there is one; help */
    FLOWRULES_BINDINGS = 3,     /* likewise, for networks */
    FLOWRULES_LIMITS = 4        /* name; number; where the vendor says so */
} flowrules_topic;

FLOWRULES_API size_t flowrules_backend_row_count(const flowrules_context *context, size_t backend,
                                                 flowrules_topic topic);
FLOWRULES_API const char *flowrules_backend_row_name(const flowrules_context *context,
                                                     size_t backend, flowrules_topic topic,
                                                     size_t row);
FLOWRULES_API const char *flowrules_backend_row_value(const flowrules_context *context,
                                                      size_t backend, flowrules_topic topic,
                                                      size_t row);
FLOWRULES_API const char *flowrules_backend_row_help(const flowrules_context *context,
                                                     size_t backend, flowrules_topic topic,
                                                     size_t row);

#ifdef __cplusplus
}
#endif

#endif
