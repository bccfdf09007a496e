/*
 * flowrules: writes the exact rules of every firewall from one file of allowed flows.
 *
 * Conventions of every function here
 *   Result      a flowrules_status. A new object is returned through the first parameter, which is
 *               set to NULL on failure. Getters return the value itself.
 *   Ownership   the caller owns an object until it calls the object's _free; _free(NULL) does
 *               nothing. Text that a getter returns belongs to the object and is valid until the
 *               object is freed. It is UTF-8 and NUL-terminated, or NULL if there is none. For an
 *               index out of range, a getter returns NULL, 0 or false.
 *   Messages    the context keeps the messages (flowrules_diagnostic_...). The library never
 *               prints, never exits and has no global state.
 *   Threads     only one thread at a time may use a context and the objects made with it. Different
 *               contexts are independent.
 *   Lifetime    free a context after the objects made with it. A policy may be freed at any time:
 *               artifacts, reports and answers have copies.
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

/* The result of a call. 0 to 6 are also the exit statuses of the tool. */
typedef enum flowrules_status {
    FLOWRULES_OK = 0,
    FLOWRULES_DIFFERENT = 1, /* a comparison found a difference, or lint a finding */
    FLOWRULES_USAGE = 2,     /* an option, target, backend or format that does not exist */
    FLOWRULES_INVALID = 3,   /* the input is not valid; the messages say where */
    FLOWRULES_REFUSED = 4, /* a target cannot express a flow exactly; the messages list each one */
    FLOWRULES_UNRESOLVED = 5, /* a name has no address in the lock file */
    FLOWRULES_IO = 6,         /* a file cannot be read */
    FLOWRULES_NO_MEMORY = 7
} flowrules_status;

/* The name of a status: "ok", "refused" ... A static text. */
FLOWRULES_API const char *flowrules_status_name(flowrules_status status);

/*
 * Explains the number of a message ("FR0508") or of a finding of lint ("FL0101"): its meaning, its
 * usual cause, or what to do, in one or two sentences. NULL if none has the number. A static text.
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
 * An allocator. Resizes block (NULL: a new block) to size bytes and returns it, or NULL when out of
 * memory. With size 0 it frees block and returns NULL.
 */
typedef void *(*flowrules_resize_fn)(void *user, void *block, size_t size);

/* Makes a context that uses the allocator of the C library. */
FLOWRULES_CHECK flowrules_status flowrules_context_new(flowrules_context **context);

/* Makes a context that uses the allocator resize, which is called with user. */
FLOWRULES_CHECK flowrules_status flowrules_context_new_with_allocator(flowrules_context **context,
                                                                      flowrules_resize_fn resize,
                                                                      void *user);

FLOWRULES_API void flowrules_context_free(flowrules_context *context);

/*
 * Sets an option. A NULL value restores the default. FLOWRULES_USAGE, with a message: the key or
 * value is not valid.
 *   as-of      the date (YYYY-MM-DD) at which a policy is read: flows that expired before it are
 *              left out. It is needed to read a policy in which a flow expires.
 *   lock       the path of the lock file; "none": no lock file. Default: the policy's path +
 *              ".lock", if it exists.
 *   max-size   the largest file that is read, in bytes. Default 1073741824 (1 GiB).
 *   max-flows  the largest number of flows. Default 4000000.
 *   max-age    flowrules_render and flowrules_check warn of names whose addresses were last seen
 *              more days ago than this. Default: no limit.
 *   verify     "yes": flowrules_render reads its files back and compares them with the policy; if
 *              they differ, it fails. "no": it does not. Default "yes".
 *   rules      "yes": flowrules_query finds the rules of its flows, and so renders every target
 *              that has some. "no": it does not, and there are none in its answer. Default "yes".
 * Options of flowrules_resolve:
 *   server     the DNS servers, up to 8: "ADDRESS[:PORT],...". All of them are asked. An IPv6
 *              address before a port needs brackets. Default: those of the machine's resolv.conf,
 *              one after the other until one answers.
 *   timeout    seconds to wait for a reply, up to three decimals; doubled at each further try.
 *              Default 2.
 *   tries      how often to ask a server that does not reply or fails. Default 3.
 *   deadline   seconds after which open questions fail. Default 300.
 *   in-flight  how many questions may be open at the same time. Default 100.
 *   max-addresses  a name with more addresses of one family fails. Default 256.
 *   merge      "yes": keep the old addresses of a name. Default "no".
 *   keep-days  with merge, the days to keep an address after it was last seen. Default 30.
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

/* The number of the message, which never changes: "FR0102". docs/DIAGNOSTICS.md lists them. */
FLOWRULES_API const char *flowrules_diagnostic_id(const flowrules_context *context, size_t index);

/* What is wrong, and what to do about it (may be NULL). One line each, without control characters.
 */
FLOWRULES_API const char *flowrules_diagnostic_message(const flowrules_context *context,
                                                       size_t index);
FLOWRULES_API const char *flowrules_diagnostic_hint(const flowrules_context *context, size_t index);

/*
 * The place of a message: the name of the file as it was given (NULL: no place), line and column
 * from 1 (0: the whole file), the marked length in characters (0: unknown), and the text of the
 * line.
 */
FLOWRULES_API const char *flowrules_diagnostic_file(const flowrules_context *context, size_t index);
FLOWRULES_API uint32_t flowrules_diagnostic_line(const flowrules_context *context, size_t index);
FLOWRULES_API uint32_t flowrules_diagnostic_column(const flowrules_context *context, size_t index);
FLOWRULES_API uint32_t flowrules_diagnostic_length(const flowrules_context *context, size_t index);
FLOWRULES_API const char *flowrules_diagnostic_source(const flowrules_context *context,
                                                      size_t index);

/* The flow and the target of a message, or NULL. */
FLOWRULES_API const char *flowrules_diagnostic_flow(const flowrules_context *context, size_t index);
FLOWRULES_API const char *flowrules_diagnostic_target(const flowrules_context *context,
                                                      size_t index);

FLOWRULES_API void flowrules_diagnostics_clear(flowrules_context *context);

/*
 * The files that were opened to read policies, includes and files of assertions with the context,
 * in order, also those with errors and those that were read again: their paths. NULL for a text
 * from memory.
 */
FLOWRULES_API size_t flowrules_context_file_count(const flowrules_context *context);
FLOWRULES_API const char *flowrules_context_file(const flowrules_context *context, size_t file);

/* ---- policies ---------------------------------------------------------------------------- */

typedef struct flowrules_policy flowrules_policy;

/*
 * Reads a policy file, the files that it includes, and its lock file. FLOWRULES_INVALID: the
 * messages have every error of the files, in order. There may be warnings with FLOWRULES_OK.
 */
FLOWRULES_CHECK flowrules_status flowrules_policy_load(flowrules_policy **policy,
                                                       flowrules_context *context,
                                                       const char *path);

/*
 * Reads a policy from memory. name is the name of the file in messages; includes are relative to
 * its folder. A lock file is read only if the option "lock" names one.
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
/* The name of its file, as in messages, and the line in which it begins; NULL and 0: no such flow.
 */
