/*
 * Judges the replies for a name: the addresses that are pinned from now on, its status, and
 * warnings.
 */
#include "resolve.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "special.h"

/* Addresses that a message lists. */
#define LISTED_MOST 4u

/* One name under judgement. */
struct case_of_name {
    flowrules_resolution *r;
    size_t index;
    struct fr_resolved *resolved;
    struct fr_pinning *pinning;
    size_t old_count; /* its old pins are the first ones behind pinning->first */
    bool known[2];    /* is it known what there is of the family? */
    bool answered;
};

static struct fr_reply *reply_of(const struct case_of_name *c, size_t server, int family) {
    return fr_inquiry_reply(&c->r->inquiry, c->index, server, (enum flowrules_family)family);
}

static struct fr_pinned *pin_at(const struct case_of_name *c, size_t index) {
    return fr_vec_at(&c->r->pinned, struct fr_pinned, c->pinning->first + index);
}

static size_t pin_count(const struct case_of_name *c) {
    return c->r->pinned.count - c->pinning->first;
}

static void tell(const struct case_of_name *c, flowrules_severity severity, enum fr_id id,
                 const char *hint, const char *message) {
    struct fr_about about = {severity, id, c->resolved->at, NULL, NULL, hint};
    fr_report(&c->r->context->diagnostics, &about, "%s", message);
}

/* ---- lists of addresses -------------------------------------------------------------------- */

struct listing {
    char text[300];
    size_t count;
};

static void list_address(struct listing *listing, const char *address) {
    size_t used = strlen(listing->text);
    if (listing->count++ < LISTED_MOST)
        snprintf(listing->text + used, sizeof listing->text - used, "%s%s",
                 listing->count > 1 ? ", " : "", address);
}

static void end_listing(struct listing *listing) {
    size_t used = strlen(listing->text);
    if (listing->count > LISTED_MOST)
        snprintf(listing->text + used, sizeof listing->text - used, " and %zu more",
                 listing->count - LISTED_MOST);
}

/* ---- taking addresses ---------------------------------------------------------------------- */

static int compare_pins(const void *left, const void *right) {
    const struct fr_pinned *a = left, *b = right;
    if (a->family != b->family)
        return a->family < b->family ? -1 : 1;
    return fr_ip_compare(a->ip, b->ip);
}

/* The pin of an address, old or new; NULL: there is none yet. */
static struct fr_pinned *find_pin(const struct case_of_name *c, enum flowrules_family family,
                                  struct flowrules_ip ip) {
    for (size_t i = 0; i < pin_count(c); i++) {
        struct fr_pinned *pin = pin_at(c, i);
        if (pin->family == family && fr_ip_compare(pin->ip, ip) == 0)
            return pin;
    }
    return NULL;
}

static flowrules_status take_address(struct case_of_name *c, const struct fr_found *found,
                                     size_t server) {
    int32_t today = c->r->policy->as_of;
    struct fr_pinned *pin = find_pin(c, found->family, found->ip);
    if (pin == NULL) {
        pin = fr_vec_push(&c->r->pinned);
        if (pin == NULL)
            return fr_no_memory(c->r->context);
        *pin = (struct fr_pinned){.family = found->family,
                                  .ip = found->ip,
                                  .first_seen = today,
                                  .last_seen = today,
                                  .state = FR_PIN_NEW};
        fr_ip_text(pin->text, pin->family, pin->ip);
    } else if (pin->state == FR_PIN_GONE) {
        bool made_up = c->r->old.example;
        pin->state = FR_PIN_SAME;
        if (pin->first_seen == FR_NO_DATE || pin->first_seen > today || made_up)
            pin->first_seen = today;
        if (pin->last_seen < today || made_up)
            pin->last_seen = today;
    }
    pin->servers |= 1u << server;
    return FLOWRULES_OK;
}

