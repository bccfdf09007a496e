/*
 * Sends UDP packets of IPv4 through an interface, as fast as it can, and prints the seconds it
 * took. On a veth pair a packet is worked on by the other end, its hooks too, before the next one
 * is sent: the time is that of the whole road.
 *
 * usage: send INTERFACE MAC COUNT <TUPLES
 *   MAC     of the other end, twelve hexadecimal digits
 *   TUPLES  source, destination (4 bytes each) and port (2 bytes), in the order of the network;
 *           they are sent one after the other and again from the first, with a new source port
 */
#define _GNU_SOURCE /* sendmmsg */
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define BURST  64
#define TUPLE  10u
#define PACKET 28u

static uint8_t *tuples;
static size_t tuple_count;

static int read_tuples(void) {
    size_t capacity = 0, size = 0, got;
    do {
        if (size == capacity) {
            capacity = capacity == 0 ? 1u << 20 : capacity * 2;
            uint8_t *grown = realloc(tuples, capacity);
            if (grown == NULL)
                return -1;
            tuples = grown;
        }
        got = fread(tuples + size, 1, capacity - size, stdin);
        size += got;
    } while (got > 0);
    tuple_count = size / TUPLE;
    return tuple_count > 0 ? 0 : -1;
}

static void put16(uint8_t *at, uint32_t value) {
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

/* An IPv4 header and a UDP header without data; UDP needs no checksum there. */
static void write_packet(uint8_t *packet, size_t number) {
    const uint8_t *tuple = tuples + number % tuple_count * TUPLE;
    uint32_t sum = 0;
    memset(packet, 0, PACKET);
    packet[0] = 0x45;
    put16(packet + 2, PACKET);
    packet[8] = 64;
    packet[9] = IPPROTO_UDP;
    memcpy(packet + 12, tuple, 8);
    for (size_t i = 0; i < 20; i += 2)
        sum += (uint32_t)packet[i] << 8 | packet[i + 1];
    sum = (sum & 0xffff) + (sum >> 16);
    put16(packet + 10, ~(sum + (sum >> 16)));
    put16(packet + 20, 1024 + (uint32_t)(number / tuple_count) % 60000);
    memcpy(packet + 22, tuple + 8, 2);
    put16(packet + 24, 8);
}

static int send_all(int out, struct sockaddr_ll *to, size_t count) {
    static uint8_t packets[BURST][PACKET];
    struct iovec parts[BURST];
    struct mmsghdr messages[BURST];
    memset(messages, 0, sizeof messages);
    for (size_t i = 0; i < BURST; i++) {
        parts[i] = (struct iovec){packets[i], PACKET};
        messages[i].msg_hdr = (struct msghdr){
            .msg_name = to, .msg_namelen = sizeof *to, .msg_iov = &parts[i], .msg_iovlen = 1};
    }
    for (size_t sent = 0; sent < count;) {
        unsigned burst = count - sent < BURST ? (unsigned)(count - sent) : BURST;
        for (unsigned i = 0; i < burst; i++)
            write_packet(packets[i], sent + i);
        int done = sendmmsg(out, messages, burst, 0);
        if (done <= 0)
            return -1;
        sent += (unsigned)done;
    }
    return 0;
}

int main(int argc, char **argv) {
    struct sockaddr_ll to = {
        .sll_family = AF_PACKET, .sll_protocol = htons(ETHERTYPE_IP), .sll_halen = 6};
    struct timespec begin, end;
    unsigned long long mac = argc == 4 ? strtoull(argv[2], NULL, 16) : 0;
    if (argc != 4 || read_tuples() != 0) {
        fputs("usage: send INTERFACE MAC COUNT <TUPLES\n", stderr);
        return 2;
    }
    to.sll_ifindex = (int)if_nametoindex(argv[1]);
    for (unsigned i = 0; i < 6; i++)
        to.sll_addr[i] = (unsigned char)(mac >> (40 - 8 * i));
    int out = socket(AF_PACKET, SOCK_DGRAM, 0);
    clock_gettime(CLOCK_MONOTONIC, &begin);
    if (out < 0 || send_all(out, &to, strtoul(argv[3], NULL, 10)) != 0) {
        perror("send");
        return EXIT_FAILURE;
    }
    clock_gettime(CLOCK_MONOTONIC, &end);
    printf("%.6f\n",
           (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9);
    return EXIT_SUCCESS;
}
