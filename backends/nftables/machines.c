/*
 * The files that put a ruleset onto machines, with the unit that loads it: templates, and how the
 * ruleset and the unit stand in them.
 */
#include "machines.h"

#include <string.h>

/* etcd takes requests of 1.5 MiB at most (its --max-request-bytes). */
enum { MACHINE_CONFIG_MAX = 1024 * 1024 };

const struct flowrules_piece fr_nftables_unit[] = {
#include "unit.service.inc"
};

const struct flowrules_piece fr_nftables_module[] = {
#include "module.nix.inc"
};

const struct flowrules_piece fr_nftables_tasks[] = {
#include "tasks.yml.inc"
};

static const struct flowrules_piece butane[] = {
#include "butane.bu.inc"
};

static const struct flowrules_piece machine_config[] = {
#include "machineconfig.yaml.inc"
};

/* Within a block of YAML every character stays. */
static const struct flowrules_quote butane_ruleset = {.before = "          ", .end = "\n"};
static const struct flowrules_quote butane_unit = {.before = "        ", .end = "\n"};
static const struct flowrules_quote machine_config_unit = {.before = "            ", .end = "\n"};
static const struct flowrules_quote tasks_unit = {.before = "      ", .end = "\n"};
/* A line of a text in double quotes of YAML, which joins lines at a backslash. */
static const struct flowrules_quote machine_config_ruleset = {
    .before = "              ", .end = "%0A\\\n", .keep = "-_.:/"};
/* A string of Nix between two pairs of ' (its manual, "String literal"). */
static const struct flowrules_quote module_ruleset = {
    .before = "    ", .end = "\n", .escape = "'$", .with = "''\\"};

static const struct flowrules_escape title_escape = {
    .keep = " !#%&'()*+,-./:;<=>?@[]^_`{|}~\"", .replace = '_', .utf8 = true};

struct machine_format {
    const char *name, *suffix;
    const struct flowrules_piece *pieces;
    const struct flowrules_quote *ruleset; /* NULL: it is a file beside this one */
    const struct flowrules_quote *unit;    /* NULL: the template itself says what is in it */
    const char *pool;                      /* the setting that the template asks for, or NULL */
};

static const struct machine_format formats[] = {
    {"butane", ".bu", butane, &butane_ruleset, &butane_unit, NULL},
    {"machineconfig", ".machineconfig.yaml", machine_config, &machine_config_ruleset,
     &machine_config_unit, "machine-pool"},
    {"nixos", ".nix", fr_nftables_module, &module_ruleset, NULL, NULL},
    {"ansible", ".tasks.yml", fr_nftables_tasks, NULL, &tasks_unit, NULL}};

/* Writes the template up to a field, its first one that a part is written for. */
static const struct flowrules_piece *write_head(const struct machine_format *format,
                                                flowrules_output *out, flowrules_writer *w) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    const struct flowrules_value values[] = {
        {"TITLE", flowrules_plan_title(plan), &title_escape},
        {"TARGET", flowrules_plan_target(plan), NULL},
        {"VERSION", flowrules_output_fingerprint(out), NULL},
        {format->pool ? "POOL" : NULL,
         format->pool ? flowrules_plan_setting(plan, format->pool) : NULL, NULL},
        {NULL, NULL, NULL}};
    return flowrules_write_template(w, format->pieces, values,
                                    format->ruleset ? "RULESET" : "UNIT");
}

static void write_file(const struct machine_format *format, flowrules_output *out,
                       flowrules_writer *w, flowrules_writer *ruleset, flowrules_writer *unit) {
    const struct flowrules_value target[] = {
        {"TARGET", flowrules_plan_target(flowrules_output_plan(out)), NULL}, {NULL, NULL, NULL}};
    const struct flowrules_piece *rest = write_head(format, out, w);
    if (format->ruleset)
        flowrules_write_quoted(w, ruleset, format->ruleset);
    if (format->ruleset && format->unit)
        rest = flowrules_write_template(w, rest, target, "UNIT");
    if (format->unit) {
        flowrules_write_template(unit, fr_nftables_unit, target, NULL);
        flowrules_write_quoted(w, unit, format->unit);
    }
    if (rest && (rest->field || rest->text)) /* more follows */
        flowrules_write_template(w, rest, target, NULL);
}

/* The name of an object of Kubernetes is lower case, and begins and ends with a letter or digit. */
static bool is_object_name(const char *name) {
    size_t length = strlen(name);
    static const char inner[] = "abcdefghijklmnopqrstuvwxyz0123456789-.";
    return length > 0 && length <= 230 && strspn(name, inner) == length &&
           name[length - 1] != '-' && name[length - 1] != '.' && !strstr(name, "..") &&
           !strstr(name, ".-") && !strstr(name, "-.");
}

/* What the cluster does not take. */
static void check_machine_config(flowrules_output *out, const flowrules_writer *w) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    if (!is_object_name(flowrules_plan_target(plan)))
        flowrules_output_refuse(out, "a MachineConfig is named after its target: it may have small "
                                     "letters, digits, - and . alone");
    if (!is_object_name(flowrules_plan_setting(plan, "machine-pool")))
        flowrules_output_refuse(out, "'machine-pool' is no name of a MachineConfigPool: it may "
                                     "have small letters, digits, - and . alone");
    if (flowrules_writer_size(w) > MACHINE_CONFIG_MAX)
        flowrules_output_refuse(out,
                                "its MachineConfig has more than %d bytes, and the cluster "
                                "takes no larger object: use the format butane or nft",
                                (int)MACHINE_CONFIG_MAX);
}

static void write_machine(const struct machine_format *format, flowrules_output *out,
                          flowrules_writer *ruleset, flowrules_writer *unit) {
    if (!format->ruleset)
        flowrules_write_part(flowrules_output_file(out, ".nft", false), ruleset);
    flowrules_writer *w = flowrules_output_file(out, format->suffix, false);
    write_file(format, out, w, ruleset, unit);
    if (format->pieces == machine_config)
        check_machine_config(out, w);
}

void fr_nftables_write_machine(flowrules_output *out, flowrules_writer *ruleset,
                               flowrules_writer *unit) {
    const char *name = flowrules_plan_format(flowrules_output_plan(out));
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (strcmp(formats[i].name, name) == 0)
            write_machine(&formats[i], out, ruleset, unit);
}
