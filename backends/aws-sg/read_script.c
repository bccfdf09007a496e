/*
 * Reads the scripts that aws_sg.c writes, and those that older versions did: variables, rules (a
 * line for each, or for those that differ in the peer alone) and a text that follows from them,
 * which has to be there byte for byte. Knows no other shell.
 */
#include "read.h"

#include <string.h>

#include "script.h"

enum variable {
    MARK,
    REGION,
    VPC,
    NAME,
    GROUPS,
    NEEDED,
    MOST, /* until the second version, as the next; later ones have the last four */
    CLOSES,
    KEEPS,
    ONLY,
    NUMBERS,
    STEPS, /* of the third version alone */
    TELLS,
    SHUTS, /* since the fourth version */
    VARIABLES
};

static const char *const variable_names[VARIABLES] = {
    "mark",   "region", "vpc",  "name",    "groups", "needed", "most",
    "closes", "keeps",  "only", "numbers", "steps",  "tells",  "shuts"};

/* Of a script without close, the default egress stays. */
static const char steps_open[] = "authorize revoke", steps_shut[] = "authorize close revoke";

/* What a script has said so far. */
struct script {
    struct fr_aws_sg_reader *reader;
    struct flowrules_line line;
    const char *variables[VARIABLES]; /* NULL: not yet seen */
    struct fr_aws_sg_group *group;    /* whose rules these lines are, or NULL */
    bool rules;                       /* the second round: not just the groups */
    unsigned version;                 /* of the script; 0 before its rules */
    unsigned parts;                   /* of enum fr_aws_sg_part, as far as they are read */
};

static bool equals(const char *a, const char *b) {
    return a != NULL && strcmp(a, b) == 0;
}

static struct flowrules_place place(const struct script *s, uint32_t column) {
    return (struct flowrules_place){s->line.file, s->line.number, column};
}

static void tell_foreign(struct script *s) {
    flowrules_input_error(s->reader->in, place(s, 1),
                          "only unchanged scripts of flowrules can be read: render it again, or "
                          "use the output of describe-security-groups",
                          "such a script does not have this line");
}

static void tell_cut(struct script *s) {
    flowrules_input_error(s->reader->in, place(s, 0), "render it again",
                          "the script is incomplete: its last line is missing");
}

static bool is_line(const struct script *s, const char *text) {
    return s->line.length == strlen(text) && memcmp(s->line.text, text, s->line.length) == 0;
}

/* The bytes of a value at text: 'value', ${SG-'value'} or one word; 0 where it is none of them. */
static size_t value_length(const char *text, size_t left) {
    static const char choice[] = "${SG-'";
    size_t open = left > 0 && text[0] == '\'' ? 1
                  : left >= sizeof choice - 1 && strncmp(text, choice, sizeof choice - 1) == 0
                      ? sizeof choice - 1
                      : 0;
    size_t length = open;
    if (open == 0) {
        while (length < left && strchr(" '$`\\;|&<>()\"", text[length]) == NULL)
            length++;
        return length;
    }
    while (length < left && text[length] != '\'')
        length++;
    length += open > 1 ? 2 : 1;
    return length <= left && (open == 1 || text[length - 1] == '}') ? length : 0;
}

/* Takes NAME=VALUE at text; its bytes, or 0 where it is no variable of a script. */
static size_t take_variable(struct script *s, const char *text, size_t left) {
    for (size_t i = 0; i < VARIABLES; i++) {
        size_t name = strlen(variable_names[i]);
        if (left <= name || strncmp(text, variable_names[i], name) != 0 || text[name] != '=')
            continue;
        const char *value = text + name + 1;
        size_t length = value_length(value, left - name - 1);
        size_t before = value[0] == '\'' ? 1 : value[0] == '$' ? 6 : 0;
        size_t behind = before > 1 ? 2 : before;
        if (length == 0 && left > name + 1)
            return 0;
        s->variables[i] =
            flowrules_input_copy(s->reader->in, value + before, length - before - behind);
        return name + 1 + length;
    }
    return 0;
}

