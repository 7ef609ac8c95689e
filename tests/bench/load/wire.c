/* Sockets and frames of the load generator (RFC 6455). */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include "load.h"

#define MASKED 0x80
#define COMPRESSED 0x40
static const unsigned char KEY[4] = {0x37, 0xfa, 0x21, 0x3d};
static unsigned char scratch[1 << 20];

void watch(int number, uint32_t events, int how) {
    struct epoll_event event = {.events = events, .data.u32 = (uint32_t)number};
    if (epoll_ctl(epoll, how, lines[number].fd, &event)) die("epoll_ctl");
}

static void write_out(int number, const unsigned char *data, size_t size) {
    struct line *line = &lines[number];
    ssize_t sent = line->out_size ? 0 : put(number, data, size);
    if (sent < 0) {
        if (errno != EAGAIN) die("send");
        sent = 0;
    }
    if ((size_t)sent == size) return;
    size_t left = size - (size_t)sent;
    line->out = realloc(line->out, line->out_size + left);
    memcpy(line->out + line->out_size, data + sent, left);
    if (!line->out_size) watch(number, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
    line->out_size += left;
}

/* {r} the room, {c} the connection, {t} its token, {m} the message, {a} the mark of its answer, {n} a line break */
static size_t fill(char *out, const char *in, int number, const char *message, const char *answer) {
    char *begin = out;
    while (*in) {
        if (in[0] != '{' || !in[1] || in[2] != '}' || !strchr("rctman", in[1])) {
            *out++ = *in++;
            continue;
        }
        if (in[1] == 'r') out += sprintf(out, "%d", lines[number].room);
        else if (in[1] == 'c') out += sprintf(out, "%d", number);
        else if (in[1] == 't') out += sprintf(out, "%s", options.tokens ? options.tokens[number] : "");
        else if (in[1] == 'n') out += sprintf(out, "\r\n");
        else out += sprintf(out, "%s", in[1] == 'm' ? message : answer);
        in += 3;
    }
    *out = 0;
    return (size_t)(out - begin);
}

void writable(int number) {
    struct line *line = &lines[number];
    if (!line->opened) {
        char request[2048], path[1024];
        const char *header = line->speaker < 0 && options.hearers_header ? options.hearers_header : options.header;
        if (!secured(number)) return;
        line->opened = 1;
        fill(path, options.path, number, "", "");
        int size = snprintf(request, sizeof request,
                            "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\n"
                            "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n%s%s\r\n",
                            path, options.port, header ? header : "", header ? "\r\n" : "");
        watch(number, EPOLLIN, EPOLL_CTL_MOD);
        write_out(number, (unsigned char *)request, (size_t)size);
        return;
    }
    size_t waiting = line->out_size;
    line->out_size = 0;
    watch(number, EPOLLIN, EPOLL_CTL_MOD);
    unsigned char *data = line->out;
    line->out = NULL;
    write_out(number, data, waiting);
    free(data);
}

static void frame(int number, int opcode, const char *text, size_t size) {
    static unsigned char buffer[1 << 16];
    size_t head = 2;
    buffer[0] = (unsigned char)(0x80 | opcode);
    if (size < 126) buffer[1] = (unsigned char)(MASKED | size);
    else {
        buffer[1] = MASKED | 126;
        buffer[2] = (unsigned char)(size >> 8);
        buffer[3] = (unsigned char)size;
        head = 4;
    }
    memcpy(buffer + head, KEY, 4);
    for (size_t i = 0; i < size; i++) buffer[head + 4 + i] = (unsigned char)text[i] ^ KEY[i & 3];
    write_out(number, buffer, head + 4 + size);
}

/* Some words, other ones for each number. */
static void cut(char *out, size_t size, uint32_t number) {
    const char *words = options.words ? options.words : "x";
    size_t all = strlen(words), at = number * 101 % all;
    for (size_t i = 0; i < size; i++) out[i] = words[(at + i) % all];
}

void say(int number, double scheduled) {
    struct line *line = &lines[number];
    char message[1 << 15], answer[MARK + 1], text[1 << 16];
    uint64_t at = (uint64_t)((scheduled ? scheduled : seconds_now()) * 1e6);
    line->said++;
    sprintf(message, "~%02x%08x%012llx~", line->speaker, line->said, (unsigned long long)at);
    memcpy(answer, message, sizeof answer);
    answer[0] = answer[MARK - 1] = '^';
    cut(message + MARK, (size_t)options.size - MARK, line->said);
    message[options.size] = 0;
    frame(number, options.binary ? 2 : 1, text, fill(text, options.send, number, message, answer));
    now.sent++;
    expected += (uint64_t)room_sizes[line->room];
}

/* Everything that a client says before it counts as there, one at a time or all at once. */
static void greet(int number) {
    struct line *line = &lines[number];
    char text[1 << 12];
    while (line->hello < options.hello_count) {
        size_t size = fill(text, options.hellos[line->hello++], number, "", "");
        frame(number, options.binary ? 2 : 1, text, size);
    }
    if (!line->ready && line->awaited >= options.await_count) {
        line->ready = 1;
        ready_count++;
    }
}

static size_t read_frames(int number, const unsigned char *data, size_t size) {
    size_t at = 0;
    while (size - at >= 2) {
        size_t length = data[at + 1] & 0x7f, head = 2;
        if (length == 126) {
            if (size - at < 4) break;
            length = (size_t)data[at + 2] << 8 | data[at + 3];
            head = 4;
        } else if (length == 127) {
            if (size - at < 10) break;
            length = 0;
            for (int i = 2; i < 10; i++) length = length << 8 | data[at + i];
            head = 10;
        }
        if (size - at < head + length) break;
        int opcode = data[at] & 0x0f;
        const unsigned char *text = data + at + head;
        if (opcode == 9) frame(number, 10, (const char *)text, length);
        else if (opcode == 8) die("a server closed a connection");
        else if (data[at] & COMPRESSED) take_compressed();
        else take_frame(number, opcode, text, length);
        at += head + length;
    }
    return at;
}

/* The answer to the handshake, once it is whole; gives its length. */
static size_t read_head(int number, const unsigned char *data, size_t size) {
    unsigned char *end = memmem(data, size, "\r\n\r\n", 4);
    if (!end) return 0;
    if (size < 12 || memcmp(data + 9, "101", 3)) {
        fwrite(data, 1, size > 400 ? 400 : size, stderr);
        die("a handshake was refused");
    }
    lines[number].opened = 2;
    return (size_t)(end - data) + 4;
}

void readable(int number) {
    struct line *line = &lines[number];
    size_t kept = line->rest_size;
    if (!line->opened) {
        writable(number);
        return;
    }
    if (kept) memcpy(scratch, line->rest, kept);
    ssize_t got = take(number, scratch + kept, sizeof scratch - kept);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) die("a connection was lost");
    now.bytes += (uint64_t)got;
    size_t size = kept + (size_t)got, used = 0;
    if (line->opened == 1) used = read_head(number, scratch, size);
    if (line->opened == 2) {
        used += read_frames(number, scratch + used, size - used);
        if (!line->ready) greet(number);
    }
    line->rest_size = size - used;
    if (line->rest_size) {
        line->rest = realloc(line->rest, line->rest_size);
        memcpy(line->rest, scratch + used, line->rest_size);
    }
}

void open_line(int number) {
    struct line *line = &lines[number];
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)options.port)};
    int yes = 1;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    line->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (line->fd < 0) die("socket");
    setsockopt(line->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (connect(line->fd, (struct sockaddr *)&to, sizeof to) && errno != EINPROGRESS) die("connect");
    watch(number, EPOLLIN | EPOLLOUT, EPOLL_CTL_ADD);
}
