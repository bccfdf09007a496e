/*
 * Of the readers of nft's own text alone: the words of a file, with the files that it includes and
 * the variables that it defines.
 */
#ifndef FR_NFTABLES_TEXT_H
#define FR_NFTABLES_TEXT_H

#include "read.h"

enum nftables_token_kind { TOKEN_END, TOKEN_NEWLINE, TOKEN_WORD, TOKEN_STRING, TOKEN_SYMBOL };

/* Symbols of two characters. */
enum { EQUAL = 1, UNEQUAL, AT_LEAST, AT_MOST };

struct nftables_token {
    enum nftables_token_kind kind;
    int symbol;
    const char *text;
    size_t length;
    struct flowrules_place at; /* of the variable, where it comes from one */
};

/* A name and its text; in that, only what was defined before it is known. */
struct nftables_definition {
    const char *name;
    const char *text, *end; /* NULL: undefine took it back */
    const struct nftables_definition *before;
};

/* Where a byte stands in the file that it comes from. */
struct nftables_at {
    uint32_t line, column;
};

/* A text that is being read: a file or a text within one, or what a variable stands for. */
struct nftables_source {
    size_t file;
    const char *text;                 /* of a text within a file: its start, and where each byte */
    const struct nftables_at *places; /* and the end stand; or NULL */
    const char *at, *end, *line_start;
    uint32_t line;
    bool is_variable;
    const struct nftables_definition *known; /* of a variable: those before it */
};

/* Files in files (MAX_INCLUDE_DEPTH of nftables is 16), and variables in variables. */
enum { NFTABLES_SOURCES_MAX = 64 };

/* A set that a rule refers to: it may follow the rule, in the same table. */
struct nftables_reference {
    struct netfilter_set *set;
    const struct netfilter_table *table;
    unsigned parts;
    struct flowrules_place at;
};

struct nftables_parser {
    struct netfilter *nf;
    flowrules_input *in;
    struct nftables_source source;                      /* that is being read */
    struct nftables_source outer[NFTABLES_SOURCES_MAX]; /* those that go on behind it */
    unsigned depth, expansions;
    const struct nftables_definition *known; /* the latest first */
    struct flowrules_place variable_at;      /* where the outermost variable stands */
    bool raw;                                /* variables are left as they are */
    struct nftables_token token;
    struct netfilter_table *table;
    struct nftables_reference *references;
    size_t reference_count, reference_capacity;
};

/* Reads a text into nf. Errors are told. */
void fr_nftables_read_source(struct netfilter *nf, const struct nftables_source *source);

/* Goes on to the next token. */
void fr_nftables_next(struct nftables_parser *p);
bool fr_nftables_is(const struct nftables_parser *p, const char *word);
bool fr_nftables_is_symbol(const struct nftables_parser *p, int symbol);
/* Goes on where the token is this one. */
bool fr_nftables_accept(struct nftables_parser *p, const char *word);
bool fr_nftables_accept_symbol(struct nftables_parser *p, int symbol);
/* Does a statement or rule end here? */
bool fr_nftables_at_end(const struct nftables_parser *p);
/* An error: the token is not what should stand here. */
void fr_nftables_unexpected(struct nftables_parser *p, const char *wanted);
bool fr_nftables_expect(struct nftables_parser *p, char symbol);
/* A word or string as a text of its own, behind which the parser goes on; NULL after an error. */
char *fr_nftables_take_name(struct nftables_parser *p, const char *wanted);
void fr_nftables_skip_lines(struct nftables_parser *p);
/* Skips ends of lines and semicolons, and follows include, define, redefine and undefine. */
void fr_nftables_skip_separators(struct nftables_parser *p);
/* Skips to where the statement ends, or a block that begins here does. */
void fr_nftables_skip_statement(struct nftables_parser *p);

/* Does another of the files include this one? */
bool fr_nftables_is_included(const flowrules_input *in, size_t file);

/* The keys and elements of sets, and rules. */
bool fr_nftables_take_key(struct nftables_parser *p, struct netfilter_key *key);
void fr_nftables_take_elements(struct nftables_parser *p, const struct netfilter_key *keys,
                               struct netfilter_set *set, bool map);
void fr_nftables_take_rule(struct nftables_parser *p, struct netfilter_chain *chain);

#endif