/* A line of variables, with a blank between. */
static bool take_variables(struct script *s) {
    size_t at = 0;
    do {
        size_t length = take_variable(s, s->line.text + at, s->line.length - at);
        at += length;
        if (length == 0 || (at < s->line.length && s->line.text[at] != ' '))
            return false;
        at++;
    } while (at < s->line.length);
    return true;
}

/* Has a script of this version the variable? Of later ones, that depends on what it does. */
static bool has_variable(const struct script *s, enum variable variable) {
    bool old = s->version < 3;
    switch (variable) {
    case MOST:
    case CLOSES:
    case ONLY:
    case KEEPS:
    case VPC:
        return old;
    case NAME:
        return old || s->variables[VPC] != NULL;
    case NUMBERS:
        return s->variables[VPC] != NULL && !old;
    case STEPS:
        return s->version == 3;
    case TELLS:
        return !old;
    case SHUTS: /* only of those that revoke the default egress */
        return false;
    default:
        return true;
    }
}

/* The script stops where it asks for a variable that is not there. */
static void check_variables(struct script *s) {
    for (enum variable i = MARK; i < VARIABLES; i++)
        if (s->variables[i] == NULL && has_variable(s, i))
            flowrules_input_error(s->reader->in, place(s, 1), "render it again",
                                  "the script's variable '%s' is missing", variable_names[i]);
}

/* Word number index of a text with blanks between, or NULL. */
static const char *word_at(struct script *s, const char *text, unsigned index) {
    for (; text != NULL && *(text += strspn(text, " ")) != '\0'; text += strcspn(text, " "))
        if (index-- == 0)
            return flowrules_input_copy(s->reader->in, text, strcspn(text, " "));
    return NULL;
}

/* Is the default egress of a family one of this group's own rules, so that it is not revoked? */
static bool is_kept(struct script *s, unsigned number, enum flowrules_family family) {
    static const char *const families[] = {"ipv4", "ipv6"}, *const all[] = {"0.0.0.0/0", "::/0"};
    const char *wanted = flowrules_input_print(s->reader->in, "%u:%s", number,
                                               s->version < 3 ? families[family] : all[family]);
    const char *word;
    for (unsigned i = 0; (word = word_at(s, s->variables[KEEPS], i)) != NULL && wanted != NULL; i++)
        if (strcmp(word, wanted) == 0)
            return true;
    return false;
}

static bool closes(const struct script *s) {
    if (s->version > 3)
        return s->variables[SHUTS] != NULL;
    return s->version < 3 ? equals(s->variables[CLOSES], "yes")
                          : equals(s->variables[STEPS], steps_shut);
}

/* What group N of the script is called where its id is not there; NULL when out of memory. */
static const char *group_name(struct script *s, unsigned number) {
    static const char head[] = "flowrules ";
    const char *name = s->variables[NAME], *mark = s->variables[MARK];
    if (name != NULL || mark == NULL || strncmp(mark, head, sizeof head - 1) != 0)
        return flowrules_input_print(s->reader->in, "%s-%u", name == NULL ? "" : name, number);
    mark += sizeof head - 1;
    return flowrules_input_print(s->reader->in, "flowrules-%.*s-%u", (int)strcspn(mark, " "), mark,
                                 number);
}

/* Group N of the script becomes the one whose rules follow: by its id, or, where *name is not NULL
 * afterwards, by that name, which it will have. False where there is none. */
static bool find_group(struct script *s, unsigned number, uint32_t column, const char **name) {
    const char *id = word_at(s, s->variables[GROUPS], number - 1);
    const char *later = group_name(s, number);
    *name = id == NULL ? later : NULL;
    if (later == NULL)
        return false;
    s->group = fr_aws_sg_group_of(s->reader, id != NULL ? id : later, place(s, column));
    return s->group != NULL;
}

static void open_group(struct script *s, unsigned number) {
    const char *name;
    if (!find_group(s, number, 5, &name))
        return;
    if (name != NULL) {
        s->group->name = name;
        s->group->vpc = equals(s->variables[VPC], "") ? NULL : s->variables[VPC];
    }
    s->group->rest = FR_AWS_SG_DEFAULT;
    for (enum flowrules_family f = FLOWRULES_IPV4; f <= FLOWRULES_IPV6; f++)
        s->group->revoked[f] = closes(s) && !is_kept(s, number, f);
}

