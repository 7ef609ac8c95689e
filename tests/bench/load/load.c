/* A load generator for WebSocket servers on this machine: opens connections in rooms, says messages, and counts
 * what is heard. It tells its steps on stdout (open, begin, end, then one line of JSON), so that whoever started it
 * can look at the server meanwhile. In C, for it must not be the limit: its own CPU is in its report. */
#define _GNU_SOURCE
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>
#include "load.h"

#define TIMER UINT32_MAX
#define PATIENCE 60.0 /* seconds for all to be there */
#define DRAIN 5.0     /* seconds for what was said to be heard */

struct options options = {.connections = 1, .rooms = 1, .speakers = 1, .size = 128, .at_once = 64,
                          .path = "/", .send = "{m}", .answer_end = "", .seconds = 1};
struct line *lines;
int *room_sizes;
int measuring, stopping, ready_count, epoll;

double seconds_now(void) {
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

void die(const char *what) {
    perror(what);
    exit(1);
}

static double idled, turned; /* seconds in which it was awake and nothing came; when the last turn ended */

static struct tally look(void) {
    struct rusage used;
    struct tally seen = now;
    getrusage(RUSAGE_SELF, &used);
    seen.cpu = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
               (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
    seen.at = seconds_now();
    if (options.awake) seen.cpu = seen.at - idled; /* only the difference between two is told */
    return seen;
}

/* --- what was asked for --- */
static struct option names[] = {
    {"port", 1, 0, 'p'},    {"connections", 1, 0, 'c'}, {"rooms", 1, 0, 'r'},  {"speakers", 1, 0, 's'},
    {"window", 1, 0, 'w'},  {"rate", 1, 0, 'R'},        {"warm", 1, 0, 'W'},   {"seconds", 1, 0, 'S'},
    {"size", 1, 0, 'z'},    {"path", 1, 0, 'P'},        {"header", 1, 0, 'H'}, {"send", 1, 0, 'M'},
    {"hello", 1, 0, 'h'},   {"await", 1, 0, 'a'},       {"await-count", 1, 0, 'A'},
    {"at-once", 1, 0, 'o'}, {"binary", 0, 0, 'b'},      {"by-answer", 0, 0, 'B'},
    {"hearers-header", 1, 0, 'O'}, /* for those who do not speak */
    {"words", 1, 0, 't'},          /* what messages are cut from; ASCII that JSON need not escape */
    {"tokens", 1, 0, 'T'},         /* a file: a line for each connection, which is its {t} */
    {"answer-end", 1, 0, 'e'}, {"reflected", 0, 0, 'f'}, /* to hear one's own message is its answer */
    {"awake", 0, 0, 'k'}, /* never sleep: who sends to one who sleeps has to wake it, and pays for that */
    {0, 0, 0, 0}};

static void read_tokens(const char *name) {
    FILE *file = fopen(name, "r");
    char text[1 << 10];
    if (!file) die(name);
    options.tokens = calloc((size_t)options.connections, sizeof *options.tokens);
    for (int i = 0; i < options.connections; i++) {
        if (!fgets(text, sizeof text, file)) exit(2);
        text[strcspn(text, "\n")] = 0;
        options.tokens[i] = strdup(text);
    }
    fclose(file);
}

static void ask(int argc, char **argv) {
    const char *file = NULL;
    for (int c; (c = getopt_long(argc, argv, "", names, NULL)) != -1;) switch (c) {
        case 'p': options.port = atoi(optarg); break;
        case 'c': options.connections = atoi(optarg); break;
        case 'r': options.rooms = atoi(optarg); break;
        case 's': options.speakers = atoi(optarg); break;
        case 'w': options.window = atoi(optarg); break;
        case 'z': options.size = atoi(optarg); break;
        case 'o': options.at_once = atoi(optarg); break;
        case 'A': options.await_count = atoi(optarg); break;
        case 'R': options.rate = atof(optarg); break;
        case 'W': options.warm = atof(optarg); break;
        case 'S': options.seconds = atof(optarg); break;
        case 'P': options.path = optarg; break;
        case 'H': options.header = optarg; break;
        case 'O': options.hearers_header = optarg; break;
        case 't': options.words = optarg; break;
        case 'T': file = optarg; break;
        case 'M': options.send = optarg; break;
        case 'a': options.await = optarg; break;
        case 'b': options.binary = 1; break;
        case 'B': options.by_answer = 1; break;
        case 'e': options.answer_end = optarg; break;
        case 'f': options.reflected = 1; break;
        case 'k': options.awake = 1; break;
        case 'h':
            if (options.hello_count == HELLOS) exit(2);
            options.hellos[options.hello_count++] = optarg;
            break;
        default: exit(2);
        }
    if (options.size < MARK || options.size > 30000 || options.speakers > SPEAKERS) exit(2);
    if (file) read_tokens(file);
}

/* --- the loop --- */
static int timer;

static void turn(double until) {
    struct epoll_event events[256];
    double left = until - seconds_now();
    int patience = left <= 0 || options.awake ? 0 : left > 1 ? 1000 : (int)(left * 1000) + 1;
    int count = epoll_wait(epoll, events, 256, patience);
    for (int i = 0; i < count; i++) {
        if (events[i].data.u32 == TIMER) {
            uint64_t ticks;
            if (read(timer, &ticks, sizeof ticks) < 0) continue;
            continue;
        }
        if (events[i].events & EPOLLOUT) writable((int)events[i].data.u32);
        if (events[i].events & ~(uint32_t)EPOLLOUT) readable((int)events[i].data.u32);
    }
    if (!options.awake) return;
    double ended = seconds_now();
    if (!count) idled += ended - turned;
    turned = ended;
}

static void open_all(void) {
    double patience = seconds_now() + PATIENCE;
    for (int opened = 0; ready_count < options.connections;) {
        while (opened < options.connections && opened - ready_count < options.at_once) open_line(opened++);
        turn(patience);
        if (seconds_now() > patience) {
            fprintf(stderr, "%d of %d are there after %g s\n", ready_count, options.connections, PATIENCE);
            exit(1);
        }
    }
}

static int *speaking, speaking_count;

static void choose_speakers(void) {
    for (int i = 0; i < options.connections; i++)
        if (lines[i].speaker >= 0) speaking[speaking_count++] = i;
}

static void set_timer(double seconds) {
    struct itimerspec every = {{0, 0}, {0, 0}};
    long nanos = (long)(seconds * 1e9);
    every.it_interval.tv_sec = every.it_value.tv_sec = nanos / 1000000000;
    every.it_interval.tv_nsec = every.it_value.tv_nsec = nanos % 1000000000;
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = TIMER};
    timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    timerfd_settime(timer, 0, &every, NULL);
    epoll_ctl(epoll, EPOLL_CTL_ADD, timer, &event);
}

/* By the clock: a message is as old as the time at which it was due. */
static void say_what_is_due(double begun, uint64_t *said) {
    double at = begun + (double)*said / options.rate;
    for (; at <= seconds_now(); at = begun + (double)++*said / options.rate)
        say(speaking[*said % (uint64_t)speaking_count], at);
}

static void talk(double begun, double until, uint64_t *said) {
    while (seconds_now() < until) {
        if (options.rate > 0) say_what_is_due(begun, said);
        turn(until);
    }
}

static void tell(const char *step) {
    puts(step);
    fflush(stdout);
}

static void told(struct tally a, struct tally b) {
    double seconds = b.at - a.at;
    printf("{\"seconds\": %.6f, \"sent\": %lu, \"delivered\": %lu, \"acked\": %lu, \"bytes\": %lu, \"cpu\": %.6f, "
           "\"lost\": %ld, \"disorder\": %lu, \"strangers\": %lu, "
           "\"said\": %lu, \"answered\": %lu, ",
           seconds, b.sent - a.sent, b.delivered - a.delivered, b.acked - a.acked, b.bytes - a.bytes, b.cpu - a.cpu,
           (long)expected - (long)now.delivered, disorder, strangers,
           now.sent, now.acked);
    printf("\"p50\": %.3f, \"p99\": %.3f, \"longest\": %.3f, \"ack_p50\": %.3f, \"ack_p99\": %.3f}\n",
           percentile(&heard_in, .5), percentile(&heard_in, .99), heard_in.longest / 1000,
           percentile(&acked_in, .5), percentile(&acked_in, .99));
}

static void prepare(void) {
    lines = calloc((size_t)options.connections, sizeof *lines);
    room_sizes = calloc((size_t)options.rooms, sizeof *room_sizes);
    speaking = calloc((size_t)options.connections, sizeof *speaking);
    for (int i = 0; i < options.connections; i++) {
        lines[i].room = i % options.rooms;
        int place = room_sizes[lines[i].room]++;
        lines[i].speaker = place < options.speakers ? place : -1;
    }
    choose_speakers();
    epoll = epoll_create1(0);
}

int main(int argc, char **argv) {
    struct tally before, after;
    uint64_t said = 0;
    char go[8];
    ask(argc, argv);
    prepare();
    tell("connecting");
    open_all();
    tell("open");
    if (!fgets(go, sizeof go, stdin)) return 1;
    if (options.rate > 0) set_timer(options.rate > 2000 ? 0.0005 : 1 / options.rate);
    double begun = seconds_now();
    for (int i = 0; options.window && i < speaking_count; i++)
        for (int k = 0; k < options.window; k++) say(speaking[i], 0);
    talk(begun, begun + options.warm, &said);
    tell("begin");
    measuring = 1;
    before = look();
    talk(begun, begun + options.warm + options.seconds, &said);
    after = look();
    tell("end");
    measuring = 0;
    stopping = 1;
    double patience = seconds_now() + DRAIN;
    while ((now.delivered < expected || (options.by_answer && now.acked < now.sent)) && seconds_now() < patience)
        turn(patience);
    told(before, after);
    return 0;
}
