/*
 * Reads the scripts that aws_sg.c writes: variables, a function with a line for each rule, and a
 * constant part, which has to be there byte for byte. Knows no other shell.
 */
#include "aws_sg_read.h"

#include <string.h>

#include "aws_sg_script.h"

enum variable { MARK, REGION, VPC, NAME, GROUPS, NEEDED, MOST, CLOSES, KEEPS, ONLY, VARIABLES };

static const char *const variable_names[VARIABLES] = {
    "mark", "region", "vpc", "name", "groups", "needed", "most", "closes", "keeps", "only"};

/* What a script has said so far. */
struct script {
    struct fr_aws_sg_reader *reader;
    struct flowrules_line line;
    const char *variables[VARIABLES]; /* NULL: not yet seen */
    struct fr_aws_sg_group *group;    /* whose rules these lines are, or NULL */
    bool rules;                       /* the second round: not just the groups */
};

static bool equals(const char *a, const char *b) {
    return a != NULL && strcmp(a, b) == 0;
}

static struct flowrules_place place(const struct script *s, uint32_t column) {
    return (struct flowrules_place){s->line.file, s->line.number, column};
}

static void tell_foreign(struct script *s) {
    flowrules_input_error(s->reader->in, place(s, 1),
                          "scripts are read only as flowrules writes them: render it again, or "
                          "give what describe-security-groups gives out",
                          "this is no line of such a script");
}

static void tell_cut(struct script *s) {
    flowrules_input_error(s->reader->in, place(s, 0), "render it again",
                          "the script ends before its last line");
}

static bool is_line(const struct script *s, const char *text) {
    return s->line.length == strlen(text) && memcmp(s->line.text, text, s->line.length) == 0;
}

/* The value of NAME='value', NAME=value or NAME=${SG-'value'}, or NULL. */
static const char *value_of(struct script *s, const char *name) {
    size_t length = strlen(name), count = s->line.length;
    const char *text = s->line.text;
    if (count <= length || strncmp(text, name, length) != 0 || text[length] != '=')
        return NULL;
    text += length + 1;
    count -= length + 1;
    if (count > 6 && strncmp(text, "${SG-", 5) == 0 && text[count - 1] == '}') {
        text += 5;
        count -= 6;
    }
    if (count >= 2 && text[0] == '\'' && text[count - 1] == '\'') {
        text++;
        count -= 2;
    }
    return flowrules_input_copy(s->reader->in, text, count);
}

static bool take_variable(struct script *s) {
    for (size_t i = 0; i < VARIABLES; i++) {
        const char *value = value_of(s, variable_names[i]);
        if (value == NULL)
            continue;
        s->variables[i] = value;
        return true;
    }
    return false;
}

/* The script stops where it asks for a variable that is not there. */
static void check_variables(struct script *s) {
    for (size_t i = 0; i < VARIABLES; i++)
        if (s->variables[i] == NULL)
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
static bool is_kept(struct script *s, unsigned number, const char *family) {
    const char *wanted = flowrules_input_print(s->reader->in, "%u:%s", number, family), *word;
    for (unsigned i = 0; (word = word_at(s, s->variables[KEEPS], i)) != NULL && wanted != NULL; i++)
        if (strcmp(word, wanted) == 0)
            return true;
    return false;
}

/* "    N)" begins the rules of group N: by its id, or by the name that it will have. */
static bool begin_group(struct script *s) {
    static const char *const families[] = {"ipv4", "ipv6"};
    unsigned number;
    if (s->line.length < 6 || strncmp(s->line.text, "    ", 4) != 0 ||
        s->line.text[s->line.length - 1] != ')' ||
        !flowrules_parse_number(s->line.text + 4, s->line.length - 5, 1000, &number) || number == 0)
        return false;
    const char *id = word_at(s, s->variables[GROUPS], number - 1);
    const char *name = flowrules_input_print(
        s->reader->in, "%s-%u", s->variables[NAME] == NULL ? "" : s->variables[NAME], number);
    if (name == NULL)
        return true;
    s->group = fr_aws_sg_group_of(s->reader, id != NULL ? id : name, place(s, 5));
    if (s->group == NULL)
        return true;
    if (id == NULL) {
        s->group->name = name;
        s->group->vpc = equals(s->variables[VPC], "") ? NULL : s->variables[VPC];
    }
    s->group->rest = FR_AWS_SG_DEFAULT;
    for (int f = FLOWRULES_IPV4; f <= FLOWRULES_IPV6; f++)
        s->group->revoked[f] =
            equals(s->variables[CLOSES], "yes") && !is_kept(s, number, families[f]);
    return true;
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

/* allow DIRECTION KEY PROTOCOL FROM TO KIND PEER FLOWS */
static bool take_rule(struct script *s) {
    size_t count;
    const struct flowrules_word *w =
        flowrules_input_words(s->reader->in, &s->line, "'", false, &count);
    if (count != 9 || strcmp(w[0].text, "allow") != 0 || s->group == NULL)
        return false;
    struct fr_aws_sg_rule rule = {
        .at = place(s, w[0].column), .service_at = place(s, w[3].column), .protocol = w[3].text};
    bool egress = strcmp(w[1].text, "egress") == 0, known;
    rule.direction = egress ? FLOWRULES_EGRESS : FLOWRULES_INGRESS;
    if ((!egress && strcmp(w[1].text, "ingress") != 0) ||
        !take_port(&w[4], &rule.has_from, &rule.from) || !take_port(&w[5], &rule.has_to, &rule.to))
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

/* Behind the rules: is the rest of the file what it always is? */
static void check_rest(struct script *s) {
    size_t size, a = strlen(fr_aws_sg_functions), b = strlen(fr_aws_sg_steps), at = 0;
    const char *text = flowrules_input_text(s->reader->in, s->line.file, &size);
    const char *rest = s->line.text + s->line.length + 1; /* a NUL follows the file */
    size_t left = rest > text + size ? 0 : size - (size_t)(rest - text);
    while (at < left && at < a + b &&
           rest[at] == (at < a ? fr_aws_sg_functions[at] : fr_aws_sg_steps[at - a]))
        at++;
    if (at == left && at == a + b)
        return;
    s->line.number++;
    for (size_t i = 0; i < at; i++)
        s->line.number += rest[i] == '\n' ? 1 : 0;
    if (at == left)
        tell_cut(s);
    else
        tell_foreign(s);
}

static bool take_line(struct script *s) {
    static const char *const constant[] = {"set -euf", "rules() { # NUMBER OF A GROUP",
                                           "    case $1 in", "        ;;", "    esac"};
    if (s->line.length == 0 || s->line.text[0] == '#')
        return true;
    for (size_t i = 0; i < sizeof constant / sizeof *constant; i++)
        if (is_line(s, constant[i])) {
            if (i == 1)
                check_variables(s);
            return true;
        }
    return take_variable(s) || begin_group(s) || take_rule(s);
}

static void read_script(struct fr_aws_sg_reader *r, size_t file, bool rules) {
    struct script s = {.reader = r, .line = {.file = file}, .rules = rules};
    bool whole = false;
    while (!whole && !flowrules_input_failed(r->in) && flowrules_input_line(r->in, &s.line)) {
        whole = is_line(&s, "}");
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