FLOWRULES_API const char *flowrules_flow_file(const flowrules_policy *policy, size_t flow);
FLOWRULES_API uint32_t flowrules_flow_line(const flowrules_policy *policy, size_t flow);
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
/* 1 if the target has mode: permits, so that it closes nothing; else 0. */
FLOWRULES_API int flowrules_target_permits(const flowrules_policy *policy, size_t target);

/* ---- resolving --------------------------------------------------------------------------- */

/*
 * Addresses of names from the DNS, and the lock file that pins them. No other part of the library
 * uses the network. It writes no file: the caller gets the new text of the lock file.
 */
typedef struct flowrules_resolution flowrules_resolution;

/*
 * Makes a resolution of the names whose addresses some target needs: a target that matches
 * addresses, for a flow that it enforces. If the policy has no targets, of all its names.
 */
FLOWRULES_CHECK flowrules_status flowrules_resolution_new(flowrules_resolution **resolution,
                                                          flowrules_context *context,
                                                          const flowrules_policy *policy);

FLOWRULES_API void flowrules_resolution_free(flowrules_resolution *resolution);

/*
 * Restrict a resolution before flowrules_resolve: to the names that a target needs (a target of the
 * policy, or a backend), to the names in a network, or to one name. Each may be called several
 * times: a name must then be needed by one of the targets and be in one of the networks. A name
 * given by itself must be in the policy or below one of its wildcards; no target need use it.
 * FLOWRULES_USAGE: there is no such target, network or name.
 */
FLOWRULES_CHECK flowrules_status flowrules_resolution_target(flowrules_resolution *resolution,
                                                             const char *target);
FLOWRULES_CHECK flowrules_status flowrules_resolution_network(flowrules_resolution *resolution,
                                                              const char *network);
FLOWRULES_CHECK flowrules_status flowrules_resolution_name(flowrules_resolution *resolution,
                                                           const char *name);

/*
 * Adds the names that assertions and zones are about: those of the policy, and of the files that
 * were added to assertions.
 */
typedef struct flowrules_assertions flowrules_assertions;
FLOWRULES_CHECK flowrules_status flowrules_resolution_assertions(
    flowrules_resolution *resolution, const flowrules_assertions *assertions);

/*
 * Asks the DNS, compares the answers with the lock file, and makes the new text of the lock file.
 * It needs the option as-of, and can be called once for a resolution. The messages report failures,
 * doubtful answers and servers that disagree. FLOWRULES_UNRESOLVED: a name has no address and had
 * none before; the results of other names are valid. FLOWRULES_IO: the DNS cannot be asked.
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

/* The addresses of a name, including those that it no longer has; IPv4 first, sorted. */
FLOWRULES_API size_t flowrules_resolution_address_count(const flowrules_resolution *resolution,
                                                        size_t name);
FLOWRULES_API const char *flowrules_resolution_address(const flowrules_resolution *resolution,
                                                       size_t name, size_t address);
/* "new", "same", "kept" (not in the answer, and stays), or "gone". */
FLOWRULES_API const char *flowrules_resolution_address_state(const flowrules_resolution *resolution,
                                                             size_t name, size_t address);

/* The chain of aliases (CNAME) from the name to the name that has the addresses. */
FLOWRULES_API size_t flowrules_resolution_alias_count(const flowrules_resolution *resolution,
                                                      size_t name);
FLOWRULES_API const char *flowrules_resolution_alias(const flowrules_resolution *resolution,
                                                     size_t name, size_t alias);

/*
 * The whole new text of the lock file, NUL-terminated, of *size bytes without the NUL; NULL before
 * flowrules_resolve. It keeps the old entries of names that were not asked for.
 */
FLOWRULES_API const char *flowrules_resolution_lock(const flowrules_resolution *resolution,
                                                    size_t *size);
/* 1 if the new text of the lock file differs from the old one, else 0. */
FLOWRULES_API int flowrules_resolution_lock_differs(const flowrules_resolution *resolution);

/* Takes the answer of a resolver of the caller. Valid only during the call of the resolver. */
typedef struct flowrules_inquiry flowrules_inquiry;

/*
 * Resolves a name and answers with the functions below. flowrules_resolve calls it for one name at
 * a time.
 */
typedef void (*flowrules_resolver_fn)(void *user, const char *name, flowrules_inquiry *inquiry);

/* Uses resolver instead of the DNS; NULL restores the DNS. */
FLOWRULES_API void flowrules_context_set_resolver(flowrules_context *context,
                                                  flowrules_resolver_fn resolver, void *user);

/*
 * Answer with one address of the name, "192.0.2.1" or "2001:db8::1", and its TTL in seconds; with
 * one alias, in the order of the chain; or with a failure and its reason (may be NULL). Return 1,
 * or 0 if the answer is ignored: not a valid address, too many addresses, out of memory. Without
 * any call, the name has no address.
 */
FLOWRULES_API int flowrules_inquiry_address(flowrules_inquiry *inquiry, const char *address,
                                            uint32_t ttl);
FLOWRULES_API int flowrules_inquiry_alias(flowrules_inquiry *inquiry, const char *name);
FLOWRULES_API int flowrules_inquiry_fail(flowrules_inquiry *inquiry, const char *why);

/* Receives the number of names that are answered. flowrules_resolve calls it. */
typedef void (*flowrules_progress_fn)(void *user, size_t done, size_t total);

/* Calls progress while names are resolved; NULL: no call. */
FLOWRULES_API void flowrules_context_set_progress(flowrules_context *context,
                                                  flowrules_progress_fn progress, void *user);

/* ---- rendering --------------------------------------------------------------------------- */

typedef struct flowrules_artifact flowrules_artifact;

/*
 * Renders one target: a target of the policy, or a backend with its default settings. Append
 * ":FORMAT" for a format other than the first. The same policy, lock file, settings and as-of date
 * give the same bytes. FLOWRULES_REFUSED, FLOWRULES_UNRESOLVED: the messages list every flow that
 * prevents it, and there is no artifact.
 */
FLOWRULES_CHECK flowrules_status flowrules_render(flowrules_artifact **artifact,
                                                  flowrules_context *context,
                                                  const flowrules_policy *policy,
                                                  const char *target);

FLOWRULES_API void flowrules_artifact_free(flowrules_artifact *artifact);

/*
 * The version that the files of an artifact name: a short text that is the same for the same rules;
 * "" for an artifact that is not of a target. Owned by the artifact.
 */
FLOWRULES_API const char *flowrules_artifact_version(const flowrules_artifact *artifact);

/* The files of an artifact. A name has no folder in it; data is not NUL-terminated. */
FLOWRULES_API size_t flowrules_artifact_file_count(const flowrules_artifact *artifact);
FLOWRULES_API const char *flowrules_artifact_file_name(const flowrules_artifact *artifact,
                                                       size_t file);
FLOWRULES_API size_t flowrules_artifact_file_size(const flowrules_artifact *artifact, size_t file);
/* 1 if the file is a script to run, else 0. */
FLOWRULES_API int flowrules_artifact_file_executable(const flowrules_artifact *artifact,
                                                     size_t file);