/* An address that no host can have is a sinkhole's or a slip: it is told, and not taken. */
static flowrules_status take_reply(struct case_of_name *c, size_t server, int family) {
    struct fr_reply *reply = reply_of(c, server, family);
    c->known[family] = c->known[family] || fr_outcome_is_known(reply->outcome);
    if (reply->outcome != FR_ANSWERED)
        return FLOWRULES_OK;
    bool any = false;
    for (uint32_t i = 0; i < reply->count; i++) {
        const struct fr_found *found =
            fr_vec_at(&c->r->inquiry.found, struct fr_found, reply->first + i);
        const char *words;
        if ((int)found->family != family)
            continue;
        if (fr_special_use(found->family, found->ip, &words) != FR_SPECIAL_NEVER) {
            FR_TRY(take_address(c, found, server));
            any = true;
            continue;
        }
        char address[FR_IP_TEXT_SIZE], message[400];
        fr_ip_text(address, found->family, found->ip);
        snprintf(message, sizeof message, "'%s' has the address %s in a reply, %s: it is ignored",
                 c->resolved->name, address, words);
        tell(c, FLOWRULES_WARNING, FR_ADDRESS_SPECIAL,
             "a server that blocks the name gives such an address; no connection to it is possible",
             message);
    }
    if (any) {
        c->answered = true;
        c->pinning->servers |= 1u << server;
        if (c->pinning->ttl == 0 || reply->ttl < c->pinning->ttl)
            c->pinning->ttl = reply->ttl;
    } else {
        reply->outcome = FR_NO_ADDRESS;
    }
    return FLOWRULES_OK;
}

/* The chain of the first reply that led somewhere. */
static void take_aliases(struct case_of_name *c) {
    for (size_t server = 0; server < c->r->inquiry.server_count; server++)
        for (int family = 0; family < 2; family++) {
            const struct fr_reply *reply = reply_of(c, server, family);
            if (reply->outcome != FR_ANSWERED || c->pinning->alias_count > 0)
                continue;
            c->pinning->first_alias = reply->first_alias;
            c->pinning->alias_count = reply->alias_count;
        }
}

/* ---- what becomes of old addresses --------------------------------------------------------- */

static bool is_kept(const struct case_of_name *c, const struct fr_pinned *pin) {
    const flowrules_context *context = c->r->context;
    if (!c->answered || !c->known[pin->family])
        return true;
    if (!context->merge || c->r->old.example)
        return false;
    return pin->last_seen == FR_NO_DATE ||
           (int64_t)c->r->policy->as_of - pin->last_seen <= (int64_t)context->keep_days;
}

static void settle_pins(struct case_of_name *c) {
    bool differs = false;
    for (size_t i = 0; i < pin_count(c); i++) {
        struct fr_pinned *pin = pin_at(c, i);
        if (pin->state == FR_PIN_GONE && is_kept(c, pin))
            pin->state = FR_PIN_KEPT;
        differs = differs || pin->state == FR_PIN_NEW || pin->state == FR_PIN_GONE;
    }
    if (!c->answered)
        c->resolved->status = c->old_count > 0 ? FR_STATUS_KEPT : FR_STATUS_FAILED;
    else if (c->old_count == 0)
        c->resolved->status = FR_STATUS_NEW;
    else
        c->resolved->status = differs ? FR_STATUS_CHANGED : FR_STATUS_SAME;
    c->pinning->count = (uint32_t)pin_count(c);
    c->pinning->leave = !c->answered;
    if (pin_count(c) > 1)
        qsort(pin_at(c, 0), pin_count(c), sizeof(struct fr_pinned), compare_pins);
    /* A cache counts down: less than before says nothing, where all else is as it was. */
    uint32_t old_ttl = fr_lock_old_ttl(c->pinning->old);
    if (!differs && old_ttl > c->pinning->ttl)
        c->pinning->ttl = old_ttl;
}

/* ---- what is told -------------------------------------------------------------------------- */

/* Where a reply came from, in front of what is said of it; nothing for a program's resolver. */
static void name_server(const struct case_of_name *c, size_t server, char text[80]) {
    const struct fr_vec *servers = &c->r->inquiry.servers;
    text[0] = '\0';
    if (server < servers->count)
        snprintf(text, 80, "%.70s: ", *fr_vec_at(servers, const char *, server));
}

static const char *words_of(const struct fr_reply *reply) {
    return reply->why != NULL ? reply->why : fr_outcome_words(reply->outcome);
}

