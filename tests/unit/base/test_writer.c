/*
 * The writer: numbers and addresses against the C library, user text, parts and origins.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "flowrules/kits/flows.h"
#include "transliterate.h"
#include "unit.h"
#include "writer.h"

static struct flowrules_writer writer(void) {
    struct flowrules_writer w;
    fr_writer_init(&w, &fr_default_allocator, true);
    return w;
}

/* Does the writer hold this text? Frees it. */
static bool wrote(struct flowrules_writer *w, const char *expected) {
    size_t size = 0;
    char *text = fr_writer_text(w, &size);
    bool same = text != NULL && size == strlen(expected) && strcmp(text, expected) == 0;
    if (!same)
        fprintf(stderr, "wrote \"%s\", expected \"%s\"\n", text, expected);
    fr_free(&fr_default_allocator, text);
    fr_writer_free(w);
    return same;
}

static void numbers_and_ports(void) {
    struct flowrules_writer w = writer();
    flowrules_write_number(&w, 0);
    flowrules_write(&w, " ");
    flowrules_write_number(&w, UINT64_MAX);
    flowrules_write(&w, NULL);
    flowrules_writef(&w, " %s %d ", "x", -1);
    flowrules_write_ports(&w, (struct flowrules_ports){443, 443}, "-");
    flowrules_write(&w, " ");
    flowrules_write_ports(&w, (struct flowrules_ports){0, 65535}, ":");
    CU_ASSERT(wrote(&w, "0 18446744073709551615 x -1 443 0:65535"));
}

static bool writes_ip(enum flowrules_family family, struct flowrules_ip ip, const char *expected) {
    struct flowrules_writer w = writer();
    flowrules_write_ip(&w, family, ip);
    return wrote(&w, expected);
}

static void ip6_is_canonical(void) {
    static const char *const texts[] = {"::",
                                        "::1",
                                        "1::",
                                        "2001:db8::1",
                                        "2001:db8:0:1:1:1:1:1",
                                        "2001:0:0:1::1",
                                        "::ffff:192.0.2.1",
                                        "::ffff:0:0:1",
                                        "fe80::1:0:0:1",
                                        "1:2:3:4:5:6:7:8",
                                        "0:2:3:4:5:6:7:8",
                                        "1:2:3:4:5:6:7:0",
                                        "64:ff9b::c000:201",
                                        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
                                        "1:0:0:2::",
                                        "0:0:1::",
                                        "::102:304"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        unsigned char bytes[16];
        struct flowrules_ip ip = {0, 0};
        CU_ASSERT_EQUAL_FATAL(inet_pton(AF_INET6, texts[i], bytes), 1);
        for (unsigned b = 0; b < 8; b++) {
            ip.hi = ip.hi << 8 | bytes[b];
            ip.lo = ip.lo << 8 | bytes[b + 8];
        }
        CU_ASSERT(writes_ip(FLOWRULES_IPV6, ip, texts[i]));
    }
}

/* Every address that is written is read back as itself, by the C library too. */
static void ips_round_trip(void) {
    uint64_t random = 20;
    for (unsigned i = 0; i < 20000; i++) {
        struct flowrules_ip ip = {0, 0};
        for (unsigned group = 0; group < 8; group++) {
            uint64_t value = unit_random(&random, 65536) >> unit_random(&random, 16);
            uint64_t *half = group < 4 ? &ip.hi : &ip.lo;
            *half = *half << 16 | (unit_random(&random, 2) == 0 ? 0 : value);
        }
        struct flowrules_writer w = writer();
        flowrules_write_ip(&w, FLOWRULES_IPV6, ip);
        size_t size;
        char *text = fr_writer_text(&w, &size);
        CU_ASSERT_PTR_NOT_NULL_FATAL(text);
        unsigned char bytes[16];
        CU_ASSERT_EQUAL(inet_pton(AF_INET6, text, bytes), 1);
        for (unsigned b = 0; b < 16; b++)
            CU_ASSERT_EQUAL(bytes[b],
                            (unsigned char)((b < 8 ? ip.hi : ip.lo) >> (56 - 8 * (b % 8))));
        fr_free(&fr_default_allocator, text);
        fr_writer_free(&w);
        char four[INET_ADDRSTRLEN];
        uint32_t network = htonl((uint32_t)ip.lo);
        CU_ASSERT_PTR_NOT_NULL(inet_ntop(AF_INET, &network, four, sizeof four));
        CU_ASSERT(writes_ip(FLOWRULES_IPV4, (struct flowrules_ip){0, ip.lo & UINT32_MAX}, four));
    }
}

