/*
 * Reads the scripts that gcloud.c writes, and those that older versions did, of VPC rules and of a
 * policy: a head, a constant part, a call for each rule, and a constant end, which have to be there
 * byte for byte. Knows no other shell.
 */
#include "read.h"

#include <string.h>

#include "scripts.h"

struct script {
    struct fr_gcloud_reader *reader;
    struct flowrules_line line;
    bool of_policy;
    const char *end; /* what follows the rules */
    const char *network;
    struct fr_gcloud_rule rule; /* the call that goes on on the next line, where open is true */
    bool open;
};

static struct flowrules_place place(const struct script *s, uint32_t column) {
    return (struct flowrules_place){s->line.file, s->line.number, column};
}

static void tell_foreign(struct script *s, uint32_t column) {
    if (!flowrules_input_failed(s->reader->in))
        flowrules_input_error(s->reader->in, place(s, column),
                              "only unchanged scripts of flowrules can be read: render it again, "
                              "or use the output of gcloud with --format=json",
                              "such a script does not have this line");
}

static bool begins(const char *text, const char *prefix) {
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* ---- the head ------------------------------------------------------------------------------ */

/* Is the line this text, with " --project=..." perhaps, before an end? */
static bool is_call(const struct script *s, const char *call) {
    static const char end[] = " --quiet </dev/null", option[] = " --project=";
    size_t length = strlen(call), tail = sizeof end - 1;
    const char *text = s->line.text;
    if (s->line.length < length + tail || strncmp(text, call, length) != 0 ||
        strncmp(text + s->line.length - tail, end, tail) != 0)
        return false;
    text += length;
    size_t rest = s->line.length - length - tail;
    return rest == 0 ||
           (rest > sizeof option - 1 && strncmp(text, option, sizeof option - 1) == 0 &&
            memchr(text + 1, ' ', rest - 1) == NULL);
}

static bool is_line(const struct script *s, const char *text) {
    return s->line.length == strlen(text) && memcmp(s->line.text, text, s->line.length) == 0;
}

/* NAME=VALUE with nothing that a shell would expand or run; the network is kept. */
static bool take_variable(struct script *s, const char *word, size_t length) {
    static const char *const names[] = {
        "dry=", "project=", "prefix=", "network=", "policy=", "place=", "scope=", "listed="};
    static const char safe[] = "abcdefghijklmnopqrstuvwxyz0123456789-=_.:";
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t before = strlen(names[i]);
        if (length < before || !begins(word, names[i]))
            continue;
        if (strcmp(names[i], "network=") == 0)
            s->network = flowrules_input_copy(s->reader->in, word + before, length - before);
        return strspn(word + before, safe) >= length - before ||
               (length == before + 2 && begins(word + before, "''"));
    }
    return false;
}

/* A line of variables. */
static bool is_variable(struct script *s) {
    for (size_t at = 0; at < s->line.length;) {
        size_t length = 0;
        while (at + length < s->line.length && s->line.text[at + length] != ' ')
            length++;
        if (!take_variable(s, s->line.text + at, length))
            return false;
        at += length + 1;
    }
    return true;
}

static bool is_head(struct script *s) {
    static const char *const lines[] = {"set -eu",
                                        "    if [ \"$dry\" = yes ] && [ \"$1\" != list ]; then",
                                        "        echo \"firewall_rules $*\"",
                                        "        echo \"policies $*\"",
                                        "        return",
                                        "    fi",
                                        "firewall_rules() {",
                                        "policies() {",
                                        "enforcement_order() {",
                                        "    gcloud compute networks describe \"$network\" \\",
                                        "}"};
    static const char *const calls[] = {
        "    gcloud compute firewall-rules \"$@\"",
        "    gcloud compute network-firewall-policies \"$@\"",
        "        --format='value(networkFirewallPolicyEnforcementOrder)'"};
    if (s->line.length == 0 || s->line.text[0] == '#')
        return true;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        if (is_line(s, lines[i]))
            return true;
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        if (is_call(s, calls[i]))
            return true;
    return is_variable(s);
}

/* ---- rules --------------------------------------------------------------------------------- */

/* Options with values between commas. */
static const struct {
    const char *option;
    enum fr_gcloud_field field;
    bool of_policy, of_vpc;
} lists[] = {
    {"--source-ranges=", FR_GCLOUD_SOURCE_RANGES, false, true},
    {"--source-tags=", FR_GCLOUD_SOURCE_TAGS, false, true},
    {"--source-service-accounts=", FR_GCLOUD_SOURCE_ACCOUNTS, false, true},
    {"--destination-ranges=", FR_GCLOUD_DESTINATION_RANGES, false, true},
    {"--target-tags=", FR_GCLOUD_TARGET_TAGS, false, true},
    {"--target-service-accounts=", FR_GCLOUD_TARGET_ACCOUNTS, true, true},
    {"--src-ip-ranges=", FR_GCLOUD_SOURCE_RANGES, true, false},
    {"--src-secure-tags=", FR_GCLOUD_SOURCE_SECURE_TAGS, true, false},
    {"--dest-ip-ranges=", FR_GCLOUD_DESTINATION_RANGES, true, false},
    {"--dest-fqdns=", FR_GCLOUD_DESTINATION_NAMES, true, false},
    {"--target-secure-tags=", FR_GCLOUD_TARGET_SECURE_TAGS, true, false},
};

typedef void take_item(struct script *s, int field, char *text, struct flowrules_place at);

