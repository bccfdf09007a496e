/*
 * What goes beside the commands of paloalto: how they are loaded, taken back and removed.
 */
#ifndef PALOALTO_STEPS_H
#define PALOALTO_STEPS_H

#include "flowrules/backend.h"

struct paloalto_steps {
    bool denies;    /* it ends with denies of what no flow allows */
    bool intrazone; /* within each of their zones too */
    bool matched;   /* between all zones, and within each */
    bool xml, wildcards;
    bool applications, sctp, icmpv6; /* its rules need */
    size_t rules;
};

/* TARGET.txt: the command line has no comments, so what they would say is a file of its own. */
void paloalto_write_steps(flowrules_output *out, const struct paloalto_steps *steps);
/* The head of an XML file. */
void paloalto_write_comment(flowrules_output *out, flowrules_writer *w);

#endif