static void ranges_in_three_forms(void) {
    struct flowrules_range one = {FLOWRULES_IPV4, {0, 0x0a000001}, {0, 0x0a000001}};
    struct flowrules_range net = {FLOWRULES_IPV4, {0, 0x0a000000}, {0, 0x0affffff}};
    struct flowrules_range odd = {FLOWRULES_IPV4, {0, 0x0a000001}, {0, 0x0a000002}};
    struct flowrules_range all = {FLOWRULES_IPV6, {0, 0}, {UINT64_MAX, UINT64_MAX}};
    struct flowrules_range *const ranges[] = {&one, &net, &odd, &all};
    struct flowrules_writer w = writer();
    for (size_t i = 0; i < 4; i++) {
        flowrules_write_range(&w, ranges[i]);
        flowrules_write(&w, " ");
        flowrules_write_prefix(&w, ranges[i]);
        flowrules_write(&w, "\n");
    }
    CU_ASSERT(wrote(&w, "10.0.0.1 10.0.0.1/32\n10.0.0.0/8 10.0.0.0/8\n"
                        "10.0.0.1-10.0.0.2 10.0.0.1-10.0.0.2\n::/0 ::/0\n"));
}

static bool escapes(const struct flowrules_escape *escape, const char *text, const char *expected) {
    struct flowrules_writer w = writer();
    flowrules_write_user(&w, escape, text);
    return wrote(&w, expected);
}

static void user_text_is_escaped(void) {
    struct flowrules_escape quoted = {" .\n", "\"\\\n", '\\', '?', true, 0};
    CU_ASSERT(escapes(&quoted, "a \"b\" \\ c.", "a \\\"b\\\" \\\\ c."));
    CU_ASSERT(escapes(&quoted, "a\nb\r\x1b[0m\x7f", "a?b???0m?"));
    CU_ASSERT(escapes(&quoted, "h\xc3\xa9 \xff\xc3", "h\xc3\xa9 ??"));
    CU_ASSERT(escapes(&quoted, "\xc2\x85 \xe2\x80\xa8 \xe2\x80\xae", "? ? ?"));
    CU_ASSERT(escapes(&quoted, "\xe2\x81\xa6\xe2\x81\xa0\xef\xbf\xb9\xf3\xa0\x81\x81.", "????."));
    CU_ASSERT(escapes(&quoted, NULL, ""));
    struct flowrules_escape strict = {NULL, NULL, 0, '_', false, 8};
    CU_ASSERT(escapes(&strict, "h\xc3\xa9 x", "he_x"));
    CU_ASSERT(escapes(&strict, "12345678", "12345678"));
    CU_ASSERT(escapes(&strict, "123456789", "12345___"));
    struct flowrules_escape dropping = {"", "", '\\', '\0', false, 0};
    CU_ASSERT(escapes(&dropping, "a b\nc", "abc"));
    struct flowrules_escape bare = {NULL, "\"", '\0', '_', false, 0};
    CU_ASSERT(escapes(&bare, "a\"b", "a_b"));
}

/* In prose, a quote that the place does not take is left out where it stands at a word. */
static void quotes_of_words_are_left_out(void) {
    struct flowrules_escape prose = {" .", NULL, 0, '_', false, 0};
    CU_ASSERT(escapes(&prose, "the team's", "the teams"));
    CU_ASSERT(escapes(&prose, "the team\xe2\x80\x99s", "the teams"));
    CU_ASSERT(escapes(&prose, "a \"word\", `x`", "a word_ x"));
    CU_ASSERT(escapes(&prose, "a ' b \"", "a _ b _"));
    CU_ASSERT(escapes(&prose, "'", "_"));
    CU_ASSERT(fr_user_size(&prose, "the team's") == 9);
    struct flowrules_escape word = {".", NULL, 0, '_', false, 0};
    CU_ASSERT(escapes(&word, "team's", "team_s"));
    struct flowrules_escape one = {" '", NULL, 0, '_', false, 0};
    CU_ASSERT(escapes(&one, "team's \"word\"", "team's word"));
}

