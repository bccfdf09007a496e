/*
 * Asks the DNS with c-ares: one channel for each server, one poll for all of them, and a limit of
 * questions at a time. Knows no policy; resolver_reply.c reads replies.
 */
#include "inquiry.h"

#include <sys/select.h> /* ares.h speaks of fd_set and timeval, and does not include them */

/*
 * c-ares 1.34 calls ares_query and three others deprecated, for what 1.18 does not have: they stay
 * in libcares.so.2 with their meaning. What it offers in their place hands out records that it has
 * read; here a reply is judged by its bytes.
 */
#define CARES_NO_DEPRECATED

#include <ares.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "resolver_reply.h"
#include "writer.h"

/* What a reply over UDP may take without being split on its way (DNS flag day 2020). */
#define UDP_SIZE 1232
/* A server that was silent so often in a row is not asked again. */
#define SILENT_MOST 20u
/* A deadline is looked at this often while nothing happens. */
#define WAIT_MOST_MS 500

struct asking;

/* A question under way, waiting to be put again, or idle. */
struct question {
    struct asking *asking;
    struct question *next;
    size_t number; /* (name * servers + server) * 2 + family */
    unsigned tries;
    bool alone; /* put again, with no other beside it */
};

struct channel {
    ares_channel channel;
    bool open;
    unsigned silent; /* in a row */
};

struct asking {
    struct fr_inquiry *inquiry;
    flowrules_context *context;
    struct channel channels[FR_SERVERS_MAX];
    struct question *questions, *idle, *again;
    size_t next, total, in_flight, done, told;
    int64_t end_at; /* by now_ms */
    bool no_memory, out_of_time;
    bool lone; /* the question under way is one that is put alone */
};

static int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static struct fr_reply *reply_of(const struct question *question) {
    return fr_vec_at(&question->asking->inquiry->replies, struct fr_reply, question->number);
}

/* ---- outcomes ------------------------------------------------------------------------------ */

/* What c-ares says instead of a reply, or beside one. */
static enum fr_outcome outcome_of(int status) {
    static const struct {
        int status;
        enum fr_outcome outcome;
    } outcomes[] = {
        {ARES_SUCCESS, FR_ANSWERED},
        {ARES_ENODATA, FR_NO_ADDRESS},
        {ARES_ENOTFOUND, FR_NO_NAME},
        {ARES_ESERVFAIL, FR_SERVER_FAILED},
        {ARES_EREFUSED, FR_SERVER_REFUSED},
        {ARES_ENOTIMP, FR_SERVER_CANNOT_ANSWER},
        {ARES_EFORMERR, FR_SERVER_CANNOT_READ},
        {ARES_ETIMEOUT, FR_NO_REPLY},
        {ARES_ECONNREFUSED, FR_UNREACHABLE},
        {ARES_ECANCELLED, FR_OUT_OF_TIME},
    };
    for (size_t i = 0; i < sizeof outcomes / sizeof outcomes[0]; i++)
        if (outcomes[i].status == status)
            return outcomes[i].outcome;
    return FR_BAD_REPLY;
}

/* ---- servers ------------------------------------------------------------------------------- */

/* As c-ares reads it, and as it is shown: without a port where that is the usual one. */
static void write_server(char text[64], char shown[64], const struct fr_server *server) {
    char address[FR_IP_TEXT_SIZE];
    fr_ip_text(address, server->family, server->ip);
    snprintf(text, 64, server->family == FLOWRULES_IPV6 ? "[%s]:%u" : "%s:%u", address,
             (unsigned)server->port);
    snprintf(shown, 64, "%s", server->port == FR_DNS_PORT ? address : text);
}

/* ---- sockets ------------------------------------------------------------------------------- */

/*
 * Sockets as c-ares would make them, but for this: what is written to a connection that the
 * server has closed must not raise SIGPIPE in the program that we are a guest of.
 */
static ares_socket_t open_socket(int family, int type, int protocol, void *user) {
    (void)user;
    return socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
}

static int close_socket(ares_socket_t descriptor, void *user) {
    (void)user;
    return close(descriptor);
}

static int connect_socket(ares_socket_t descriptor, const struct sockaddr *address,
                          ares_socklen_t size, void *user) {
    (void)user;
    return connect(descriptor, address, size);
}