static void take_each(struct script *s, const char *values, int field, take_item *take,
                      struct flowrules_place at) {
    for (;;) {
        size_t length = strcspn(values, ",");
        char *one = flowrules_input_copy(s->reader->in, values, length);
        if (one == NULL || flowrules_input_failed(s->reader->in))
            return;
        take(s, field, one, at);
        if (values[length] == '\0')
            return;
        values += length + 1;
    }
}

static void take_value(struct script *s, int field, char *text, struct flowrules_place at) {
    fr_gcloud_value(&s->rule, (enum fr_gcloud_field)field, text, at);
}

/* PROTOCOL or PROTOCOL:PORTS. */
static void take_service(struct script *s, int unused, char *text, struct flowrules_place at) {
    char *colon = strchr(text, ':');
    (void)unused;
    if (colon != NULL)
        *colon = '\0';
    fr_gcloud_service(&s->rule, text, colon == NULL ? NULL : colon + 1, at);
}

static bool take_option(struct script *s, const struct flowrules_word *word) {
    static const char description[] = "--description=";
    const char *services = s->of_policy ? "--layer4-configs=" : "--rules=";
    const char *text = word->text;
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        if ((s->of_policy ? lists[i].of_policy : lists[i].of_vpc) &&
            begins(text, lists[i].option)) {
            take_each(s, text + strlen(lists[i].option), (int)lists[i].field, take_value,
                      place(s, word->column));
            return true;
        }
    if (begins(text, services)) {
        take_each(s, text + strlen(services), 0, take_service, place(s, word->column));
        return true;
    }
    if (begins(text, description)) {
        s->rule.description = text + sizeof description - 1;
        return true;
    }
    s->rule.log = strcmp(text, "--enable-logging") == 0;
    return s->rule.log || (!s->of_policy && strcmp(text, "--no-enable-logging") == 0);
}

/* "rule NAME DIRECTION ACTION PRIORITY", of a policy "rule PRIORITY DIRECTION ACTION". */
static bool begin_rule(struct script *s, const struct flowrules_word *words, size_t count,
                       size_t *used) {
    const struct flowrules_word *priority = &words[s->of_policy ? 1 : 4];
    unsigned number;
    *used = s->of_policy ? 4 : 5;
    if (count < *used || strcmp(words[0].text, "rule") != 0 ||
        !flowrules_parse_number(priority->text, strlen(priority->text), UINT16_MAX, &number))
        return false;
    s->rule = (struct fr_gcloud_rule){.reader = s->reader,
                                      .at = place(s, words[0].column),
                                      .of_policy = s->of_policy,
                                      .priority = number,
                                      .name = s->of_policy ? NULL : words[1].text};
    fr_gcloud_direction(&s->rule, words[2].text, place(s, words[2].column));
    fr_gcloud_action(&s->rule, words[3].text, place(s, words[3].column));
    return true;
}

/* A line of a call; it goes on after a backslash. */
static void take_line(struct script *s) {
    size_t count, used = 0;
    const struct flowrules_word *words =
        flowrules_input_words(s->reader->in, &s->line, "'", false, &count);
    if (count == 0) {
        if (s->open)
            tell_foreign(s, 1);
        return;
    }
    if (!s->open && count == 1 && strcmp(words[0].text, ":") == 0) /* a policy without rules */
        return;
    if (!s->open && !begin_rule(s, words, count, &used)) {
        tell_foreign(s, words[0].column);
        return;
    }
    s->open = strcmp(words[count - 1].text, "\\") == 0 && !words[count - 1].quoted;
    for (size_t i = used; i < count - (s->open ? 1 : 0); i++)
        if (!take_option(s, &words[i])) {
            tell_foreign(s, words[i].column);
            return;
        }
    if (!s->open && s->reader->rules && !flowrules_input_failed(s->reader->in))
        fr_gcloud_keep(&s->rule);
}

/* ---- the file ------------------------------------------------------------------------------ */

/* Goes behind a text that begins with this line and ends with one. */
static void skip_text(struct script *s, const char *text) {
    for (const char *c = text; *c != '\0'; c++)
        s->line.number += *c == '\n' ? 1 : 0;
    s->line.number--;
    s->line.text += strlen(text) - 1;
    s->line.length = 0;
}

/* The lines up to the constant part; which that is says what the rules are. */
static bool read_head(struct script *s) {
    const struct flowrules_piece *const known[] = {gcloud_rules_script, gcloud_policy_script,
                                                   gcloud_rules_script_1, gcloud_policy_script_1};
    while (flowrules_input_line(s->reader->in, &s->line)) {
        for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
            const struct flowrules_piece *rules = flowrules_template_find(known[i], "RULES");
            if (!begins(s->line.text, rules[-1].text))
                continue;
            s->of_policy = i % 2 == 1;
            s->end = rules[1].text;
            skip_text(s, rules[-1].text);
            return true;
        }
        if (!is_head(s)) {
            tell_foreign(s, 1);
            return false;
        }
    }
    return false;
}

void fr_gcloud_read_script(struct fr_gcloud_reader *r, size_t file) {
    struct script s = {.reader = r, .line = {.file = file}};
    bool whole = false;
    if (read_head(&s)) {
        bool wanted = fr_gcloud_wanted(r, s.network, place(&s, 0)) || !r->rules;
        while (!whole && !flowrules_input_failed(r->in) && flowrules_input_line(r->in, &s.line)) {
            whole = strcmp(s.line.text, s.end) == 0 && !s.open;
            if (!whole && wanted && r->rules)
                take_line(&s);
        }
        whole = whole || !wanted;
    }
    if (!whole && !flowrules_input_failed(r->in))
        flowrules_input_error(
            r->in, place(&s, 0), "render it again",
            "the script is incomplete: its last lines are not as flowrules wrote them");
}