static void user_text_is_cut_at_a_character(void) {
    struct flowrules_escape escape = {".", "\"", '\\', '?', true, 8};
    CU_ASSERT(escapes(&escape, "abcd\xc3\xa9\xc3\xa9g", "abcd..."));
    CU_ASSERT(escapes(&escape, "abc\xc3\xa9\xc3\xa9g", "abc\xc3\xa9\xc3\xa9g"));
    CU_ASSERT(escapes(&escape, "abcd\"\"\"", "abcd..."));
    escape.max_bytes = 2;
    CU_ASSERT(escapes(&escape, "abcd", "ab"));
}

static void collect(void *user, uint32_t line, flowrules_flows flows) {
    char *text = user;
    snprintf(text + strlen(text), 512 - strlen(text), "%u:%u ", line, flows.number);
}

static bool spells(const char *text, size_t most, const char *expected) {
    const struct flowrules_escape escape = {
        .keep = " .-/(", .escape = "\"", .before = '\\', .replace = '_', .max_bytes = most};
    struct flowrules_writer w = writer();
    flowrules_write_user(&w, &escape, text);
    bool right = wrote(&w, expected);
    return right && (most > 0 || fr_user_size(&escape, text) == strlen(expected));
}

/* What a transliteration becomes obeys the place, as all of the text does. */
static void other_alphabets_are_transliterated(void) {
    CU_ASSERT(spells("Zürich – Gebäude Ø", 0, "Zurich - Gebaude O"));
    CU_ASSERT(spells("Straße, Łódź, Þór", 0, "Strasse_ Lodz_ Thor"));
    CU_ASSERT(spells("Zu\xcc\x88rich", 0, "Zurich")); /* decomposed already */
    CU_ASSERT(spells("Сервер в Москве", 0, "Server v Moskve"));
    CU_ASSERT(spells("Αθήνα", 0, "Athina"));
    CU_ASSERT(spells("½ ﬃ ２", 0, "1/2 ffi 2"));
    CU_ASSERT(spells("東京 東京a", 0, "_ _a"));
    CU_ASSERT(spells("„x“ → y", 0, "\\\"x\\\" - y")); /* no > is kept, a quote gets its escape */
    CU_ASSERT(spells("＄（ｘ）；", 0, "(x"));         /* fullwidth $(x); */
    CU_ASSERT(spells("a\xe2\x80\xae\xc3", 0, "a__")); /* turns the text; no UTF-8 */
    CU_ASSERT(spells("ÆÆÆÆ", 5, "AE..."));
    CU_ASSERT(spells("ЩЩ", 6, "..."));
}

/* Everything that stands for a character is ASCII, and fits. */
static void transliterations_are_ascii(void) {
    for (uint32_t c = 0x80; c < 0x110000; c++) {
        char ascii[FR_TRANSLITERATION_MAX];
        size_t length = fr_transliterate(c, ascii);
        for (size_t i = 0; length != FR_NO_TRANSLITERATION && i < length; i++)
            if ((unsigned char)ascii[i] < 0x20 || (unsigned char)ascii[i] > 0x7e) {
                CU_FAIL("not printable ASCII");
                return;
            }
    }
}

static void texts_are_folded(void) {
    char folded[8];
    CU_ASSERT(!fr_transliterate_text("web", folded, sizeof folded));
    CU_ASSERT_STRING_EQUAL(folded, "web");
    CU_ASSERT(fr_transliterate_text("Büro東京", folded, sizeof folded));
    CU_ASSERT_STRING_EQUAL(folded, "Buro?");
    CU_ASSERT(fr_transliterate_text("abcdefgh", folded, sizeof folded));
    CU_ASSERT_STRING_EQUAL(folded, "abcdefg");
}

