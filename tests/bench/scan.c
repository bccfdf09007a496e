/*
 * The floor of every measurement: libyaml's bare event scan of a file, and nothing else.
 *
 * usage: scan FILE
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <yaml.h>

/* Counts the events of the stream; false when it is not YAML. */
static bool scan(yaml_parser_t *parser, unsigned long *count) {
    for (bool more = true; more; ++*count) {
        yaml_event_t event;
        if (!yaml_parser_parse(parser, &event))
            return false;
        more = event.type != YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
    }
    return true;
}

int main(int argc, char **argv) {
    FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;
    yaml_parser_t parser;
    if (file == NULL || !yaml_parser_initialize(&parser)) {
        fputs("usage: scan FILE\n", stderr);
        return 2;
    }
    yaml_parser_set_input_file(&parser, file);
    unsigned long count = 0;
    bool good = scan(&parser, &count);
    yaml_parser_delete(&parser);
    fclose(file);
    printf("%lu events\n", count);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