/* "127.0.0.1:53: no reply in time", for both families of a server. */
static void describe_failure(const struct case_of_name *c, size_t server, char *text, size_t room) {
    const struct fr_reply *v4 = reply_of(c, server, FLOWRULES_IPV4);
    const struct fr_reply *v6 = reply_of(c, server, FLOWRULES_IPV6);
    char from[80];
    name_server(c, server, from);
    if (strcmp(words_of(v4), words_of(v6)) == 0)
        snprintf(text, room, "%s%s", from, words_of(v4));
    else
        snprintf(text, room, "%sIPv4: %s; IPv6: %s", from, words_of(v4), words_of(v6));
}

static flowrules_status give_reason(struct case_of_name *c) {
    char text[600] = "";
    for (size_t server = 0; server < c->r->inquiry.server_count && server < 2; server++) {
        size_t used = strlen(text);
        if (used > 0 && used + 2 < sizeof text)
            used += (size_t)snprintf(text + used, sizeof text - used, "; ");
        describe_failure(c, server, text + used, sizeof text - used);
    }
    c->resolved->reason = fr_arena_text(&c->r->arena, text, strlen(text));
    return c->resolved->reason == NULL ? fr_no_memory(c->r->context) : FLOWRULES_OK;
}

static void tell_failure(struct case_of_name *c) {
    const char *name = c->resolved->name, *reason = c->resolved->reason;
    char message[1000], date[11];
    int32_t seen = FR_NO_DATE;
    for (size_t i = 0; i < c->old_count; i++)
        seen = pin_at(c, i)->last_seen > seen ? pin_at(c, i)->last_seen : seen;
    if (c->resolved->status == FR_STATUS_FAILED) {
        snprintf(message, sizeof message, "'%s' cannot be resolved: %s", name, reason);
        tell(c, FLOWRULES_ERROR, FR_NAME_FAILED,
             "it had no address before, so targets that need one cannot be rendered", message);
        return;
    }
    int used =
        snprintf(message, sizeof message, "'%s' cannot be resolved: %s; %s", name, reason,
                 c->old_count == 1 ? "its old address is kept" : "its old addresses are kept");
    if (seen != FR_NO_DATE) {
        fr_date_format(seen, date);
        snprintf(message + used, sizeof message - (size_t)used, ", last seen %s", date);
    }
    tell(c, FLOWRULES_WARNING, FR_NAME_KEPT, NULL, message);
}

static const char *kept_words(const struct case_of_name *c, int family) {
    for (size_t i = 0; i < pin_count(c); i++)
        if ((int)pin_at(c, i)->family == family)
            return "; its old addresses of that family are kept";
    return "; only the other family is pinned";
}

/* Some servers, or one family, failed, and yet there is an answer. */
static void tell_parts(const struct case_of_name *c) {
    static const char *const families[] = {[FLOWRULES_IPV4] = "IPv4", [FLOWRULES_IPV6] = "IPv6"};
    for (size_t server = 0; server < c->r->inquiry.server_count; server++)
        for (int family = 0; family < 2; family++) {
            const struct fr_reply *reply = reply_of(c, server, family);
            char from[80], message[700];
            if (fr_outcome_is_known(reply->outcome))
                continue;
            name_server(c, server, from);
            snprintf(message, sizeof message, "the answer for '%s' is not complete: %s%s: %s%s",
                     c->resolved->name, from, families[family], words_of(reply),
                     c->known[family] ? "" : kept_words(c, family));
            tell(c, FLOWRULES_WARNING, FR_NAME_PARTLY, NULL, message);
        }
}

static void tell_beside(const struct case_of_name *c) {
    size_t beside = 0;
    char message[400];
    for (size_t server = 0; server < c->r->inquiry.server_count; server++)
        for (int family = 0; family < 2; family++)
            beside += reply_of(c, server, family)->beside;
    if (beside == 0)
        return;
    snprintf(message, sizeof message,
             "the reply for '%s' has %zu address%s of other names: ignored", c->resolved->name,
             beside, beside == 1 ? "" : "es");
    tell(c, FLOWRULES_WARNING, FR_ANSWER_BESIDE, "check whether the server can be trusted",
         message);
}