/*
 * 1 if the file is a script that loads the other files, which can also be loaded without it; else
 * 0.
 */
FLOWRULES_API int flowrules_artifact_file_helper(const flowrules_artifact *artifact, size_t file);
/*
 * The bytes of a file in blocks, since an artifact may be very large: block 0, 1 ... until NULL.
 * Sets *size to the bytes of the block.
 */
FLOWRULES_API const char *flowrules_artifact_file_block(const flowrules_artifact *artifact,
                                                        size_t file, size_t block, size_t *size);

/*
 * The flows of each rule, as JSON: {"target", "backend", "format", "rules": [{"file", "line",
 * "flows": [...]}]}. Made at the first call; NULL when out of memory.
 */
FLOWRULES_API const char *flowrules_artifact_map(flowrules_artifact *artifact);

/*
 * Checks that every target of the policy can be rendered, as if all names were pinned. The messages
 * have every error that flowrules_render would report, except for names that are not pinned.
 * FLOWRULES_INVALID: a target lacks something. FLOWRULES_REFUSED: a target cannot express a flow.
 */
FLOWRULES_CHECK flowrules_status flowrules_check(flowrules_context *context,
                                                 const flowrules_policy *policy);

/* ---- probing ----------------------------------------------------------------------------- */

typedef struct flowrules_probe flowrules_probe;

/*
 * Makes a connectivity test of the flows of a policy, to run on their sources. Set its options,
 * then write it as an artifact with one file. The library itself opens no connection. The policy
 * may be freed before the probe.
 */
FLOWRULES_CHECK flowrules_status flowrules_probe_new(flowrules_probe **probe,
                                                     flowrules_context *context,
                                                     const flowrules_policy *policy);

FLOWRULES_API void flowrules_probe_free(flowrules_probe *probe);

/*
 * Sets an option, or adds to an option that is a list. A NULL value restores the default.
 * flowrules_probe_write looks up networks, flows and targets. FLOWRULES_USAGE, with a message: the
 * key or value is not valid.
 *   format     sh, a script (the default); kubernetes, a Pod and a ConfigMap that run it; json, the
 *             list of probes
 *   from       a network of the policy or an address: the flows whose source overlaps it
 *   target     a target: the flows that leave what it protects, or pass through it
 *   flow       the name of a flow (a list): these flows alone
 *   assertions yes: the assertions of the policy instead of its flows: what 'must' pass, and what
 *             must 'never' pass
 *   try        [NETWORK=]HOST (a list): a host to try where a destination is no single host: a
 *             prefix or wildcard that holds it, or a network that is a platform's group
 *   most       the most probes that are made of one flow, 1-1000. Default 16.
 *   name       of the file, without its ending, and of the Pod. Default flowrules-probe.
 *   namespace, label (KEY=VALUE, a list), image   of the Pod. The first two are those of the
 *             network from, where it selects pods.
 */
FLOWRULES_CHECK flowrules_status flowrules_probe_set(flowrules_probe *probe, const char *key,
                                                     const char *value);

/*
 * Writes the test. The same policy and options give the same bytes. FLOWRULES_USAGE, with a
 * message: an option names something that the policy does not have, or no flow is left.
 */
FLOWRULES_CHECK flowrules_status flowrules_probe_write(flowrules_artifact **artifact,
                                                       flowrules_probe *probe);

/* ---- explaining -------------------------------------------------------------------------- */

typedef struct flowrules_report flowrules_report;

/*
 * Reports how exactly each target expresses each flow: a row for each target and flow, in the order
 * of the file. target NULL: every target of the policy. A refused flow is a row and not a failure.
 * If flowrules_render would refuse a target as a whole, every flow of it is refused here.
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
/* The reason, in one line; NULL if the flow is exact and there is nothing to report. */
FLOWRULES_API const char *flowrules_report_reason(const flowrules_report *report, size_t row);
/*
 * The part of the reason that is not specific to this flow (without its names and their number of
 * addresses). Rows with the same cause can be reported together.
 */
FLOWRULES_API const char *flowrules_report_cause(const flowrules_report *report, size_t row);
/*
 * The parts of the baseline of the row's target, as a policy lists them ("replies, loopback"), or
 * "none". NULL if the baseline of its backend has no parts.
 */
FLOWRULES_API const char *flowrules_report_baseline(const flowrules_report *report, size_t row);
/*
 * What the row's target leaves to other rules, in one line: with mode: permits, what no flow
 * allows; with an access list for each interface, what is at other interfaces. Else NULL.
 */
FLOWRULES_API const char *flowrules_report_open(const flowrules_report *report, size_t row);

/* ---- asking ------------------------------------------------------------------------------ */

typedef struct flowrules_answer flowrules_answer;

/*
 * Decides whether a packet that opens a connection passes. The question has the form "PROTOCOL
 * SOURCE[:PORT] -> DESTINATION[:PORT or :TYPE[/CODE]]". Source and destination are addresses (IPv6
 * in brackets before a port), names or networks: "tcp 10.0.16.5 -> huggingface.co:443". target
 * NULL: the policy and all its targets. A target that cannot be rendered is reported, and the
 * others answer.
 */
FLOWRULES_CHECK flowrules_status flowrules_query(flowrules_answer **answer,
                                                 flowrules_context *context,
                                                 const flowrules_policy *policy, const char *target,
                                                 const char *question);

FLOWRULES_API void flowrules_answer_free(flowrules_answer *answer);

/*
 * "allowed", "denied", "partly" if the source or destination is a set and only a part of it may
 * pass, "unknown" if it depends on the addresses of a platform's group, or "undecided" if a target
 * with mode: permits does not permit it and other rules decide.
 */
FLOWRULES_API const char *flowrules_answer_verdict(const flowrules_answer *answer);
/* The reason, in one line. */
FLOWRULES_API const char *flowrules_answer_reason(const flowrules_answer *answer);

/* The flows that match the packet: those that deny it, then those that allow it. */
FLOWRULES_API size_t flowrules_answer_flow_count(const flowrules_answer *answer);
FLOWRULES_API const char *flowrules_answer_flow_name(const flowrules_answer *answer, size_t flow);
FLOWRULES_API const char *flowrules_answer_flow_action(const flowrules_answer *answer, size_t flow);
FLOWRULES_API const char *flowrules_answer_flow_file(const flowrules_answer *answer, size_t flow);
FLOWRULES_API uint32_t flowrules_answer_flow_line(const flowrules_answer *answer, size_t flow);

/* The rules of these flows: target, file of its artifact, line, and flow. */
FLOWRULES_API size_t flowrules_answer_rule_count(const flowrules_answer *answer);
FLOWRULES_API const char *flowrules_answer_rule_target(const flowrules_answer *answer, size_t rule);
FLOWRULES_API const char *flowrules_answer_rule_flow(const flowrules_answer *answer, size_t rule);
FLOWRULES_API const char *flowrules_answer_rule_file(const flowrules_answer *answer, size_t rule);
FLOWRULES_API uint32_t flowrules_answer_rule_line(const flowrules_answer *answer, size_t rule);
FLOWRULES_API const char *flowrules_answer_rule_text(const flowrules_answer *answer, size_t rule);

