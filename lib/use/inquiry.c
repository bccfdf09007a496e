/*
 * The questions and answers of an inquiry. Does not know whom to ask.
 */
#include "inquiry.h"

#include <string.h>

void fr_inquiry_init(struct fr_inquiry *inquiry, flowrules_context *context) {
    const struct fr_allocator *allocator = &context->allocator;
    memset(inquiry, 0, sizeof *inquiry);
    inquiry->context = context;
    fr_vec_init(&inquiry->servers, allocator, sizeof(const char *));
    fr_vec_init(&inquiry->replies, allocator, sizeof(struct fr_reply));
    fr_vec_init(&inquiry->found, allocator, sizeof(struct fr_found));
    fr_vec_init(&inquiry->aliases, allocator, sizeof(const char *));
    fr_arena_init(&inquiry->texts, allocator);
}

void fr_inquiry_free(struct fr_inquiry *inquiry) {
    fr_vec_free(&inquiry->servers);
    fr_vec_free(&inquiry->replies);
    fr_vec_free(&inquiry->found);
    fr_vec_free(&inquiry->aliases);
    fr_arena_free(&inquiry->texts);
}

struct fr_reply *fr_inquiry_reply(const struct fr_inquiry *inquiry, size_t name, size_t server,
                                  enum flowrules_family family) {
    size_t number = (name * inquiry->server_count + server) * 2 + (size_t)family;
    return fr_vec_at(&inquiry->replies, struct fr_reply, number);
}

flowrules_status fr_inquiry_make_replies(struct fr_inquiry *inquiry) {
    size_t total = inquiry->name_count * inquiry->server_count * 2;
    if (!fr_vec_reserve(&inquiry->replies, total))
        return fr_no_memory(inquiry->context);
    for (size_t i = 0; i < total; i++)
        ((struct fr_reply *)fr_vec_push(&inquiry->replies))->outcome = FR_OUT_OF_TIME;
    return FLOWRULES_OK;
}

flowrules_status fr_inquiry_add_server(struct fr_inquiry *inquiry, const char *shown) {
    const char *copy = fr_arena_text(&inquiry->texts, shown, strlen(shown));
    const char **slot = copy == NULL ? NULL : fr_vec_push(&inquiry->servers);
    if (slot == NULL)
        return fr_no_memory(inquiry->context);
    *slot = copy;
    return FLOWRULES_OK;
}

bool fr_reply_address(struct fr_inquiry *inquiry, struct fr_reply *reply,
                      enum flowrules_family family, struct flowrules_ip ip, uint32_t ttl) {
    struct fr_found *found = fr_vec_push(&inquiry->found);
    if (found == NULL)
        return false;
    *found = (struct fr_found){family, ip};
    if (reply->count++ == 0)
        reply->first = (uint32_t)inquiry->found.count - 1;
    reply->ttl = reply->count == 1 || ttl < reply->ttl ? ttl : reply->ttl;
    return true;
}

bool fr_reply_alias(struct fr_inquiry *inquiry, struct fr_reply *reply, const char *name) {
    char *copy = fr_arena_text(&inquiry->texts, name, strlen(name));
    const char **alias = copy == NULL ? NULL : fr_vec_push(&inquiry->aliases);
    if (alias == NULL)
        return false;
    *alias = copy;
    if (reply->alias_count++ == 0)
        reply->first_alias = (uint32_t)inquiry->aliases.count - 1;
    return true;
}

/* ---- outcomes ------------------------------------------------------------------------------ */

const char *fr_outcome_words(enum fr_outcome outcome) {
    static const char *const words[] = {
        [FR_ANSWERED] = "answered",
        [FR_NO_ADDRESS] = "it has no address",
        [FR_NO_NAME] = "there is no such name (NXDOMAIN)",
        [FR_SERVER_FAILED] = "the server failed (SERVFAIL)",
        [FR_SERVER_REFUSED] = "the server refuses the question",
        [FR_SERVER_CANNOT_READ] = "the server cannot read the question (FORMERR)",
        [FR_SERVER_CANNOT_ANSWER] = "the server does not answer such questions (NOTIMP)",
        [FR_NO_REPLY] = "no reply in time",
        [FR_UNREACHABLE] = "the server cannot be reached",
        [FR_BAD_REPLY] = "the reply is not valid",
        [FR_TRUNCATED] = "the reply is truncated, also over TCP",
        [FR_ALIAS_LOOP] = "its aliases (CNAME) form a loop",
        [FR_ALIASES_TOO_MANY] = "it has more than 16 aliases (CNAME) in a row",
        [FR_TOO_MANY] = "it has more addresses than max-addresses allows",
        [FR_OUT_OF_TIME] = "the deadline passed before an answer came",
        [FR_GIVEN_UP] = "the server does not reply and is no longer asked",
        [FR_INJECTED_FAILED] = "the resolver failed",
    };
    return words[outcome];
}

bool fr_outcome_is_known(enum fr_outcome outcome) {
    return outcome == FR_ANSWERED || outcome == FR_NO_ADDRESS || outcome == FR_NO_NAME;
}
