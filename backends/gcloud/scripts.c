/*
 * The scripts around gcloud's rules: what is there already, what goes, in an order in which nothing
 * is open that neither the old version nor the new one opens. Knows no rule.
 * Both stop at the first command that fails, and can be run again.
 */
#include "scripts.h"

/*
 * The name of a rule holds a hash of all that it says: a changed rule has a new name, is made
 * before the old one goes, and no rule has to change its direction or action, which it can't.
 */
static const char rules_start[] =
    "\n"
    "firewall_rules() {\n"
    "    if [ \"$dry\" = yes ] && [ \"$1\" != list ]; then echo \"firewall_rules $*\" && return; "
    "fi\n"
    "    gcloud compute firewall-rules \"$@\" ${project:+\"--project=$project\"} --quiet "
    "</dev/null\n"
    "}\n"
    "\n"
    "# The rules of all versions of this target: final denies first, then allows, then denies.\n"
    "old=$(firewall_rules list --filter=\"name ~ ^$prefix-- AND description ~ ^flowrules\" \\\n"
    "    --sort-by=~priority --format='value(name)')\n"
    "wanted=\n"
    "case ${1-} in\n"
    "'') ;;\n"
    "--dry-run) dry=yes ;;\n"
    "--remove)\n"
    "    for name in $old; do firewall_rules delete \"$name\"; done\n"
    "    exit ;;\n"
    "*) echo \"usage: $0 [--dry-run | --remove]\" >&2 && exit 2 ;;\n"
    "esac\n"
    "\n"
    "# Makes a rule, or sets one that is there to what it should be.\n"
    "rule() { # NAME DIRECTION ACTION PRIORITY FIELD...\n"
    "    name=$1 direction=$2 action=$3 priority=$4 wanted=\"$wanted$1 \"\n"
    "    shift 4\n"
    "    if printf '%s\\n' \"$old\" | grep -Fqx -e \"$name\"; then\n"
    "        firewall_rules update \"$name\" --priority=\"$priority\" --no-disabled \"$@\"\n"
    "    else\n"
    "        firewall_rules create \"$name\" --network=\"$network\" --direction=\"$direction\" \\\n"
    "            --action=\"$action\" --priority=\"$priority\" \"$@\"\n"
    "    fi\n"
    "}\n";

static const char rules_end[] =
    "\n"
    "# What only older versions had.\n"
    "for name in $old; do\n"
    "    case \" $wanted\" in *\" $name \"*) ;; *) firewall_rules delete \"$name\" ;; esac\n"
    "done\n";

/*
 * A policy is filled before the network is given it, in the place of the old one: one step, so that
 * no packet ever meets half a policy.
 */
static const char policy_start[] =
    "\n"
    "policies() {\n"
    "    if [ \"$dry\" = yes ] && [ \"$1\" != list ]; then echo \"policies $*\" && return; fi\n"
    "    gcloud compute network-firewall-policies \"$@\" ${project:+\"--project=$project\"} "
    "--quiet </dev/null\n"
    "}\n"
    "\n"
    "# The policies of all versions of this target, and the policy that the network has now.\n"
    "old=$(policies list \"$listed\" --format='value(name)' \\\n"
    "    --filter=\"name ~ ^$prefix--[0-9a-f]+$ AND description ~ ^flowrules\")\n"
    "current=$(policies list \"$listed\" --format='value(name)' \\\n"
    "    --filter=\"associations[].attachmentTarget ~ /networks/$network$\")\n"
    "is_mine() { printf '%s\\n' \"$old\" | grep -Fqx -e \"$1\"; }\n"
    "case ${1-} in\n"
    "'') ;;\n"
    "--dry-run) dry=yes ;;\n"
    "--remove)\n"
    "    [ -z \"$current\" ] || ! is_mine \"$current\" ||\n"
    "        policies associations delete --name=\"$current\" --firewall-policy=\"$current\" "
    "\"$scope\"\n"
    "    for name in $old; do policies delete \"$name\" \"$place\"; done\n"
    "    exit ;;\n"
    "*) echo \"usage: $0 [--dry-run | --remove]\" >&2 && exit 2 ;;\n"
    "esac\n"
    "\n"
    "# A network has one policy of a kind: another's is not taken away.\n"
    "if [ -n \"$current\" ] && ! is_mine \"$current\"; then\n"
    "    echo \"$0: the network $network has the firewall policy $current, which is not of this "
    "target:\" \\\n"
    "        \"nothing was changed\" >&2 && exit 1\n"
    "fi\n"
    "\n"
    "rule() { # PRIORITY DIRECTION ACTION FIELD...\n"
    "    priority=$1 direction=$2 action=$3\n"
    "    shift 3\n"
    "    policies rules create \"$priority\" --firewall-policy=\"$policy\" \"$scope\" \\\n"
    "        --direction=\"$direction\" --action=\"$action\" \"$@\"\n"
    "}\n"
    "\n"
    "fill() {\n";

static const char policy_end[] =
    "}\n"
    "\n"
    "if [ \"$current\" = \"$policy\" ]; then\n"
    "    echo \"$0: the network $network has this policy already\" >&2\n"
    "else\n"
    "    ! is_mine \"$policy\" || policies delete \"$policy\" \"$place\" # a run that broke off "
    "left it\n"
    "    policies create \"$policy\" \"$place\" --description=\"flowrules: $prefix\"\n"
    "    fill\n"
    "    policies associations create --name=\"$policy\" --firewall-policy=\"$policy\" \\\n"
    "        --network=\"$network\" \"$scope\" ${current:+--replace-association-on-target}\n"
    "fi\n"
    "for name in $old; do\n"
    "    [ \"$name\" = \"$policy\" ] || policies delete \"$name\" \"$place\"\n"
    "done\n"
    "order=$(gcloud compute networks describe \"$network\" ${project:+\"--project=$project\"} "
    "--quiet \\\n"
    "    --format='value(networkFirewallPolicyEnforcementOrder)' </dev/null)\n"
    "[ \"$order\" = BEFORE_CLASSIC_FIREWALL ] ||\n"
    "    echo \"$0: note: the VPC firewall rules of $network decide before this policy; it is "
    "the\" \\\n"
    "        \"other way round after: gcloud compute networks update $network\" \\\n"
    "        \"--network-firewall-policy-enforcement-order=BEFORE_CLASSIC_FIREWALL\" >&2\n";

const struct gcloud_script gcloud_rules_script = {rules_start, rules_end};
const struct gcloud_script gcloud_policy_script = {policy_start, policy_end};