/* ---- lint -------------------------------------------------------------------------------- */

/* What lint finds in a policy: things that are valid, and that somebody should look at. */
typedef struct flowrules_findings flowrules_findings;

/*
 * Looks for flows that others cover, for what nobody uses, for flows that open very much, and for
 * more (docs/LINT.md). The policy says what is looked for, and what is accepted with a reason. What
 * depends on the date needs the option "as-of". A target that cannot be planned is reported in the
 * messages, and the rest is searched. The findings are in the order of file and line.
 */
FLOWRULES_CHECK flowrules_status flowrules_lint(flowrules_findings **findings,
                                                flowrules_context *context,
                                                const flowrules_policy *policy);

FLOWRULES_API void flowrules_findings_free(flowrules_findings *findings);

FLOWRULES_API size_t flowrules_finding_count(const flowrules_findings *findings);
/* The number of its kind, which never changes: "FL0101". docs/LINT.md lists them. */
FLOWRULES_API const char *flowrules_finding_id(const flowrules_findings *findings, size_t index);
FLOWRULES_API flowrules_severity flowrules_finding_severity(const flowrules_findings *findings,
                                                            size_t index);
/* What is wrong, and what to do about it. One line each, without control characters. */
FLOWRULES_API const char *flowrules_finding_message(const flowrules_findings *findings,
                                                    size_t index);
FLOWRULES_API const char *flowrules_finding_hint(const flowrules_findings *findings, size_t index);
/* Where it is; line and column count from 1, column and length count characters, 0 is unknown. */
FLOWRULES_API const char *flowrules_finding_file(const flowrules_findings *findings, size_t index);
FLOWRULES_API uint32_t flowrules_finding_line(const flowrules_findings *findings, size_t index);
FLOWRULES_API uint32_t flowrules_finding_column(const flowrules_findings *findings, size_t index);
FLOWRULES_API uint32_t flowrules_finding_length(const flowrules_findings *findings, size_t index);
/* The line itself; NULL: it cannot be read, or is too long. */
FLOWRULES_API const char *flowrules_finding_source(const flowrules_findings *findings,
                                                   size_t index);
/* The flow and the target that it is about, or NULL. */
FLOWRULES_API const char *flowrules_finding_flow(const flowrules_findings *findings, size_t index);
FLOWRULES_API const char *flowrules_finding_target(const flowrules_findings *findings,
                                                   size_t index);
/* Why the policy accepts it; NULL: it does not. */
FLOWRULES_API const char *flowrules_finding_reason(const flowrules_findings *findings,
                                                   size_t index);

/* ---- layout ------------------------------------------------------------------------------ */

/*
 * A policy, or a file that belongs to one, in its usual layout: spaces, quotes and the order of
 * keys (docs/POLICY.md). Comments stay, and it says the same as before, which is proven. name is
 * that of the file in messages. FLOWRULES_INVALID: it is not YAML that a policy can be.
 * FLOWRULES_REFUSED, with a message: it cannot be laid out without changing what it says.
 */
typedef struct flowrules_layout flowrules_layout;
FLOWRULES_CHECK flowrules_status flowrules_layout_new(flowrules_layout **layout,
                                                      flowrules_context *context, const char *name,
                                                      const char *text, size_t size);
/* The same of a file. FLOWRULES_IO: it cannot be read. */
FLOWRULES_CHECK flowrules_status flowrules_layout_load(flowrules_layout **layout,
                                                       flowrules_context *context,
                                                       const char *path);
FLOWRULES_API void flowrules_layout_free(flowrules_layout *layout);
/* The new text of the file, and its bytes. */
FLOWRULES_API const char *flowrules_layout_text(const flowrules_layout *layout, size_t *size);
/* 1 if it is not what the file was, else 0. */
FLOWRULES_API int flowrules_layout_differs(const flowrules_layout *layout);

/* ---- assertions -------------------------------------------------------------------------- */

/*
 * flowrules_assertions: what must never pass, what alone may, and what must, and whether a policy
 * keeps to it.
 */

/* Begins with the zones, the assertions and the matrix of the policy itself. */
FLOWRULES_CHECK flowrules_status flowrules_assertions_new(flowrules_assertions **assertions,
                                                          flowrules_context *context,
                                                          const flowrules_policy *policy);
FLOWRULES_API void flowrules_assertions_free(flowrules_assertions *assertions);
/*
 * Adds a file of assertions of another owner. It has networks, services and zones of its own: those
 * of the policy are not known in it. FLOWRULES_INVALID: the messages have every error of the file.
 */
FLOWRULES_CHECK flowrules_status flowrules_assertions_add_file(flowrules_assertions *assertions,
                                                               const char *path);
/* The same from memory; name is the name of the file in messages. */
FLOWRULES_CHECK flowrules_status flowrules_assertions_add_text(flowrules_assertions *assertions,
                                                               const char *name, const char *text,
                                                               size_t size);
/*
 * Decides of each assertion whether the policy keeps to it, with the addresses of the lock file.
 * FLOWRULES_OK: all hold. FLOWRULES_DIFFERENT: one is broken, or it is not known. It may be called
 * again, and then forgets what it found before.
 */
FLOWRULES_CHECK flowrules_status flowrules_assert(flowrules_assertions *assertions);

/*
 * The assertions, file by file; the zones of a file are one more, and so is its matrix. There are
 * none before flowrules_assert.
 */
FLOWRULES_API size_t flowrules_assertion_count(const flowrules_assertions *assertions);
/* Its name, or its kind and number in the file: "never-3". */
FLOWRULES_API const char *flowrules_assertion_id(const flowrules_assertions *assertions,
                                                 size_t assertion);
/* "never", "only", "must", "zones" or "matrix". */
FLOWRULES_API const char *flowrules_assertion_kind(const flowrules_assertions *assertions,
                                                   size_t assertion);
/*
 * "holds", "broken", or "unknown": it depends on addresses that are not known, or on what a reader
 * did not understand. Of what runs also "outside": the targets have no say over its packets.
 */
FLOWRULES_API const char *flowrules_assertion_verdict(const flowrules_assertions *assertions,
                                                      size_t assertion);
/* The reason that the file gives, or NULL. */
FLOWRULES_API const char *flowrules_assertion_because(const flowrules_assertions *assertions,
                                                      size_t assertion);
FLOWRULES_API const char *flowrules_assertion_file(const flowrules_assertions *assertions,
                                                   size_t assertion);
FLOWRULES_API uint32_t flowrules_assertion_line(const flowrules_assertions *assertions,
                                                size_t assertion);

/* What breaks it, or may break it: one finding for a flow, and at most 20 of each verdict. */
FLOWRULES_API size_t flowrules_assertion_finding_count(const flowrules_assertions *assertions,
                                                       size_t assertion);
/* 1 if there may be more than these, else 0. */
FLOWRULES_API int flowrules_assertion_has_more(const flowrules_assertions *assertions,
                                               size_t assertion);