static void origins_follow_lines_and_parts(void) {
    char visited[512] = "";
    struct flowrules_writer w = writer(), part = writer();
    flowrules_writer_origin(&part, (flowrules_flows){50, false});
    flowrules_writer_origin(&part, (flowrules_flows){50, false});
    flowrules_write(&part, "p1\np2\n");
    flowrules_writer_origin(&part, (flowrules_flows){51, false});
    flowrules_write(&part, "p3\n");
    flowrules_write(&w, "a\n");
    flowrules_writer_origin(&w, (flowrules_flows){1, false});
    flowrules_write(&w, "b\n");
    flowrules_write_part(&w, &part);
    flowrules_writer_origin(&w, (flowrules_flows){2, false});
    flowrules_write(&w, "c\n");
    flowrules_write(&part, "p4\n");
    flowrules_writer_origin(&part, (flowrules_flows){52, false});
    flowrules_write(&part, "p5");
    flowrules_write_part(&w, &part);
    flowrules_write_part(&w, &part);
    CU_ASSERT_EQUAL(fr_writer_size(&part), 0);
    fr_writer_visit(&w, collect, visited);
    CU_ASSERT_STRING_EQUAL(visited, "2:1 3:50 5:51 6:2 8:52 ");
    CU_ASSERT(wrote(&w, "a\nb\np1\np2\np3\nc\np4\np5"));
    fr_writer_free(&part);
}

static void texts_are_quoted_with_their_origins(void) {
    static const struct flowrules_quote url = {.before = " ", .end = "%0A\\\n", .keep = "-."};
    static const struct flowrules_quote nix = {
        .before = "  ", .end = "\n", .escape = "'$", .with = "''\\"};
    char visited[512] = "";
    struct flowrules_writer w = writer(), part = writer();
    flowrules_write(&w, "a\n");
    flowrules_write(&part, "x-1.2 \"\xc3\xa9\"\n\n");
    flowrules_writer_origin(&part, (flowrules_flows){50, false});
    flowrules_write(&part, "{");
    flowrules_writer_origin(&part, (flowrules_flows){51, true});
    flowrules_write(&part, "}\n");
    flowrules_write_quoted(&w, &part, &url);
    CU_ASSERT_EQUAL(fr_writer_size(&part), 0);
    flowrules_writer_origin(&part, (flowrules_flows){52, false});
    flowrules_write(&part, "it's ${x}\n\nend");
    flowrules_write_quoted(&w, &part, &nix);
    flowrules_write_quoted(&w, &part, &nix);
    fr_writer_visit(&w, collect, visited);
    CU_ASSERT_STRING_EQUAL(visited, "4:50 4:51 5:52 ");
    CU_ASSERT(wrote(&w, "a\n x-1.2%20%22%C3%A9%22%0A\\\n %0A\\\n %7B%7D%0A\\\n"
                        "  it''\\'s ''\\${x}\n\n  end"));
    fr_writer_free(&part);
}

static void check_line(void *user, uint32_t line, flowrules_flows flows) {
    uint32_t *expected = user;
    CU_ASSERT_EQUAL(line, flows.number);
    CU_ASSERT_EQUAL(line, ++*expected);
}

/* A line, and a place, that goes over the edge of a block. */
static void long_texts_are_quoted(void) {
    static const struct flowrules_quote quote = {
        .before = "", .end = "\n", .escape = "'", .with = ""};
    struct flowrules_writer w = writer(), part = writer();
    size_t size = 0;
    for (uint32_t line = 1; line <= 40000; line++) {
        flowrules_writer_origin(&part, (flowrules_flows){line, false});
        flowrules_writef(&part, "%0*d\n", (int)(line % 37) + 1, 7);
        size += line % 37 + 2;
    }
    flowrules_write_quoted(&w, &part, &quote);
    CU_ASSERT_EQUAL(fr_writer_size(&w), size);
    uint32_t visited = 0;
    fr_writer_visit(&w, check_line, &visited);
    CU_ASSERT_EQUAL(visited, 40000);
    fr_writer_free(&w);
}

