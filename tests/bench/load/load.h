/* What the parts of the load generator share. How it is driven: load.c; how it is used: ../driving.py. */
#ifndef LOAD_H
#define LOAD_H
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define HELLOS 8
#define SPEAKERS 16 /* most speakers in one room */
#define MARK 24     /* "~ss nnnnnnnn tttttttttttt~" without blanks: speaker, number, microseconds, in hex */
#define SLOTS 200000
#define SLOT_US 10 /* latencies up to two seconds, ten microseconds each */

struct options {
    int port, connections, rooms, speakers, window, size, at_once, binary, by_answer, reflected, awake;
    double rate, warm, seconds;
    const char *path, *header, *hearers_header, *words, *send, *await, *answer_end;
    const char *hellos[HELLOS];
    const char **tokens; /* one for each connection */
    int hello_count, await_count;
};

struct histogram {
    uint64_t slots[SLOTS + 1], count;
    double longest;
};

struct line {
    int fd, room, speaker; /* speaker: its number in its room, or -1 */
    int opened, hello, awaited, ready;
    uint32_t said, heard[SPEAKERS];
    unsigned char *rest, *out;
    size_t rest_size, out_size;
    void *tls;
};

struct tally {
    uint64_t sent, delivered, acked, frames, bytes;
    double cpu, at;
};

extern struct options options;
extern struct line *lines;
extern int *room_sizes;
extern struct tally now;
extern uint64_t expected, disorder, strangers;
extern struct histogram heard_in, acked_in;
extern int measuring, stopping, ready_count, epoll;

double seconds_now(void);
void die(const char *what);
/* wire.c */
void open_line(int number);
void readable(int number);
void writable(int number);
void say(int number, double scheduled);
void watch(int number, uint32_t events, int how);
/* plain.c or tls.c, whichever it is built with; put and take are like send and recv */
int secured(int number);
ssize_t put(int number, const unsigned char *data, size_t size);
ssize_t take(int number, unsigned char *into, size_t size);
/* heard.c */
void take_compressed(void);
void take_frame(int number, int opcode, const unsigned char *text, size_t size);
double percentile(const struct histogram *of, double share);
#endif
