/*
 * Asks the questions of an inquiry: the resolver that a program gives instead of the DNS, or the
 * servers of resolver.c.
 */
#include "inquiry.h"

#include <string.h>

/* ---- a resolver of the program's own ------------------------------------------------------- */

/* One name that an injected resolver is asked for; it writes its answer here. */
struct flowrules_inquiry {
    struct fr_inquiry *inquiry;
    struct fr_reply answer; /* of both families */
    size_t counts[2];
    bool too_many, failed, no_memory;
};

int flowrules_inquiry_address(flowrules_inquiry *asked, const char *address, uint32_t ttl) {
    enum flowrules_family family;
    struct flowrules_ip ip;
    if (!fr_ip_parse(address, strlen(address), &family, &ip))
        return 0;
    if (asked->counts[family] >= asked->inquiry->context->max_addresses) {
        asked->too_many = true;
        return 0;
    }
    if (!fr_reply_address(asked->inquiry, &asked->answer, family, ip, ttl))
        asked->no_memory = true;
    else
        asked->counts[family]++;
    return !asked->no_memory;
}

int flowrules_inquiry_alias(flowrules_inquiry *asked, const char *name) {
    if (asked->answer.alias_count >= FR_ALIASES_MAX)
        return 0;
    asked->no_memory = !fr_reply_alias(asked->inquiry, &asked->answer, name) || asked->no_memory;
    return !asked->no_memory;
}

int flowrules_inquiry_fail(flowrules_inquiry *asked, const char *why) {
    asked->failed = true;
    asked->answer.why = NULL;
    if (why == NULL)
        return 1;
    asked->answer.why = fr_arena_text(&asked->inquiry->texts, why, strlen(why));
    asked->no_memory = asked->answer.why == NULL || asked->no_memory;
    return !asked->no_memory;
}

/* Both families share the list that the resolver wrote; each counts its own. */
static void keep_answer(const struct flowrules_inquiry *asked, size_t name) {
    for (int family = 0; family < 2; family++) {
        struct fr_reply *reply =
            fr_inquiry_reply(asked->inquiry, name, 0, (enum flowrules_family)family);
        *reply = asked->answer;
        reply->outcome = asked->counts[family] > 0 ? FR_ANSWERED : FR_NO_ADDRESS;
        if (asked->failed)
            reply->outcome = FR_INJECTED_FAILED;
        else if (asked->too_many)
            reply->outcome = FR_TOO_MANY;
    }
}

static flowrules_status ask_injected(struct fr_inquiry *inquiry) {
    flowrules_context *context = inquiry->context;
    inquiry->server_count = 1;
    FR_TRY(fr_inquiry_make_replies(inquiry));
    for (size_t i = 0; i < inquiry->name_count; i++) {
        struct flowrules_inquiry asked = {.inquiry = inquiry};
        context->resolver(context->resolver_user, inquiry->names[i], &asked);
        if (asked.no_memory)
            return fr_no_memory(context);
        keep_answer(&asked, i);
        if (context->progress != NULL)
            context->progress(context->progress_user, i + 1, inquiry->name_count);
    }
    return FLOWRULES_OK;
}

flowrules_status fr_inquiry_run(struct fr_inquiry *inquiry) {
    if (inquiry->name_count == 0)
        return FLOWRULES_OK;
    return inquiry->context->resolver != NULL ? ask_injected(inquiry)
                                              : fr_inquiry_ask_servers(inquiry);
}

void flowrules_context_set_resolver(flowrules_context *context, flowrules_resolver_fn resolver,
                                    void *user) {
    context->resolver = resolver;
    context->resolver_user = user;
}

void flowrules_context_set_progress(flowrules_context *context, flowrules_progress_fn progress,
                                    void *user) {
    context->progress = progress;
    context->progress_user = user;
}