/* Many blocks, texts over their edges, and large parts that are moved rather than copied. */
static void blocks_in_a_row(void) {
    struct flowrules_writer w = writer(), part = writer();
    uint32_t line = 1;
    size_t size = 0;
    for (unsigned round = 0; round < 6; round++) {
        struct flowrules_writer *to = round % 2 == 0 ? &w : &part;
        for (unsigned i = 0; i < 9000; i++) {
            flowrules_writer_origin(to, (flowrules_flows){line++, false});
            flowrules_writef(to, "%0*d\n", (int)(i % 37) + 1, 7);
            size += i % 37 + 2;
        }
        flowrules_write_part(&w, &part);
    }
    uint32_t visited = 0;
    fr_writer_visit(&w, check_line, &visited);
    CU_ASSERT_EQUAL(visited, 54000);
    CU_ASSERT_EQUAL(fr_writer_size(&w), size);
    size_t text_size;
    char *text = fr_writer_text(&w, &text_size);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    CU_ASSERT_EQUAL(strlen(text), size);
    fr_free(&fr_default_allocator, text);
    char large[FR_WRITER_BLOCK * 2];
    memset(large, 'x', sizeof large - 1);
    large[sizeof large - 1] = '\0';
    flowrules_writef(&w, "%s", large);
    CU_ASSERT_EQUAL(fr_writer_size(&w), size + sizeof large - 1);
    fr_writer_free(&w);
    fr_writer_free(&part);
}

static void texts_are_kept(void) {
    struct fr_arena arena;
    struct flowrules_writer w = writer();
    fr_arena_init(&arena, &fr_default_allocator);
    CU_ASSERT_STRING_EQUAL(fr_writer_keep(&w, &arena), "");
    w = writer();
    flowrules_write(&w, "text");
    CU_ASSERT_STRING_EQUAL(fr_writer_keep(&w, &arena), "text");
    CU_ASSERT_PTR_NULL(w.first);
    w = writer();
    w.failed = true;
    CU_ASSERT_PTR_NULL(fr_writer_keep(&w, &arena));
    fr_arena_free(&arena);
}

static void want_of_memory_is_remembered(void) {
    for (size_t allowed = 0; allowed < 8; allowed++) {
        struct unit_budget budget = {allowed, 0};
        struct fr_allocator allocator = unit_allocator(&budget);
        struct flowrules_writer w, part;
        fr_writer_init(&w, &allocator, true);
        fr_writer_init(&part, &allocator, true);
        for (unsigned i = 0; i < 20000; i++) {
            flowrules_writer_origin(&w, (flowrules_flows){i, false});
            flowrules_writef(&w, "%u\n", i);
            flowrules_write(&part, "text\n");
        }
        flowrules_write_part(&w, &part);
        flowrules_write(&part, "text\n");
        flowrules_write_quoted(&w, &part, &(struct flowrules_quote){.before = "", .end = "\n"});
        CU_ASSERT(w.failed);
        size_t size;
        CU_ASSERT_PTR_NULL(fr_writer_text(&w, &size));
        fr_writer_free(&w);
        fr_writer_free(&part);
        CU_ASSERT_EQUAL(budget.live, 0);
    }
}

UNIT_SUITE(writer) {
    static const struct unit_test tests[] = {
        {"numbers and ports", numbers_and_ports},
        {"IPv6 text is canonical", ip6_is_canonical},
        {"addresses round trip", ips_round_trip},
        {"ranges in three forms", ranges_in_three_forms},
        {"user text is escaped", user_text_is_escaped},
        {"quotes of words are left out", quotes_of_words_are_left_out},
        {"user text is cut at a character", user_text_is_cut_at_a_character},
        {"other alphabets are transliterated", other_alphabets_are_transliterated},
        {"transliterations are ASCII", transliterations_are_ascii},
        {"texts are folded", texts_are_folded},
        {"origins follow lines and parts", origins_follow_lines_and_parts},
        {"texts are quoted with their origins", texts_are_quoted_with_their_origins},
        {"long texts are quoted", long_texts_are_quoted},
        {"blocks in a row", blocks_in_a_row},
        {"texts are kept", texts_are_kept},
        {"want of memory is remembered", want_of_memory_is_remembered},
        {NULL, NULL}};
    unit_suite("writer", tests);
}