/* "    N)" begins the rules of group N in the first version. */
static bool begin_group(struct script *s) {
    unsigned number;
    if (s->line.length < 6 || strncmp(s->line.text, "    ", 4) != 0 ||
        s->line.text[s->line.length - 1] != ')' ||
        !flowrules_parse_number(s->line.text + 4, s->line.length - 5, 1000, &number) || number == 0)
        return false;
    open_group(s, number);
    return true;
}

/* Later ones have groups 1 to the variable needed, with or without a rule. */
static void open_groups(struct script *s) {
    unsigned needed;
    const char *text = s->variables[NEEDED];
    if (text == NULL || !flowrules_parse_number(text, strlen(text), 1000, &needed))
        return;
    for (unsigned number = 1; number <= needed; number++)
        open_group(s, number);
}

/* A port of a line, - for none. */
static bool take_port(const struct flowrules_word *word, bool *has, long long *port) {
    unsigned number;
    *has = strcmp(word->text, "-") != 0;
    *port = -1;
    if (!*has || strcmp(word->text, "-1") == 0)
        return true;
    if (!flowrules_parse_number(word->text, strlen(word->text), 65535, &number))
        return false;
    *port = number;
    return true;
}

static struct flowrules_set peer_of(struct script *s, const struct flowrules_word *kind,
                                    const struct flowrules_word *peer, bool *known) {
    struct fr_aws_sg_reader *r = s->reader;
    *known = true;
    if (strcmp(kind->text, "ipv4") == 0)
        return fr_aws_sg_cidr(r, place(s, peer->column), peer->text, FLOWRULES_IPV4);
    if (strcmp(kind->text, "ipv6") == 0)
        return fr_aws_sg_cidr(r, place(s, peer->column), peer->text, FLOWRULES_IPV6);
    *known = strcmp(kind->text, "group") == 0 || strcmp(kind->text, "prefix-list") == 0;
    return fr_aws_sg_known(r, kind->text, peer->text);
}

/* The words of a line that say what is allowed: at words[1] and from words[first] on. */
static bool take_service(struct script *s, const struct flowrules_word *w, size_t first,
                         const struct flowrules_word *direction, struct fr_aws_sg_rule *rule) {
    bool egress = strcmp(direction->text, "egress") == 0;
    *rule = (struct fr_aws_sg_rule){.at = place(s, w[0].column),
                                    .service_at = place(s, w[first].column),
                                    .protocol = w[first].text};
    rule->direction = egress ? FLOWRULES_EGRESS : FLOWRULES_INGRESS;
    s->parts |= strcmp(w[first + 1].text, "-") == 0 ? FR_AWS_SG_BARE : 0;
    return (egress || strcmp(direction->text, "ingress") == 0) &&
           take_port(&w[first + 1], &rule->has_from, &rule->from) &&
           take_port(&w[first + 2], &rule->has_to, &rule->to);
}

/* The first version: allow DIRECTION KEY PROTOCOL FROM TO KIND PEER FLOWS */
static bool take_rule(struct script *s) {
    size_t count;
    const struct flowrules_word *w =
        flowrules_input_words(s->reader->in, &s->line, "'", false, &count);
    struct fr_aws_sg_rule rule;
    bool known;
    if (count != 9 || strcmp(w[0].text, "allow") != 0 || s->group == NULL || s->version != 1 ||
        !w[8].quoted || !take_service(s, w, 3, &w[1], &rule))
        return false;
    rule.description =
        flowrules_input_print(s->reader->in, "flowrules - %s: %s", w[2].text, w[8].text);
    if (!s->rules || !s->group->chosen)
        return true;
    rule.peer = peer_of(s, &w[6], &w[7], &known);
    if (known && !flowrules_input_failed(s->reader->in))
        fr_aws_sg_allow(s->reader, &rule);
    return known;
}