static ares_ssize_t receive(ares_socket_t descriptor, void *buffer, size_t size, int flags,
                            struct sockaddr *from, ares_socklen_t *from_size, void *user) {
    (void)user;
    return recvfrom(descriptor, buffer, size, flags, from, from_size);
}

static ares_ssize_t send_vector(ares_socket_t descriptor, const struct iovec *parts, int count,
                                void *user) {
    (void)user;
    struct msghdr message = {.msg_iov = (struct iovec *)parts, .msg_iovlen = (size_t)count};
    return sendmsg(descriptor, &message, MSG_NOSIGNAL);
}

static const struct ares_socket_functions socket_functions = {open_socket, close_socket,
                                                              connect_socket, receive, send_vector};

/* ---- channels ------------------------------------------------------------------------------ */

static flowrules_status cannot_start(struct asking *asking, int status) {
    if (status == ARES_ENOMEM)
        return fr_no_memory(asking->context);
    fr_error(&asking->context->diagnostics, FR_RESOLVER, FR_NOWHERE,
             "name servers with the option server", "the DNS cannot be asked: %s",
             ares_strerror(status));
    return FLOWRULES_IO;
}

/*
 * ares_library_init is not called: outside of Windows it does nothing that c-ares needs, and it is
 * not thread-safe. What c-ares allocates comes from the C library: its own hooks are global.
 */
static flowrules_status open_channel(struct asking *asking, const char *servers) {
    struct channel *channel = &asking->channels[asking->inquiry->server_count];
    struct ares_options options = {
        /* Replies are judged here, every one of them, rather than taken for silence. */
        .flags = ARES_FLAG_NOCHECKRESP | ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES | ARES_FLAG_EDNS |
                 ARES_FLAG_STAYOPEN,
        .timeout = (int)asking->context->timeout_ms,
        .tries = (int)asking->context->tries,
        .ednspsz = UDP_SIZE,
        .resolvconf_path = servers != NULL ? "/dev/null" : NULL,
    };
    int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_EDNSPSZ |
               (servers != NULL ? ARES_OPT_RESOLVCONF : 0);
    int status = ares_init_options(&channel->channel, &options, mask);
    if (status != ARES_SUCCESS)
        return cannot_start(asking, status);
    channel->open = true;
    ares_set_socket_functions(channel->channel, &socket_functions, NULL);
    if (servers != NULL)
        status = ares_set_servers_ports_csv(channel->channel, servers);
    asking->inquiry->server_count++;
    return status == ARES_SUCCESS ? FLOWRULES_OK : cannot_start(asking, status);
}

/* Those that the machine's resolv.conf names: one channel, which asks the next where one fails. */
static flowrules_status open_system(struct asking *asking) {
    FR_TRY(open_channel(asking, NULL));
    struct ares_addr_port_node *servers = NULL;
    int status = ares_get_servers_ports(asking->channels[0].channel, &servers);
    char text[400] = "";
    for (const struct ares_addr_port_node *s = servers; s != NULL; s = s->next) {
        char address[64] = "";
        size_t used = strlen(text);
        ares_inet_ntop(s->family, &s->addr, address, sizeof address);
        snprintf(text + used, sizeof text - used, "%s%s", used > 0 ? ", " : "", address);
    }
    ares_free_data(servers);
    return status == ARES_SUCCESS ? fr_inquiry_add_server(asking->inquiry, text)
                                  : cannot_start(asking, status);
}

static flowrules_status open_channels(struct asking *asking) {
    const char *text = asking->context->servers;
    if (text == NULL)
        return open_system(asking);
    for (size_t length; *text != '\0'; text += length + (text[length] == ',')) {
        struct fr_server server;
        char given[64], shown[64];
        length = strcspn(text, ",");
        if (!fr_server_parse(text, length, &server))
            continue; /* the option was checked when it was set */
        write_server(given, shown, &server);
        FR_TRY(open_channel(asking, given));
        FR_TRY(fr_inquiry_add_server(asking->inquiry, shown));
    }
    return FLOWRULES_OK;
}

/* ---- questions ----------------------------------------------------------------------------- */