/* "broken" or "unknown". */
FLOWRULES_API const char *
flowrules_assertion_finding_verdict(const flowrules_assertions *assertions, size_t assertion,
                                    size_t finding);
/*
 * An example packet, in the form of a question: "tcp 10.0.0.1:1024 -> 192.0.2.1:443". Of zones,
 * addresses. NULL if none can be told.
 */
FLOWRULES_API const char *
flowrules_assertion_finding_witness(const flowrules_assertions *assertions, size_t assertion,
                                    size_t finding);
/* Why it is a finding, in a few words. */
FLOWRULES_API const char *flowrules_assertion_finding_reason(const flowrules_assertions *assertions,
                                                             size_t assertion, size_t finding);
/* The names and groups that it depends on, or NULL. */
FLOWRULES_API const char *flowrules_assertion_finding_names(const flowrules_assertions *assertions,
                                                            size_t assertion, size_t finding);
/* Of the matrix, "dmz -> db"; of zones, those that overlap: "dmz and db". Else NULL. */
FLOWRULES_API const char *flowrules_assertion_finding_zones(const flowrules_assertions *assertions,
                                                            size_t assertion, size_t finding);
/*
 * The flow that lets the packet pass, or the deny that takes it, with its place; NULL and 0. Of
 * what runs, the place is that of the rule; of a path, of the rule of its last device.
 */
FLOWRULES_API const char *flowrules_assertion_finding_flow(const flowrules_assertions *assertions,
                                                           size_t assertion, size_t finding);
FLOWRULES_API const char *flowrules_assertion_finding_file(const flowrules_assertions *assertions,
                                                           size_t assertion, size_t finding);
FLOWRULES_API uint32_t flowrules_assertion_finding_line(const flowrules_assertions *assertions,
                                                        size_t assertion, size_t finding);
/* Of what runs: the interfaces by which the packet enters and leaves, or NULL. */
FLOWRULES_API const char *flowrules_assertion_finding_enters(const flowrules_assertions *assertions,
                                                             size_t assertion, size_t finding);
FLOWRULES_API const char *flowrules_assertion_finding_leaves(const flowrules_assertions *assertions,
                                                             size_t assertion, size_t finding);
/* The devices of a path that the packet passes, each with its rule; NULL and 0 where none decides.
 */
FLOWRULES_API size_t flowrules_assertion_finding_device_count(
    const flowrules_assertions *assertions, size_t assertion, size_t finding);
FLOWRULES_API const char *
flowrules_assertion_finding_device_name(const flowrules_assertions *assertions, size_t assertion,
                                        size_t finding, size_t device);
FLOWRULES_API const char *
flowrules_assertion_finding_device_file(const flowrules_assertions *assertions, size_t assertion,
                                        size_t finding, size_t device);
FLOWRULES_API uint32_t flowrules_assertion_finding_device_line(
    const flowrules_assertions *assertions, size_t assertion, size_t finding, size_t device);

/* ---- overview ---------------------------------------------------------------------------- */

/*
 * Makes a report on a policy for people who judge it, as an artifact with four files: report.html
 * (a page that has everything in itself and asks nobody), report.md, report.csv (a row for each
 * flow) and report.json (the same data; 'flowrules schema --of report' has its schema). They have
 * the flows, the zones and assertions, how exactly each target expresses each flow and by which
 * lines, the findings of lint, the last days and the pinned names. assertions says what is asserted
 * besides, and is decided by this; NULL: what the policy itself asserts. A refused flow, a finding
 * and a broken assertion are contents of the report and no failure; a target that cannot be planned
 * is one more, and is reported in the messages. What depends on the date needs the option "as-of".
 */
FLOWRULES_CHECK flowrules_status flowrules_overview(flowrules_artifact **artifact,
                                                    flowrules_context *context,
                                                    const flowrules_policy *policy,
                                                    flowrules_assertions *assertions);

/* ---- configurations, and what they mean --------------------------------------------------- */

/* The files of one configuration: an artifact, or the output of a device or cloud. */
typedef struct flowrules_configuration flowrules_configuration;

FLOWRULES_CHECK flowrules_status
flowrules_configuration_new(flowrules_configuration **configuration, flowrules_context *context);
FLOWRULES_API void flowrules_configuration_free(flowrules_configuration *configuration);
/* Reads a file; the path is its name in messages. FLOWRULES_IO: the file cannot be read. */
FLOWRULES_CHECK flowrules_status
flowrules_configuration_add_file(flowrules_configuration *configuration, const char *path);
/* Adds a file from memory; the text is copied. */
FLOWRULES_CHECK flowrules_status flowrules_configuration_add_text(
    flowrules_configuration *configuration, const char *name, const char *text, size_t size);
/* Adds the files of a rendered artifact. */
FLOWRULES_CHECK flowrules_status flowrules_configuration_add_artifact(
    flowrules_configuration *configuration, const flowrules_artifact *artifact);
/*
 * Sets a setting of the backend for the reader (for example "interface" of a Cisco ASA). It
 * replaces the value of a target. If the key or value is not valid, reading the configuration fails
 * with FLOWRULES_USAGE.
 */
FLOWRULES_CHECK flowrules_status flowrules_configuration_set(flowrules_configuration *configuration,
                                                             const char *key, const char *value);

/* The packets that a policy's target, or a configuration, lets pass. */
typedef struct flowrules_meaning flowrules_meaning;

/*
 * Computes what a target of the policy must let pass (flowrules_render says how to name it). target
 * NULL: the policy itself, as if one firewall were between all its networks. FLOWRULES_REFUSED,
 * FLOWRULES_UNRESOLVED: as in flowrules_render.
 */
FLOWRULES_CHECK flowrules_status flowrules_meaning_of_policy(flowrules_meaning **meaning,
                                                             flowrules_context *context,
                                                             const flowrules_policy *policy,
                                                             const char *target);
/*
 * Computes what a configuration lets pass. backend is "BACKEND[:FORMAT]" or, with a policy, the
 * name of one of its targets, whose settings are then used. policy may be NULL. FLOWRULES_INVALID:
 * the configuration does not have the syntax of the backend.
 */
FLOWRULES_CHECK flowrules_status flowrules_meaning_of_configuration(
    flowrules_meaning **meaning, flowrules_context *context, const char *backend,
    const flowrules_policy *policy, const flowrules_configuration *configuration);
FLOWRULES_API void flowrules_meaning_free(flowrules_meaning *meaning);

/*
 * Devices that stand one behind the other: a packet passes the path if each device passes it
 * (docs/MODEL.md, "Devices in a row").
 */
typedef struct flowrules_path flowrules_path;

FLOWRULES_CHECK flowrules_status flowrules_path_new(flowrules_path **path,
                                                    flowrules_context *context);
FLOWRULES_API void flowrules_path_free(flowrules_path *path);
/*
 * Adds the next device that packets pass; device is borrowed until the path is freed. enters and
 * leaves are the interfaces of this device by which the packets come and leave ("eth1", "eth*"), or
 * NULL: not known between two devices, and any at the ends of the path. hook says which of its
 * rules count: "forward", "host" (of a machine at an end of the path), or NULL where it has only
 * one of them. FLOWRULES_USAGE: hook is another text.
 */
