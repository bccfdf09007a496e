/*
 * The table of the findings of lint by number: meaning, cause, cure. docs/LINT.md says more.
 */
#include "finding_table.h"

#include <string.h>

struct kind {
    unsigned id;
    const char *name;
    const char *parts[3]; /* by flowrules_message_part */
};

static const struct kind kinds[] = {
    {FR_FLOW_COVERED,
     "FL0101",
     {"Another flow allows everything that this flow allows.",
      "The other flow was added or widened later, or the flow is there twice.",
      "Remove the flow, or make the other one narrower."}},
    {FR_FLOW_COVERED_TOGETHER,
     "FL0102",
     {"Several other flows together allow everything that this flow allows.",
      "The flow was split into several, and was not removed.",
      "Remove the flow, or make one of the others narrower."}},
    {FR_DENY_IDLE,
     "FL0103",
     {"A deny takes nothing away: no flow allows any packet that it denies.",
      "What no flow allows is denied in any case; or the deny has a wrong network or port.",
      "Remove the deny, or correct its source, destination or service."}},
    {FR_DENY_COVERED,
     "FL0104",
     {"Other denies already deny everything that this deny denies.",
      "A wider deny was added later, or the deny is there twice.",
      "Remove the deny, or make the others narrower."}},
    {FR_FLOWS_COULD_BE_ONE,
     "FL0105",
     {"Flows differ only in their services, or only in their sources or destinations.",
      "A flow was copied for each service or machine.",
      "Write one flow with a list of services, sources or destinations."}},
    {FR_FLOWS_NOT_SEARCHED,
     "FL0106",
     {"Some flows were not compared with all other flows, so FL0101 to FL0104 may be missing.",
      "Very many flows overlap in very many ways; the search ends after a number of steps.",
      "Correct the findings on other flows first, or divide the policy."}},
    {FR_NETWORK_UNUSED,
     "FL0201",
     {"Nothing uses a network.", "Its last flow was removed, or the name is misspelt in a flow.",
      "Remove the network, or use it."}},
    {FR_SERVICE_UNUSED,
     "FL0202",
     {"No flow uses a service.", "Its last flow was removed.", "Remove the service, or use it."}},
    {FR_TAG_UNUSED,
     "FL0203",
     {"Targets select flows by tags, but none selects this tag.",
      "The tag is for people, or it is misspelt in a flow or a target.",
      "Correct or remove the tag."}},
    {FR_NETWORK_TWICE,
     "FL0204",
     {"Two networks have the same members.", "They were defined by different people.",
      "Keep one, or define one by the name of the other."}},
    {FR_SERVICE_TWICE,
     "FL0205",
     {"Two services are the same protocols and ports.", "They were defined by different people.",
      "Keep one of them."}},
    {FR_TAG_SPELLED_TWICE,
     "FL0206",
     {"Two tags differ only in capital letters or in '-', '_' and '.'.",
      "One of them is a slip of the pen; a target selects only the one that it names.",
      "Spell the tag alike everywhere."}},
    {FR_TAG_TWICE,
     "FL0207",
     {"Two tags are on exactly the same flows, and on more than one.",
      "One tag replaced the other, and the old one was not removed.", "Keep one of them."}},
    {FR_ANY_TO_ANY,
     "FL0301",
     {"A flow allows from every address to every address.",
      "It was written for a test, or to make something work.", "Name the networks that need it."}},
    {FR_EVERY_PROTOCOL,
     "FL0302",
     {"A flow allows every protocol.", "The protocols that are needed were not known.",
      "Name the services that are needed."}},
    {FR_EVERY_PORT,
     "FL0303",
     {"A flow allows every port of a protocol.", "The ports that are needed were not known.",
      "Name the ports that are needed."}},
    {FR_MANY_PORTS,
     "FL0304",
     {"A flow allows more ports of a protocol than the threshold 'ports'.",
      "A range was written where single ports are meant.",
      "Name the ports that are needed, or raise 'ports' under lint."}},
    {FR_FROM_EVERYWHERE,
     "FL0305",
     {"A flow allows every address of a family into a protected network.",
      "The service is public, or the sources were not known.",
      "Name the sources; for a public service, accept the finding with a reason."}},
    {FR_MANY_DESTINATIONS,
     "FL0306",
     {"The destination of a flow has more addresses than the threshold "
      "'destination-addresses'.",
      "A large prefix was written where some machines are meant.",
      "Name the machines, or raise 'destination-addresses' under lint."}},
    {FR_MANY_SOURCES,
     "FL0307",
     {"The source of a flow has more addresses than the threshold 'source-addresses'.",
      "A large prefix was written where some machines are meant.",
      "Name the machines, or raise 'source-addresses' under lint."}},
    {FR_CLEARTEXT,
     "FL0401",
     {"A flow allows a protocol that does not encrypt.",
      "The service is old, or its port for TLS is not used.",
      "Use the encrypted protocol: ssh, sftp, https, ldaps, SNMPv3 ..."}},
    {FR_NO_OWNER,
     "FL0501",
     {"A flow has no owner.", "Nobody wrote who is responsible.", "Write 'owner' in the flow."}},
    {FR_NO_PURPOSE,
     "FL0502",
     {"A flow has no purpose.", "Nobody wrote what it is for.", "Write 'purpose' in the flow."}},
    {FR_NO_TICKET,
     "FL0503",
     {"A flow has no ticket.", "Nobody wrote by which request it was added.",
      "Write 'ticket' in the flow."}},
    {FR_EXPIRES_SOON,
     "FL0504",
     {"A flow expires within the days of the threshold 'expires-within'.", "Its last day is near.",
      "Renew it with a later date, or remove it."}},
    {FR_NO_EXPIRY_DATE,
     "FL0505",
     {"A flow has no expiry date, and the policy requires one.",
      "'require' under lint lists expires, or 'expiry-tags' lists a tag of the flow.",
      "Write 'expires' in the flow."}},
    {FR_PIN_OLD,
     "FL0601",
     {"The lock file has old addresses of a name: they were last seen more days ago than the "
      "threshold 'pin-age'.",
      "'flowrules resolve' was not run for a long time, or the name no longer has them.",
      "Run 'flowrules resolve'."}},
    {FR_PIN_SHARED,
     "FL0602",
     {"A name is pinned to addresses of a content delivery network, which serves very many sites "
      "at the same addresses.",
      "The site is behind a content delivery network.",
      "Check names in a proxy: addresses cannot tell these sites apart."}},
    {FR_WILDCARD_PUBLIC,
     "FL0603",
     {"A wildcard is over a public suffix: everybody can register names below it.",
      "A label is missing in the name.", "Name the domain of the one that you mean."}},
    {FR_WILDCARD_HOSTING,
     "FL0604",
     {"A wildcard is over a domain of a cloud, which gives names below it to all its customers.",
      "Names of the cloud change, and the wildcard is convenient.",
      "Name the host names of your own account."}},
    {FR_FLOW_NOT_ENFORCED,
     "FL0701",
     {"No target enforces a flow.",
      "'select', 'protects' or 'direction' of the targets leave it out.",
      "Correct the flow or the targets, or remove the flow."}},
    {FR_TARGET_IDLE,
     "FL0702",
     {"A target enforces no flow at all.", "'select' or 'protects' of the target fit no flow.",
      "Correct them; 'select: none' says that it is on purpose."}},
    {FR_SILENCE_IDLE,
     "FL0901",
     {"A reason under 'lint' accepts nothing.",
      "What it accepted was corrected, or it is in the wrong place.", "Remove it."}},
};
#define KIND_COUNT (sizeof kinds / sizeof kinds[0])

const char *fr_finding_name(unsigned id) {
    for (size_t i = 0; i < KIND_COUNT; i++)
        if (kinds[i].id == id)
            return kinds[i].name;
    return NULL;
}

static const struct kind *find(const char *name) {
    for (size_t i = 0; i < KIND_COUNT; i++)
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    return NULL;
}

unsigned fr_finding_number(const char *name) {
    const struct kind *kind = find(name);
    return kind == NULL ? 0 : kind->id;
}

const char *fr_finding_candidate(const void *user, size_t index) {
    (void)user;
    return index < KIND_COUNT ? kinds[index].name : NULL;
}

const char *fr_finding_text(const char *name, flowrules_message_part part) {
    const struct kind *kind = find(name);
    return kind == NULL ? NULL : kind->parts[part];
}