/* What kind of peer the script takes a text for. */
static const char *kind_of(struct script *s, const char *peer) {
    bool account = strstr(peer, "/sg-") != NULL;
    if (account || strncmp(peer, "sg-", 3) == 0) {
        s->parts |= account ? FR_AWS_SG_ACCOUNT : FR_AWS_SG_GROUP;
        return "group";
    }
    if (strncmp(peer, "pl-", 3) == 0) {
        s->parts |= FR_AWS_SG_LIST;
        return "prefix-list";
    }
    s->parts |= strchr(peer, ':') != NULL ? FR_AWS_SG_IPV6 : FR_AWS_SG_IPV4;
    return strchr(peer, ':') != NULL ? "ipv6" : "ipv4";
}

/* KEY=PEER of a line of rules, KEY>PEER since the third version. */
static bool take_peer(struct script *s, const struct flowrules_word *word, const char *notes,
                      struct fr_aws_sg_rule rule) {
    static const char digits[] = "0123456789abcdef";
    size_t key = strspn(word->text, digits);
    bool known = key == 12 && word->text[key] == (s->version < 3 ? '=' : '>') && !word->quoted;
    if (!known)
        return false;
    struct flowrules_word peer = *word;
    peer.text += key + 1;
    peer.column += (uint32_t)key + 1;
    struct flowrules_word kind = {.text = kind_of(s, peer.text)};
    rule.at = place(s, word->column);
    rule.description =
        flowrules_input_print(s->reader->in, "flowrules - %.12s: %s", word->text, notes);
    if (!s->rules || !s->group->chosen)
        return true;
    rule.peer = peer_of(s, &kind, &peer, &known);
    if (known && !flowrules_input_failed(s->reader->in))
        fr_aws_sg_allow(s->reader, &rule);
    return known;
}

/* The peers of a line, words[first] on, in the group of a number. */
static bool take_peers(struct script *s, const struct flowrules_word *words, size_t first,
                       size_t count, unsigned group, const char *notes,
                       struct fr_aws_sg_rule rule) {
    const char *name;
    bool found = find_group(s, group, words[0].column, &name);
    for (size_t i = first; i < count && found; i++)
        if (!take_peer(s, &words[i], notes, rule))
            return false;
    return true;
}

static bool take_number(const struct flowrules_word *word, unsigned *number) {
    return flowrules_parse_number(word->text, strlen(word->text), 1000, number) && *number > 0;
}

/* The second version: allow GROUP DIRECTION PROTOCOL FROM TO NOTES KEY=PEER... */
static bool take_rules(struct script *s) {
    size_t count;
    unsigned number;
    const struct flowrules_word *w =
        flowrules_input_words(s->reader->in, &s->line, "'", false, &count);
    struct fr_aws_sg_rule rule;
    return count >= 8 && w[6].quoted && s->version == 2 && strcmp(w[0].text, "allow") == 0 &&
           take_number(&w[1], &number) && take_service(s, w, 3, &w[2], &rule) &&
           take_peers(s, w, 7, count, number, w[6].text, rule);
}

/*
 * GROUP DIRECTION PROTOCOL FROM TO KEY>PEER... | NOTES, within single quotes: what would end them,
 * or what the script would take for something else in notes, is no such line.
 */
static bool take_row(struct script *s) {
    const char *text = s->line.text, *bar = memchr(text, '|', s->line.length);
    struct flowrules_line line = s->line;
    struct fr_aws_sg_rule rule;
    size_t count;
    unsigned number;
    if (bar == NULL || line.length < (size_t)(bar - text) + 2 || bar[1] != ' ')
        return false;
    const char *notes =
        flowrules_input_copy(s->reader->in, bar + 2, line.length - (size_t)(bar - text) - 2);
    line.length = (size_t)(bar - text);
    if (notes == NULL || strpbrk(notes, "'|>\\") != NULL || memchr(text, '\'', line.length) != NULL)
        return notes == NULL;
    const struct flowrules_word *w =
        flowrules_input_words(s->reader->in, &line, NULL, false, &count);
    return count >= 6 && take_number(&w[0], &number) && take_service(s, w, 2, &w[1], &rule) &&
           take_peers(s, w, 5, count, number, notes, rule);
}

/* Is this what the pieces of these parts say? *at: how many bytes of it are. */
static bool is_text(const char *text, size_t left, const struct flowrules_piece *pieces,
                    unsigned parts, size_t *at) {
    bool same = true;
    *at = 0;
    for (const struct flowrules_piece *p = pieces; p->text != NULL && same; p++) {
        if (!fr_aws_sg_has(p, parts))
            continue;
        const char *next = p->text;
        for (; *next != '\0' && *at < left && text[*at] == *next; next++)
            ++*at;
        same = *next == '\0';
    }
    return same && *at == left;
}