FLOWRULES_CHECK flowrules_status flowrules_path_add(flowrules_path *path,
                                                    const flowrules_meaning *device,
                                                    const char *enters, const char *leaves,
                                                    const char *hook);
/*
 * Computes what passes all devices of a path, two or more. FLOWRULES_USAGE: they cannot be taken
 * together (a machine between two others, a target that only permits, pods).
 */
FLOWRULES_CHECK flowrules_status flowrules_path_meaning(flowrules_meaning **meaning,
                                                        flowrules_path *path);

/*
 * Decides of each assertion whether what runs keeps to it: running is what a configuration lets
 * pass, or a path of several. targets are those of the policy that it is of, count of them, in the
 * order of the path (flowrules_render says how to name them). Packets that no target has a say over
 * are left out. Returns as flowrules_assert.
 */
FLOWRULES_CHECK flowrules_status flowrules_assert_running(flowrules_assertions *assertions,
                                                          const char *const *targets, size_t count,
                                                          const flowrules_meaning *running);

/* ---- comparing ---------------------------------------------------------------------------- */

typedef struct flowrules_comparison flowrules_comparison;

/*
 * Finds the packets that only one of before and after lets pass. FLOWRULES_OK: there are none, they
 * are equal. FLOWRULES_DIFFERENT: there are some, or it cannot be determined; see the verdict.
 */
FLOWRULES_CHECK flowrules_status flowrules_compare(flowrules_comparison **comparison,
                                                   flowrules_context *context,
                                                   const flowrules_meaning *before,
                                                   const flowrules_meaning *after);
/*
 * Compares a configuration with what a target of the policy must let pass. Returns as
 * flowrules_compare.
 */
FLOWRULES_CHECK flowrules_status flowrules_verify(flowrules_comparison **comparison,
                                                  flowrules_context *context,
                                                  const flowrules_policy *policy,
                                                  const char *target,
                                                  const flowrules_configuration *configuration);
FLOWRULES_API void flowrules_comparison_free(flowrules_comparison *comparison);

/*
 * "equal", "different", "contains" or "unknown". "contains": a target with mode: permits was
 * compared with a running configuration; everything that it must permit passes there, and other
 * packets were not compared. "unknown": no difference was found, but not everything was understood
 * or compared (see the doubts).
 */
FLOWRULES_API const char *flowrules_comparison_verdict(const flowrules_comparison *comparison);

/* The differences, grouped by the flow and the rules that decide on either side. */
FLOWRULES_API size_t flowrules_difference_count(const flowrules_comparison *comparison);
/* "allowed": only after lets the packets pass. "denied": only before lets them pass. */
FLOWRULES_API const char *flowrules_difference_change(const flowrules_comparison *comparison,
                                                      size_t difference);
/* "egress", "ingress" or "forward". */
FLOWRULES_API const char *flowrules_difference_direction(const flowrules_comparison *comparison,
                                                         size_t difference);
/* The kind of the packets: "new connections", or a kind that the baseline decides. */
FLOWRULES_API const char *flowrules_difference_packets(const flowrules_comparison *comparison,
                                                       size_t difference);
/*
 * The packets as texts for people: source, destination, and protocol with ports. If a set is a
 * network of the policy, its name precedes its addresses: "office (198.51.100.0/24)".
 */
FLOWRULES_API const char *flowrules_difference_source(const flowrules_comparison *comparison,
                                                      size_t difference);
FLOWRULES_API const char *flowrules_difference_destination(const flowrules_comparison *comparison,
                                                           size_t difference);
FLOWRULES_API const char *flowrules_difference_service(const flowrules_comparison *comparison,
                                                       size_t difference);
/*
 * The incoming and the outgoing interfaces of the packets, as texts: "eth1, wlan*", "any interface
 * but eth1". NULL if the interface does not matter, or if the packets have none.
 */
FLOWRULES_API const char *flowrules_difference_enters(const flowrules_comparison *comparison,
                                                      size_t difference);
FLOWRULES_API const char *flowrules_difference_leaves(const flowrules_comparison *comparison,
                                                      size_t difference);
/*
 * About how many packets these are, for putting the widest first: addresses times addresses times
 * ports. A name or a group counts as one address.
 */
FLOWRULES_API double flowrules_difference_width(const flowrules_comparison *comparison,
                                                size_t difference);
/* An example packet, in the form of a question: "tcp 10.0.0.1:1024 -> 192.0.2.1:443". */
FLOWRULES_API const char *flowrules_difference_witness(const flowrules_comparison *comparison,
                                                       size_t difference);
/*
 * What decides on the side before (after = 0) or after (1): the flow of a policy, or the file and
 * line of a rule in a configuration. NULL and 0 if nothing decides, or if the side is of the other
 * kind.
 */
FLOWRULES_API const char *flowrules_difference_flow(const flowrules_comparison *comparison,
                                                    size_t difference, int after);
FLOWRULES_API const char *flowrules_difference_file(const flowrules_comparison *comparison,
                                                    size_t difference, int after);
FLOWRULES_API uint32_t flowrules_difference_line(const flowrules_comparison *comparison,
                                                 size_t difference, int after);
/* 1 if the baseline of a target decides on that side (docs/MODEL.md), else 0. */
FLOWRULES_API int flowrules_difference_baseline(const flowrules_comparison *comparison,
                                                size_t difference, int after);
/*
 * What each device of a path does with the packets, in their order. The count is 0 if that side is
 * no path. passes is 1 if the device lets them pass, also if another one blocks them. Its name is
 * "target 'NAME'" or the name of its first file. The others are as those above.
 */
FLOWRULES_API size_t flowrules_difference_hop_count(const flowrules_comparison *comparison,
                                                    size_t difference, int after);
FLOWRULES_API const char *flowrules_difference_hop_name(const flowrules_comparison *comparison,
                                                        size_t difference, int after, size_t hop);
FLOWRULES_API int flowrules_difference_hop_passes(const flowrules_comparison *comparison,
                                                  size_t difference, int after, size_t hop);
FLOWRULES_API const char *flowrules_difference_hop_flow(const flowrules_comparison *comparison,
                                                        size_t difference, int after, size_t hop);
FLOWRULES_API const char *flowrules_difference_hop_file(const flowrules_comparison *comparison,
                                                        size_t difference, int after, size_t hop);
FLOWRULES_API uint32_t flowrules_difference_hop_line(const flowrules_comparison *comparison,
                                                     size_t difference, int after, size_t hop);
FLOWRULES_API int flowrules_difference_hop_baseline(const flowrules_comparison *comparison,
                                                    size_t difference, int after, size_t hop);

/*
 * The reasons for "unknown": what a reader did not understand (after: on which side), and limits.
 */
FLOWRULES_API size_t flowrules_doubt_count(const flowrules_comparison *comparison);
FLOWRULES_API const char *flowrules_doubt_text(const flowrules_comparison *comparison,
                                               size_t doubt);
FLOWRULES_API int flowrules_doubt_after(const flowrules_comparison *comparison, size_t doubt);
FLOWRULES_API const char *flowrules_doubt_file(const flowrules_comparison *comparison,
                                               size_t doubt);