static void tell_progress(struct asking *asking) {
    struct fr_inquiry *inquiry = asking->inquiry;
    size_t names = asking->done / (inquiry->server_count * 2);
    if (asking->context->progress == NULL || names == asking->told)
        return;
    asking->told = names;
    asking->context->progress(asking->context->progress_user, names, inquiry->name_count);
}

static void settle(struct question *question, enum fr_outcome outcome) {
    struct asking *asking = question->asking;
    reply_of(question)->outcome = outcome;
    question->next = asking->idle;
    asking->idle = question;
    asking->done++;
}

static struct channel *channel_of(const struct question *question) {
    struct asking *asking = question->asking;
    return &asking->channels[question->number / 2 % asking->inquiry->server_count];
}

static const char *name_of(const struct question *question) {
    const struct fr_inquiry *inquiry = question->asking->inquiry;
    return inquiry->names[question->number / 2 / inquiry->server_count];
}

/*
 * A server that failed may do better. And c-ares since 1.28 gives up a connection on which
 * something comes that is no reply, with all questions that are under way there: whose fault it was
 * is seen when each of them is put again alone.
 */
static bool is_put_again(struct question *question, enum fr_outcome outcome, bool replied) {
    if (outcome == FR_BAD_REPLY && !replied && !question->alone && !question->asking->no_memory)
        return question->alone = true;
    return outcome == FR_SERVER_FAILED && ++question->tries < question->asking->context->tries;
}

static void on_reply(void *user, int status, int timeouts, unsigned char *bytes, int size) {
    struct question *question = user;
    struct asking *asking = question->asking;
    enum flowrules_family family = (enum flowrules_family)(question->number % 2);
    enum fr_outcome outcome = outcome_of(status);
    (void)timeouts;
    if (status == ARES_EDESTRUCTION)
        return; /* the channels are closed while questions are under way: memory ran out */
    asking->in_flight--;
    asking->lone = false;
    channel_of(question)->silent = outcome == FR_NO_REPLY ? channel_of(question)->silent + 1 : 0;
    /* Where c-ares finds nothing in a reply, the reply may yet say that it is cut off. */
    if (outcome == FR_ANSWERED || (outcome == FR_NO_ADDRESS && bytes != NULL))
        outcome = fr_reply_read(asking->inquiry, reply_of(question), name_of(question), family,
                                bytes, (size_t)size, &asking->no_memory);
    asking->no_memory = asking->no_memory || status == ARES_ENOMEM;
    if (is_put_again(question, outcome, bytes != NULL)) {
        question->next = asking->again;
        asking->again = question;
        return;
    }
    settle(question, outcome);
}

static void put(struct question *question) {
    struct asking *asking = question->asking;
    struct channel *channel = channel_of(question);
    if (asking->out_of_time || channel->silent >= SILENT_MOST) {
        settle(question, asking->out_of_time ? FR_OUT_OF_TIME : FR_GIVEN_UP);
        return;
    }
    enum { CLASS_INTERNET = 1, TYPE_A = 1, TYPE_AAAA = 28 };
    int type = question->number % 2 == FLOWRULES_IPV4 ? TYPE_A : TYPE_AAAA;
    asking->lone = question->alone;
    asking->in_flight++; /* the reply may come before ares_query returns, where nothing is sent */
    ares_query(channel->channel, name_of(question), CLASS_INTERNET, type, on_reply, question);
}

/* Puts questions until enough are under way or none is left. */
static void put_some(struct asking *asking) {
    while (asking->in_flight < asking->context->in_flight && !asking->no_memory) {
        struct question *question = asking->again != NULL ? asking->again : asking->idle;
        if (asking->lone || (asking->again != NULL && question->alone && asking->in_flight > 0))
            return;
        if (asking->again != NULL) {
            asking->again = question->next;
        } else if (asking->next < asking->total && question != NULL) {
            asking->idle = question->next;
            question->number = asking->next++;
            question->tries = 0;
            question->alone = false;
        } else {
            return;
        }
        put(question);
    }
}

/* ---- waiting ------------------------------------------------------------------------------- */

struct waiting {
    struct pollfd polled[FR_SERVERS_MAX * ARES_GETSOCK_MAXNUM];
    struct channel *channels[FR_SERVERS_MAX * ARES_GETSOCK_MAXNUM];
    nfds_t count;
    int timeout_ms;
};