/* From the end of the rules: is the rest of the file what it always is? */
static void check_rest(struct script *s) {
    const struct flowrules_piece *const versions[] = {
        fr_aws_sg_script_1, fr_aws_sg_script_2, fr_aws_sg_script_3,
        flowrules_template_find(fr_aws_sg_script, "RULES") + 1};
    size_t size, at;
    const char *text = flowrules_input_text(s->reader->in, s->line.file, &size);
    const char *rest = s->line.text; /* the line that ends the rules */
    size_t left = size - (size_t)(rest - text);
    s->parts |= s->variables[VPC] != NULL ? FR_AWS_SG_MADE : 0;
    s->parts |= closes(s) ? FR_AWS_SG_CLOSES : 0;
    s->parts |= s->variables[KEEPS] != NULL ? FR_AWS_SG_KEEPS : 0;
    if (s->variables[VPC] != NULL && closes(s)) {
        const char *keeps = s->variables[KEEPS] == NULL ? "" : s->variables[KEEPS];
        s->parts |=
            fr_aws_sg_opens(strstr(keeps, ":0.0.0.0/0") != NULL, strstr(keeps, ":::/0") != NULL);
    }
    if (is_text(rest, left, versions[s->version - 1], s->parts, &at))
        return;
    for (size_t i = 0; i < at; i++)
        s->line.number += rest[i] == '\n' ? 1 : 0;
    if (at == left)
        tell_cut(s);
    else
        tell_foreign(s);
}

/* Has the script the steps of its version: is the default egress revoked whole, or left alone? */
static bool has_known_steps(const struct script *s) {
    if (s->version == 3)
        return closes(s) || equals(s->variables[STEPS], steps_open);
    return s->version < 3 || !closes(s) || equals(s->variables[SHUTS], FR_AWS_SG_SHUTS);
}

/* The line that begins the rules, which says what version the script is of: of those whose rules
 * are a table, the third has steps. */
static bool begin_rules(struct script *s) {
    static const char *const begins[] = {"rules() { # NUMBER OF A GROUP", "rules() {", "rules='"};
    for (unsigned version = 1; version <= 3; version++) {
        if (!is_line(s, begins[version - 1]))
            continue;
        s->version = version == 3 && s->variables[STEPS] == NULL ? 4 : version;
        check_variables(s);
        if (version > 1)
            open_groups(s);
        if (!has_known_steps(s) && !flowrules_input_failed(s->reader->in))
            tell_foreign(s);
        return true;
    }
    return false;
}

static bool take_line(struct script *s) {
    static const char *const constant[] = {"set -euf", "    case $1 in", "        ;;", "    esac",
                                           "    :"};
    if (s->version >= 3)
        return take_row(s);
    if (s->line.length == 0 || s->line.text[0] == '#')
        return true;
    for (size_t i = 0; i < sizeof constant / sizeof *constant; i++)
        if (is_line(s, constant[i]))
            return true;
    return begin_rules(s) || take_variables(s) || begin_group(s) || take_rule(s) || take_rules(s);
}

static void read_script(struct fr_aws_sg_reader *r, size_t file, bool rules) {
    struct script s = {.reader = r, .line = {.file = file}, .rules = rules};
    bool whole = false;
    while (!whole && !flowrules_input_failed(r->in) && flowrules_input_line(r->in, &s.line)) {
        whole = s.version > 0 && is_line(&s, s.version >= 3 ? "'" : "}");
        if (!whole && !take_line(&s) && !flowrules_input_failed(r->in))
            tell_foreign(&s);
    }
    if (whole && !rules)
        check_rest(&s);
    else if (!whole && !flowrules_input_failed(r->in))
        tell_cut(&s);
}

void fr_aws_sg_script_groups(struct fr_aws_sg_reader *r, size_t file) {
    read_script(r, file, false);
}

void fr_aws_sg_script_rules(struct fr_aws_sg_reader *r, size_t file) {
    read_script(r, file, true);
}