FLOWRULES_API uint32_t flowrules_doubt_line(const flowrules_comparison *comparison, size_t doubt);

/* ---- usage -------------------------------------------------------------------------------- */

/* What the counters of a running configuration say of the flows of a target. */
typedef struct flowrules_usage flowrules_usage;

/*
 * Reads the counters of what runs (docs/USAGE.md) as those of a target. Needs the option as-of: the
 * day on which they were read. history: the records of earlier dumps, one in a line, of size bytes,
 * or NULL; history_name is the name of its file in messages. Records of other targets are passed
 * over. FLOWRULES_INVALID: the files have no counters, or cannot be read; or history is not valid.
 */
FLOWRULES_CHECK flowrules_status flowrules_usage_new(
    flowrules_usage **usage, flowrules_context *context, const flowrules_policy *policy,
    const char *target, flowrules_configuration *configuration, const char *history_name,
    const char *history, size_t history_size);
FLOWRULES_API void flowrules_usage_free(flowrules_usage *usage);
/*
 * That of a comparison. "equal": the files let pass exactly what the target has to. "contains": all
 * that a target with mode: permits permits, and perhaps more. "different" or "unknown", which a
 * warning says too: the counters may then count for other flows.
 */
FLOWRULES_API const char *flowrules_usage_verdict(const flowrules_usage *usage);
/* The record of this dump for the history: JSON, a line without its end. */
FLOWRULES_API const char *flowrules_usage_record(const flowrules_usage *usage);
/* The flows that the target decides on, in the order of the file. */
FLOWRULES_API size_t flowrules_usage_row_count(const flowrules_usage *usage);
FLOWRULES_API const char *flowrules_usage_flow(const flowrules_usage *usage, size_t row);
/*
 * "used": packets of it were counted. "shared": only counters have counted that also count packets
 * of other flows. "unused": all its rules have counters, and none has counted since the first
 * record. "uncounted": not all its rules have counters.
 */
FLOWRULES_API const char *flowrules_usage_state(const flowrules_usage *usage, size_t row);
/*
 * Packets and bytes of the flow, over all records; has_bytes is 0 if bytes are not counted.
 * Platforms that track connections count the packet that opens a connection.
 */
FLOWRULES_API uint64_t flowrules_usage_packets(const flowrules_usage *usage, size_t row);
FLOWRULES_API uint64_t flowrules_usage_bytes(const flowrules_usage *usage, size_t row);
FLOWRULES_API int flowrules_usage_has_bytes(const flowrules_usage *usage, size_t row);
/* Packets of counters of which some may be the flow's. */
FLOWRULES_API uint64_t flowrules_usage_shared(const flowrules_usage *usage, size_t row);
/*
 * 1 if more may have been counted: counters of the target were set back between records, or a count
 * reached 2^53, which is the most; else 0.
 */
FLOWRULES_API int flowrules_usage_at_least(const flowrules_usage *usage, size_t row);
/*
 * Days, YYYY-MM-DD: of the first record that counts the flow; of its last packet, at the latest;
 * of the last packet of counters that it shares. NULL: none.
 */
FLOWRULES_API const char *flowrules_usage_since(const flowrules_usage *usage, size_t row);
FLOWRULES_API const char *flowrules_usage_last(const flowrules_usage *usage, size_t row);
FLOWRULES_API const char *flowrules_usage_last_shared(const flowrules_usage *usage, size_t row);
/* How many other flows its counters also count, and the names of the first 16 of them. */
FLOWRULES_API size_t flowrules_usage_other_count(const flowrules_usage *usage, size_t row);
FLOWRULES_API const char *flowrules_usage_other(const flowrules_usage *usage, size_t row,
                                                size_t other);

/* ---- editing ------------------------------------------------------------------------------ */

/*
 * A policy in memory whose flows are changed one by one: each change says at once which packets
 * newly pass and which no longer, whatever the number of flows. It begins as a copy: the policy
 * that it is made of does not change, and may be freed.
 */
typedef struct flowrules_edit flowrules_edit;

/*
 * Begins to edit a policy. name is the name of the texts of flows in messages; NULL: "edit". It
 * takes less time than loading the policy, and some 400 bytes of memory for each flow.
 */
FLOWRULES_CHECK flowrules_status flowrules_policy_edit(flowrules_edit **edit,
                                                       flowrules_context *context,
                                                       const flowrules_policy *policy,
                                                       const char *name);
FLOWRULES_API void flowrules_edit_free(flowrules_edit *edit);

/*
 * Add a flow behind the last one, put a flow in the place of another, or remove one. text is one
 * flow as in the list of a policy: "{name: web, source: office, ...}", or the lines below
 * "flows:". Networks, services and targets do not change. changes are the packets that newly pass
 * ("allowed") and that no longer pass ("denied"), as flowrules_compare finds them between the
 * policy before the change and after it. FLOWRULES_OK: the same packets pass. FLOWRULES_DIFFERENT:
 * see the verdict. FLOWRULES_INVALID: the messages have the errors of the text, at their line and
 * column, and those of what names the flow elsewhere. FLOWRULES_USAGE: there is no flow of that
 * name. Where it returns one of these two, or FLOWRULES_NO_MEMORY, nothing has changed.
 */
FLOWRULES_CHECK flowrules_status flowrules_edit_add(flowrules_comparison **changes,
                                                    flowrules_edit *edit, const char *text,
                                                    size_t size);
FLOWRULES_CHECK flowrules_status flowrules_edit_replace(flowrules_comparison **changes,
                                                        flowrules_edit *edit, const char *flow,
                                                        const char *text, size_t size);
FLOWRULES_CHECK flowrules_status flowrules_edit_remove(flowrules_comparison **changes,
                                                       flowrules_edit *edit, const char *flow);
/*
 * Makes a policy of what is there now, to render, ask or check as any other. It does not change
 * with the edit, and may outlive it.
 */
FLOWRULES_CHECK flowrules_status flowrules_edit_policy(flowrules_policy **policy,
                                                       flowrules_edit *edit);

/* Lines of a target's files that are added or removed. */
typedef struct flowrules_lines flowrules_lines;

/*
 * Renders a target (flowrules_render says how to name it), and compares its files with those of the
 * call before; at the first call, with those of the policy as it was when the edit began. So it
 * takes as long as rendering, and at the first call twice as long. FLOWRULES_OK: the files are the
 * same. FLOWRULES_DIFFERENT: lines differ. Others: as flowrules_render; the next call then compares
 * with the same files as this one.
 */
FLOWRULES_CHECK flowrules_status flowrules_edit_lines(flowrules_lines **lines, flowrules_edit *edit,
                                                      const char *target);
FLOWRULES_API void flowrules_lines_free(flowrules_lines *lines);

/*
 * The lines, file by file and in order; where lines replace others, the removed ones come first or
 * last. change is "added" or "removed". number counts from 1: of an added line, in the new file; of
 * a removed one, in the old file.
 */
