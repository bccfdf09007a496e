/*
 * Types of ICMP as ranges.
 */
#include "icmp_types.h"

static bool is_whole_type(const struct flowrules_service *service) {
    return service->icmp_type >= 0 && service->icmp_code < 0;
}

size_t fr_icmp_types_count(const struct flowrules_service *services, size_t most) {
    size_t count = 1;
    while (count < most && is_whole_type(&services[0]) && is_whole_type(&services[count]) &&
           services[count].protocol == services[0].protocol)
        count++;
    return count;
}

/* Services from the first on whose types follow each other. */
static size_t run_length(const struct flowrules_service *services, size_t count) {
    size_t length = 1;
    while (length < count && services[length].icmp_type == services[length - 1].icmp_type + 1)
        length++;
    return length;
}

size_t fr_icmp_types_ranges(const struct flowrules_service *services, size_t count) {
    size_t ranges = 0;
    for (size_t i = 0; i < count; i += run_length(services + i, count - i))
        ranges++;
    return ranges;
}

void fr_icmp_types_write(flowrules_writer *w, const struct flowrules_service *services,
                         size_t count) {
    for (size_t i = 0, length; i < count; i += length) {
        length = run_length(services + i, count - i);
        struct flowrules_ports range = {(uint16_t)services[i].icmp_type,
                                        (uint16_t)services[i + length - 1].icmp_type};
        flowrules_write(w, i > 0 ? ", " : "");
        flowrules_write_ports(w, range, "-");
    }
}
