/*
 * The files that put a ruleset onto machines, with the unit that loads it. The unit starts before
 * the network (network-pre.target, systemd.special(7)), behind what else may load rules of nft, and
 * nothing takes the rules away when it stops. Facts without another source: the specifications of
 * Butane (fcos 1.5.0) and Ignition 3.2.0; docs/MachineConfiguration.md of OpenShift's
 * machine-config-operator.
 */
#include "machines.h"

#include <stdio.h>
#include <string.h>

/* etcd takes requests of 1.5 MiB at most (its --max-request-bytes). */
enum { MACHINE_CONFIG_MAX = 1024 * 1024 };

/* Within a block of YAML every character stays. */
static const struct flowrules_quote block_quote = {.before = "          ", .end = "\n"};
/* A line of a text in double quotes of YAML, which joins lines at a backslash. */
static const struct flowrules_quote url_quote = {
    .before = "              ", .end = "%0A\\\n", .keep = "-_.:/"};
/* A string of Nix between two pairs of ' (its manual, "String literal"). */
static const struct flowrules_quote nix_quote = {
    .before = "    ", .end = "\n", .escape = "'$", .with = "''\\"};

static const struct flowrules_escape title_escape = {
    .keep = " !#%&'()*+,-./:;<=>?@[]^_`{|}~\"", .replace = '_', .utf8 = true};

static void write_head(flowrules_output *out, flowrules_writer *w, const char *what) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    if (flowrules_plan_title(plan)) {
        flowrules_write(w, "# ");
        flowrules_write_user(w, &title_escape, flowrules_plan_title(plan));
        flowrules_write(w, "\n");
    }
    flowrules_writef(w, "# flowrules target %s, version %s: %s\n", flowrules_plan_target(plan),
                     flowrules_output_fingerprint(out), what);
}

/* The unit, each line of it behind an indentation. */
static void write_unit(const flowrules_plan *plan, flowrules_writer *w, const char *indent) {
    static const char *const lines[] = {
        "[Unit]",
        "Description=Firewall rules, flowrules target @",
        "Documentation=man:nft(8)",
        "DefaultDependencies=no",
        "Wants=network-pre.target",
        "Before=network-pre.target shutdown.target",
        "After=local-fs.target nftables.service firewalld.service",
        "Conflicts=shutdown.target",
        "",
        "[Service]",
        "Type=oneshot",
        "RemainAfterExit=yes",
        "ExecStart=/usr/sbin/nft -f /etc/flowrules/@.nft",
        "ExecReload=/usr/sbin/nft -f /etc/flowrules/@.nft",
        "",
        "[Install]",
        "WantedBy=sysinit.target",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        const char *at = strchr(lines[i], '@');
        flowrules_write(w, lines[i][0] ? indent : "");
        if (at)
            flowrules_writef(w, "%.*s%s%s", (int)(at - lines[i]), lines[i],
                             flowrules_plan_target(plan), at + 1);
        else
            flowrules_write(w, lines[i]);
        flowrules_write(w, "\n");
    }
}

static void write_butane(flowrules_output *out, flowrules_writer *ruleset) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    const char *target = flowrules_plan_target(plan);
    flowrules_writer *w = flowrules_output_file(out, ".bu", false);
    write_head(out, w, "for butane --strict.");
    flowrules_writef(w,
                     "variant: fcos\nversion: 1.5.0\nstorage:\n  files:\n"
                     "    - path: /etc/flowrules/%s.nft\n"
                     "      mode: 0600\n      overwrite: true\n"
                     "      contents:\n        inline: |\n",
                     target);
    flowrules_write_quoted(w, ruleset, &block_quote);
    flowrules_writef(w,
                     "systemd:\n  units:\n    - name: flowrules-%s.service\n"
                     "      enabled: true\n      contents: |\n",
                     target);
    write_unit(plan, w, "        ");
}

/* The name of an object of Kubernetes is lower case, and begins and ends with a letter or digit. */
static bool is_object_name(const char *name) {
    size_t length = strlen(name);
    static const char inner[] = "abcdefghijklmnopqrstuvwxyz0123456789-.";
    return length > 0 && length <= 230 && strspn(name, inner) == length &&
           name[length - 1] != '-' && name[length - 1] != '.' && !strstr(name, "..") &&
           !strstr(name, ".-") && !strstr(name, "-.");
}

static void write_machine_config(flowrules_output *out, flowrules_writer *ruleset) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    const char *target = flowrules_plan_target(plan);
    const char *pool = flowrules_plan_setting(plan, "machine-pool");
    flowrules_writer *w = flowrules_output_file(out, ".machineconfig.yaml", false);
    if (!is_object_name(target))
        flowrules_output_refuse(out, "a MachineConfig is named after its target: it may have small "
                                     "letters, digits, - and . alone");
    if (!is_object_name(pool))
        flowrules_output_refuse(out, "'machine-pool' is no name of a MachineConfigPool: it may "
                                     "have small letters, digits, - and . alone");
    write_head(out, w, "load it with oc apply -f; the nodes of the pool restart one by one.");
    flowrules_writef(w,
                     "apiVersion: machineconfiguration.openshift.io/v1\nkind: MachineConfig\n"
                     "metadata:\n  name: 98-flowrules-%s\n  labels:\n"
                     "    machineconfiguration.openshift.io/role: \"%s\"\n"
                     "spec:\n  config:\n    ignition:\n      version: 3.2.0\n"
                     "    storage:\n      files:\n"
                     "        - path: /etc/flowrules/%s.nft\n"
                     "          mode: 384 # 0600\n          overwrite: true\n"
                     "          contents:\n            source: \"data:,\\\n",
                     target, pool, target);
    flowrules_write_quoted(w, ruleset, &url_quote);
    flowrules_writef(w,
                     "              \"\n    systemd:\n      units:\n"
                     "        - name: flowrules-%s.service\n"
                     "          enabled: true\n          contents: |\n",
                     target);
    write_unit(plan, w, "            ");
    if (flowrules_writer_size(w) > MACHINE_CONFIG_MAX)
        flowrules_output_refuse(out,
                                "its MachineConfig has more than %d bytes, and the cluster "
                                "takes no larger object: use the format butane or nft",
                                (int)MACHINE_CONFIG_MAX);
}