static void wait_for(struct waiting *waiting, struct channel *channel) {
    ares_socket_t sockets[ARES_GETSOCK_MAXNUM];
    struct timeval most = {waiting->timeout_ms / 1000, waiting->timeout_ms % 1000 * 1000}, room;
    unsigned bits = (unsigned)ares_getsock(channel->channel, sockets, ARES_GETSOCK_MAXNUM);
    for (unsigned i = 0; i < ARES_GETSOCK_MAXNUM; i++) {
        short events = 0;
        if ((bits & (1u << i)) != 0)
            events |= POLLIN;
        if ((bits & (1u << (i + ARES_GETSOCK_MAXNUM))) != 0)
            events |= POLLOUT;
        if (events == 0)
            continue;
        waiting->channels[waiting->count] = channel;
        waiting->polled[waiting->count++] = (struct pollfd){sockets[i], events, 0};
    }
    const struct timeval *next = ares_timeout(channel->channel, &most, &room);
    waiting->timeout_ms = (int)(next->tv_sec * 1000 + (next->tv_usec + 999) / 1000);
}

static void wait_and_process(struct asking *asking) {
    struct waiting waiting = {.timeout_ms = WAIT_MOST_MS};
    int64_t left = asking->end_at - now_ms();
    if (left < waiting.timeout_ms)
        waiting.timeout_ms = left > 0 ? (int)left : 0;
    for (size_t i = 0; i < asking->inquiry->server_count; i++)
        wait_for(&waiting, &asking->channels[i]);
    if (poll(waiting.polled, waiting.count, waiting.timeout_ms) < 0)
        waiting.count = 0; /* interrupted: nothing is known to be ready */
    for (nfds_t i = 0; i < waiting.count; i++) {
        const struct pollfd *polled = &waiting.polled[i];
        bool in = (polled->revents & (POLLIN | POLLERR | POLLHUP)) != 0;
        bool out = (polled->revents & POLLOUT) != 0;
        if (in || out)
            ares_process_fd(waiting.channels[i]->channel, in ? polled->fd : ARES_SOCKET_BAD,
                            out ? polled->fd : ARES_SOCKET_BAD);
    }
    for (size_t i = 0; i < asking->inquiry->server_count; i++) /* what has timed out */
        ares_process_fd(asking->channels[i].channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}

static void give_up(struct asking *asking) {
    asking->out_of_time = true;
    for (size_t i = 0; i < asking->inquiry->server_count; i++)
        ares_cancel(asking->channels[i].channel);
}

static flowrules_status ask(struct asking *asking) {
    put_some(asking);
    while (asking->done < asking->total && !asking->no_memory) {
        if (asking->in_flight > 0)
            wait_and_process(asking);
        tell_progress(asking);
        if (!asking->out_of_time && now_ms() >= asking->end_at)
            give_up(asking);
        put_some(asking);
    }
    tell_progress(asking);
    return asking->no_memory ? fr_no_memory(asking->context) : FLOWRULES_OK;
}

static flowrules_status make_questions(struct asking *asking) {
    size_t count = (size_t)asking->context->in_flight;
    asking->questions = fr_malloc(&asking->context->allocator, count * sizeof *asking->questions);
    if (asking->questions == NULL)
        return fr_no_memory(asking->context);
    for (size_t i = 0; i < count; i++) {
        asking->questions[i] = (struct question){.asking = asking, .next = asking->idle};
        asking->idle = &asking->questions[i];
    }
    return FLOWRULES_OK;
}

flowrules_status fr_inquiry_ask_servers(struct fr_inquiry *inquiry) {
    flowrules_context *context = inquiry->context;
    struct asking asking = {.inquiry = inquiry, .context = context};
    flowrules_status status = open_channels(&asking);
    if (status == FLOWRULES_OK)
        status = fr_inquiry_make_replies(inquiry);
    if (status == FLOWRULES_OK)
        status = make_questions(&asking);
    asking.total = inquiry->replies.count;
    asking.end_at = now_ms() + (int64_t)context->deadline_ms;
    if (status == FLOWRULES_OK)
        status = ask(&asking);
    for (size_t i = 0; i < FR_SERVERS_MAX; i++)
        if (asking.channels[i].open)
            ares_destroy(asking.channels[i].channel);
    fr_free(&context->allocator, asking.questions);
    return status;
}
