/*
 * An inquiry: names, whom they are asked of, and what was answered. Knows nothing of policies and
 * lock files. inquiry.c keeps it, inquiry_run.c has it asked, resolver.c asks the DNS.
 */
#ifndef FR_INQUIRY_H
#define FR_INQUIRY_H

#include "context.h"
#include "names.h"
#include "servers.h"

/* A longer chain of aliases is followed no further; resolvers stop at about as many. */
#define FR_ALIASES_MAX 16u

/* How the question for one name, of one family, to one server ended. */
enum fr_outcome {
    FR_ANSWERED,
    FR_NO_ADDRESS, /* the name exists, and has none of this family */
    FR_NO_NAME,    /* NXDOMAIN */
    FR_SERVER_FAILED,
    FR_SERVER_REFUSED,
    FR_SERVER_CANNOT_READ,   /* FORMERR */
    FR_SERVER_CANNOT_ANSWER, /* NOTIMP */
    FR_NO_REPLY,
    FR_UNREACHABLE,
    FR_BAD_REPLY,
    FR_TRUNCATED, /* over TCP, too, or TCP was of no avail */
    FR_ALIAS_LOOP,
    FR_ALIASES_TOO_MANY,
    FR_TOO_MANY, /* addresses */
    FR_OUT_OF_TIME,
    FR_GIVEN_UP, /* the server was silent so often that it was no longer asked */
    FR_INJECTED_FAILED
};

struct fr_found {
    enum flowrules_family family;
    struct flowrules_ip ip;
};

struct fr_reply {
    enum fr_outcome outcome;
    uint32_t first, count;             /* of found; those of the reply's family count */
    uint32_t first_alias, alias_count; /* of aliases, the chain in its order */
    uint32_t ttl;                      /* seconds, the least of all that led to an address */
    uint32_t beside;                   /* addresses of other names, which are not taken */
    const char *why;                   /* of FR_INJECTED_FAILED, or NULL */
};

/* Names, whom they are asked of, and what was answered. */
struct fr_inquiry {
    flowrules_context *context;
    const char *const *names; /* canonical; the caller's */
    size_t name_count, server_count;
    struct fr_vec servers; /* const char *: as they are shown */
    struct fr_vec replies; /* struct fr_reply: see fr_inquiry_reply */
    struct fr_vec found;   /* struct fr_found */
    struct fr_vec aliases; /* const char *, of texts */
    struct fr_arena texts;
};

void fr_inquiry_init(struct fr_inquiry *inquiry, flowrules_context *context);
void fr_inquiry_free(struct fr_inquiry *inquiry);
/* Asks for both families of every name: the resolver that was injected, or the servers
 * (inquiry_run.c). */
flowrules_status fr_inquiry_run(struct fr_inquiry *inquiry);
/* Asks the servers, many questions at once (resolver.c); its clock only measures its waiting. */
flowrules_status fr_inquiry_ask_servers(struct fr_inquiry *inquiry);
/* Room for all replies, once the servers are known. */
flowrules_status fr_inquiry_make_replies(struct fr_inquiry *inquiry);
/* One more server, as it is shown. */
flowrules_status fr_inquiry_add_server(struct fr_inquiry *inquiry, const char *shown);
struct fr_reply *fr_inquiry_reply(const struct fr_inquiry *inquiry, size_t name, size_t server,
                                  enum flowrules_family family);

/* What an outcome other than FR_ANSWERED means, in words. */
const char *fr_outcome_words(enum fr_outcome outcome);
/* True if the outcome says what exists, and not that this could not be determined. */
bool fr_outcome_is_known(enum fr_outcome outcome);

/* Puts an address, or an alias, behind a reply; false when out of memory. */
bool fr_reply_address(struct fr_inquiry *inquiry, struct fr_reply *reply,
                      enum flowrules_family family, struct flowrules_ip ip, uint32_t ttl);
bool fr_reply_alias(struct fr_inquiry *inquiry, struct fr_reply *reply, const char *name);

#endif