/* New addresses that are none of the Internet's, a message for each kind. */
static void tell_special(const struct case_of_name *c) {
    const char *told[8] = {NULL};
    size_t told_count = 0;
    for (size_t i = 0; i < pin_count(c); i++) {
        struct listing listing = {"", 0};
        const char *words, *other;
        bool known =
            pin_at(c, i)->state != FR_PIN_NEW ||
            fr_special_use(pin_at(c, i)->family, pin_at(c, i)->ip, &words) == FR_SPECIAL_NONE;
        for (size_t j = 0; !known && j < told_count; j++)
            known = strcmp(told[j], words) == 0;
        if (known || told_count == 8)
            continue;
        told[told_count++] = words;
        for (size_t j = i; j < pin_count(c); j++) {
            fr_special_use(pin_at(c, j)->family, pin_at(c, j)->ip, &other);
            if (pin_at(c, j)->state == FR_PIN_NEW && other != NULL && strcmp(other, words) == 0)
                list_address(&listing, pin_at(c, j)->text);
        }
        end_listing(&listing);
        char message[800];
        snprintf(message, sizeof message, "'%s' has %s that %s %s: %s", c->resolved->name,
                 listing.count == 1 ? "an address" : "addresses", listing.count == 1 ? "is" : "are",
                 words, listing.text);
        tell(c, FLOWRULES_WARNING, FR_ADDRESS_SPECIAL,
             "pinned; this is correct for a name of your own network, but wrong or an attack "
             "for a name of the Internet",
             message);
    }
}

/* What one server knows: its addresses, or that there are none. */
static void list_server(const struct case_of_name *c, size_t server, char *text, size_t room) {
    struct listing listing = {"", 0};
    char from[80];
    for (size_t i = 0; i < pin_count(c); i++)
        if ((pin_at(c, i)->servers & 1u << server) != 0)
            list_address(&listing, pin_at(c, i)->text);
    end_listing(&listing);
    name_server(c, server, from);
    snprintf(text, room, "%s%s", from, listing.count == 0 ? "no address" : listing.text);
}

static bool knows_both(const struct case_of_name *c, size_t server) {
    return fr_outcome_is_known(reply_of(c, server, FLOWRULES_IPV4)->outcome) &&
           fr_outcome_is_known(reply_of(c, server, FLOWRULES_IPV6)->outcome);
}

/* Servers that answered in full and not alike: the first, and the first that differs from it. */
static void tell_differences(const struct case_of_name *c) {
    size_t count = c->r->inquiry.server_count, first = 0;
    while (first < count && !knows_both(c, first))
        first++;
    for (size_t other = first + 1; other < count; other++) {
        bool differs = false;
        for (size_t i = 0; i < pin_count(c); i++)
            differs = differs ||
                      (pin_at(c, i)->servers >> first & 1) != (pin_at(c, i)->servers >> other & 1);
        if (!differs || !knows_both(c, other))
            continue;
        char one[450], two[450], message[1000];
        list_server(c, first, one, sizeof one);
        list_server(c, other, two, sizeof two);
        snprintf(message, sizeof message, "the servers give different addresses for '%s': %s; %s",
                 c->resolved->name, one, two);
        tell(c, FLOWRULES_WARNING, FR_SERVERS_DIFFER,
             "all of them are pinned; if this is wrong, ask only the server that the clients ask",
             message);
        return;
    }
}

flowrules_status fr_resolution_judge(flowrules_resolution *r, size_t index) {
    struct case_of_name c = {.r = r, .index = index};
    c.resolved = fr_vec_at(&r->resolved, struct fr_resolved, index);
    c.pinning = fr_vec_at(&r->pinnings, struct fr_pinning, index);
    c.pinning->name = c.resolved->name;
    c.pinning->old = fr_lock_document_find(&r->old, c.resolved->name);
    c.pinning->first = (uint32_t)r->pinned.count;
    FR_TRY(fr_lock_old_pins(r->context, c.pinning->old, &r->pinned));
    c.old_count = pin_count(&c);
    for (size_t server = 0; server < r->inquiry.server_count; server++)
        for (int family = 0; family < 2; family++)
            FR_TRY(take_reply(&c, server, family));
    take_aliases(&c);
    settle_pins(&c);
    tell_beside(&c);
    tell_special(&c);
    if (c.answered) {
        tell_parts(&c);
        tell_differences(&c);
    } else {
        FR_TRY(give_reason(&c));
        tell_failure(&c);
    }
    return r->context->diagnostics.out_of_memory ? FLOWRULES_NO_MEMORY : FLOWRULES_OK;
}