static void write_nixos(flowrules_output *out, flowrules_writer *ruleset) {
    const char *target = flowrules_plan_target(flowrules_output_plan(out));
    flowrules_writer *w = flowrules_output_file(out, ".nix", false);
    write_head(out, w, "name this file in imports.");
    flowrules_writef(w,
                     "{ pkgs, config, ... }:\n{\n"
                     "  environment.etc.\"flowrules/%s.nft\".text = ''\n",
                     target);
    flowrules_write_quoted(w, ruleset, &nix_quote);
    flowrules_writef(
        w,
        "  '';\n"
        "  systemd.services.\"flowrules-%s\" = {\n"
        "    description = \"Firewall rules, flowrules target %s\";\n"
        "    wantedBy = [ \"sysinit.target\" ];\n"
        "    wants = [ \"network-pre.target\" ];\n"
        "    before = [ \"network-pre.target\" \"shutdown.target\" ];\n"
        "    after = [ \"local-fs.target\" \"nftables.service\" \"firewall.service\" ];\n"
        "    conflicts = [ \"shutdown.target\" ];\n"
        "    unitConfig.DefaultDependencies = false;\n"
        "    reloadIfChanged = true;\n"
        "    restartTriggers = [ config.environment.etc.\"flowrules/%s.nft\".source ];\n"
        "    serviceConfig = {\n"
        "      Type = \"oneshot\";\n"
        "      RemainAfterExit = true;\n"
        "      ExecStart = \"${pkgs.nftables}/bin/nft -f /etc/flowrules/%s.nft\";\n"
        "      ExecReload = \"${pkgs.nftables}/bin/nft -f /etc/flowrules/%s.nft\";\n"
        "    };\n"
        "  };\n"
        "}\n",
        target, target, target, target, target);
}

static void write_ansible(flowrules_output *out, flowrules_writer *ruleset) {
    const flowrules_plan *plan = flowrules_output_plan(out);
    const char *target = flowrules_plan_target(plan);
    flowrules_write_part(flowrules_output_file(out, ".nft", false), ruleset);
    flowrules_writer *w = flowrules_output_file(out, ".tasks.yml", false);
    write_head(out, w, "tasks for hosts with systemd, as root.");
    flowrules_writef(w,
                     "# In a play:\n"
                     "#   - ansible.builtin.import_tasks: %s.tasks.yml\n"
                     "# As a role: this file is its tasks/main.yml, %s.nft belongs into its "
                     "files/.\n"
                     "- name: The folder of the rules of %s is there\n"
                     "  ansible.builtin.file:\n"
                     "    path: /etc/flowrules\n    state: directory\n"
                     "    owner: root\n    group: root\n    mode: \"0755\"\n"
                     "- name: The rules of %s are there, and nft takes them\n"
                     "  ansible.builtin.copy:\n"
                     "    src: %s.nft\n    dest: /etc/flowrules/%s.nft\n"
                     "    owner: root\n    group: root\n    mode: \"0600\"\n"
                     "    validate: nft -c -f %%s\n"
                     "  register: flowrules_rules\n"
                     "- name: The unit that loads the rules of %s is there\n"
                     "  ansible.builtin.copy:\n"
                     "    dest: /etc/systemd/system/flowrules-%s.service\n"
                     "    owner: root\n    group: root\n    mode: \"0644\"\n"
                     "    content: |\n",
                     target, target, target, target, target, target, target, target);
    write_unit(plan, w, "      ");
    flowrules_writef(w,
                     "  register: flowrules_unit\n"
                     "- name: The rules of %s are in force\n"
                     "  ansible.builtin.systemd:\n"
                     "    name: flowrules-%s.service\n"
                     "    daemon_reload: true\n    enabled: true\n"
                     "    state: \"{{ 'reloaded' if flowrules_rules is changed or flowrules_unit "
                     "is changed else 'started' }}\"\n",
                     target, target);
}

void fr_nftables_write_machine(flowrules_output *out, flowrules_writer *ruleset) {
    static const struct {
        const char *format;
        void (*write)(flowrules_output *out, flowrules_writer *ruleset);
    } formats[] = {{"butane", write_butane},
                   {"machineconfig", write_machine_config},
                   {"nixos", write_nixos},
                   {"ansible", write_ansible}};
    const char *format = flowrules_plan_format(flowrules_output_plan(out));
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (strcmp(formats[i].format, format) == 0)
            formats[i].write(out, ruleset);
}