FLOWRULES_API size_t flowrules_line_count(const flowrules_lines *lines);
FLOWRULES_API const char *flowrules_line_change(const flowrules_lines *lines, size_t line);
FLOWRULES_API const char *flowrules_line_file(const flowrules_lines *lines, size_t line);
FLOWRULES_API size_t flowrules_line_number(const flowrules_lines *lines, size_t line);
FLOWRULES_API const char *flowrules_line_text(const flowrules_lines *lines, size_t line);

/* What happened to flows between two versions of a policy, as they are written. */
typedef struct flowrules_flow_changes flowrules_flow_changes;

/*
 * Finds the flows that are new, gone, renamed, or changed. A flow is the same in both if it has the
 * same name or, among those of other names, the same action, source, destination and service.
 * flowrules_compare finds what that means for packets. The policies may be freed before.
 */
FLOWRULES_CHECK flowrules_status flowrules_flow_changes_new(flowrules_flow_changes **changes,
                                                            flowrules_context *context,
                                                            const flowrules_policy *before,
                                                            const flowrules_policy *after);
FLOWRULES_API void flowrules_flow_changes_free(flowrules_flow_changes *changes);

/* The changes in the order of the new version; then what is gone. */
FLOWRULES_API size_t flowrules_flow_change_count(const flowrules_flow_changes *changes);
/* "added", "removed", "renamed", "moved" (another source or destination) or "changed". */
FLOWRULES_API const char *flowrules_flow_change_kind(const flowrules_flow_changes *changes,
                                                     size_t change);
/* The name of the flow before (after = 0) or after (1); NULL if there is none on that side. */
FLOWRULES_API const char *flowrules_flow_change_flow(const flowrules_flow_changes *changes,
                                                     size_t change, int after);
/*
 * What changed, in one line: "destination: server -> db; owner: none -> team". Of a flow that is
 * added, removed or renamed, what it says: "allow office -> server, https (tcp/443)".
 */
FLOWRULES_API const char *flowrules_flow_change_text(const flowrules_flow_changes *changes,
                                                     size_t change);

/* ---- importing ---------------------------------------------------------------------------- */

/*
 * Writes a policy with exactly the meaning of a configuration, as an artifact with one YAML file.
 * backend is "BACKEND[:FORMAT]". protects lists what the configuration protects, if it does not say
 * so itself: addresses, prefixes or groups, separated by commas; or NULL. Notes report what cannot
 * be kept. FLOWRULES_DIFFERENT: something was not understood; the messages name it, and the policy
 * does not have it. FLOWRULES_REFUSED: no policy can mean the same; the messages say why.
 */
FLOWRULES_CHECK flowrules_status flowrules_import(flowrules_artifact **artifact,
                                                  flowrules_context *context, const char *backend,
                                                  const char *protects,
                                                  const flowrules_configuration *configuration);

/*
 * What a team is handed to have flows opened: sheets and documents. kind is "csv", "xlsx",
 * "markdown" or "commatrix". It belongs to the context.
 */
typedef struct flowrules_request flowrules_request;

/* True for a kind of flowrules_request_new. */
FLOWRULES_API int flowrules_request_is_kind(const char *kind);
/* FLOWRULES_USAGE, with a message: there is no such kind. */
FLOWRULES_CHECK flowrules_status flowrules_request_new(flowrules_request **request,
                                                       flowrules_context *context,
                                                       const char *kind);
FLOWRULES_API void flowrules_request_free(flowrules_request *request);
/* Adds a file of the request's kind; bytes are copied, name is what messages call them. */
FLOWRULES_CHECK flowrules_status flowrules_request_add_file(flowrules_request *request,
                                                            const char *path);
FLOWRULES_CHECK flowrules_status flowrules_request_add_bytes(flowrules_request *request,
                                                             const char *name, const char *bytes,
                                                             size_t size);
/*
 * Reads a mapping: which column is what, and what texts of cells are (docs/REQUESTS.md). Without
 * one, columns are guessed from their headings. FLOWRULES_INVALID: the messages have its errors.
 */
FLOWRULES_CHECK flowrules_status flowrules_request_map(flowrules_request *request,
                                                       const char *path);
/*
 * Lets cells name the networks that a file defines, by their names or descriptions. The policy
 * includes the file by this path.
 */
FLOWRULES_CHECK flowrules_status flowrules_request_define(flowrules_request *request,
                                                          const char *path);
/*
 * Writes a policy with a flow for each row that asks for one, as an artifact. Its file
 * "policy.yaml" is the policy; if columns were guessed, "map.yaml" is the mapping, for
 * flowrules_request_map. Notes report how cells are taken. FLOWRULES_DIFFERENT: something is not
 * understood, or a name has no addresses; warnings name the cell, and the policy does not have its
 * row, or has a network without members, with which it does not load. FLOWRULES_INVALID: nothing
 * can be taken; an artifact has the mapping alone.
 */
FLOWRULES_CHECK flowrules_status flowrules_import_request(flowrules_artifact **artifact,
                                                          flowrules_request *request);

/* ---- backends ---------------------------------------------------------------------------- */

/* The backends that a context knows, in the order of their registration. */
FLOWRULES_API size_t flowrules_backend_count(const flowrules_context *context);
FLOWRULES_API const char *flowrules_backend_name(const flowrules_context *context, size_t backend);
FLOWRULES_API const char *flowrules_backend_title(const flowrules_context *context, size_t backend);
FLOWRULES_API const char *flowrules_backend_description(const flowrules_context *context,
                                                        size_t backend);

/*
 * Adds a backend to a context, for policies that are read afterwards. flowrules/backend.h documents
 * the record. The record and everything that it points to are not copied and must outlive the
 * context. FLOWRULES_USAGE, with a message: it was built for another version of the interface, its
 * name is already used, or the record is not consistent.
 */
struct flowrules_backend;
FLOWRULES_CHECK flowrules_status
flowrules_backend_register(flowrules_context *context, const struct flowrules_backend *backend);

/* The files of which there is a schema. The numbers do not change. */
typedef enum flowrules_schema_kind {
    FLOWRULES_SCHEMA_POLICY = 0,
    FLOWRULES_SCHEMA_INCLUDED = 1,  /* a file that a policy includes */
    FLOWRULES_SCHEMA_ASSERTIONS = 2 /* a file of assertions of another owner */
} flowrules_schema_kind;

/*
 * Makes the JSON Schema (2020-12) of a file (enum flowrules_schema_kind), for the backends of the
 * context. Every file that can be loaded satisfies it, but it cannot find every error. The text
 * belongs to the context until the next call.
 */
FLOWRULES_CHECK flowrules_status flowrules_schema(const char **schema, flowrules_context *context,
                                                  int kind);

/* The data of a backend, as tables of rows. */
typedef enum flowrules_topic {
    FLOWRULES_FORMATS = 0,      /* name; -; what it is */
    FLOWRULES_CAPABILITIES = 1, /* name; value; what it means */
    FLOWRULES_SETTINGS = 2,     /* key; type, and default if there is one; help */
    FLOWRULES_BINDINGS = 3,     /* the same, for networks */
    FLOWRULES_LIMITS = 4        /* name; number; the vendor's source */
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
