/* What a line hears: messages are counted, their order and their age checked; answers, too. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include "load.h"

uint64_t expected, disorder, strangers;
struct histogram heard_in, acked_in;
struct tally now;

static int hex(const unsigned char *at, int digits, uint64_t *value) {
    *value = 0;
    for (int i = 0; i < digits; i++) {
        unsigned char c = at[i];
        int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
        if (digit < 0) return 0;
        *value = *value << 4 | (uint64_t)digit;
    }
    return 1;
}

static void note(struct histogram *in, uint64_t sent_at) {
    double age = seconds_now() * 1e6 - (double)sent_at;
    int slot = age < 0 ? 0 : age / SLOT_US > SLOTS ? SLOTS : (int)(age / SLOT_US);
    in->slots[slot]++;
    in->count++;
    if (age > in->longest) in->longest = age;
}

double percentile(const struct histogram *of, double share) {
    uint64_t wanted = (uint64_t)((double)of->count * share), seen = 0;
    if (!of->count) return 0;
    for (int slot = 0; slot <= SLOTS; slot++) {
        seen += of->slots[slot];
        if (seen > wanted) return (double)slot * SLOT_US / 1000;
    }
    return (double)SLOTS * SLOT_US / 1000;
}

/* With a window, its own message or its answer lets a speaker say the next one. */
static void go_on(int number) {
    if (options.window && !stopping) say(number, 0);
}

static void answered(int number, uint64_t sent_at) {
    now.acked++;
    if (measuring) note(&acked_in, sent_at);
    if (options.by_answer) go_on(number);
}

/* Where others see the mark of an answer as well, what comes after it tells. */
static int is_answer(const unsigned char *after, const unsigned char *end) {
    size_t size = strlen(options.answer_end);
    return (size_t)(end - after) >= size && !memcmp(after, options.answer_end, size);
}

static void delivered(int number, uint64_t speaker, uint64_t said, uint64_t sent_at) {
    struct line *line = &lines[number];
    if (speaker >= SPEAKERS) {
        strangers++;
        return;
    }
    if (said != line->heard[speaker] + 1) disorder++;
    line->heard[speaker] = (uint32_t)said;
    now.delivered++;
    if (measuring) note(&heard_in, sent_at);
    if ((int)speaker != line->speaker) return;
    if (options.reflected) answered(number, sent_at);
    if (!options.by_answer) go_on(number);
}

/* A message whose words are not looked at, to be quick: it is counted. Only such are long enough. */
void take_compressed(void) {
    now.frames++;
    now.delivered++;
}

/* Every mark in a frame: a protocol may put several messages into one. */
void take_frame(int number, int opcode, const unsigned char *text, size_t size) {
    struct line *line = &lines[number];
    (void)opcode;
    now.frames++;
    if (!line->ready && options.await && memmem(text, size, options.await, strlen(options.await)))
        line->awaited++;
    for (size_t at = 0; at + MARK <= size; at++) {
        const unsigned char *tilde = memchr(text + at, '~', size - at);
        const unsigned char *caret = NULL;
        size_t before = tilde ? (size_t)(tilde - text) - at : size - at;
        caret = memchr(text + at, '^', before);
        const unsigned char *mark = caret ? caret : tilde;
        uint64_t speaker, said, sent_at;
        if (!mark || (size_t)(mark - text) + MARK > size) return;
        at = (size_t)(mark - text);
        if (mark[MARK - 1] != *mark || !hex(mark + 1, 2, &speaker) || !hex(mark + 3, 8, &said) ||
            !hex(mark + 11, 12, &sent_at))
            continue;
        if (*mark == '~') delivered(number, speaker, said, sent_at);
        else if (is_answer(mark + MARK, text + size)) answered(number, sent_at);
        at += MARK - 1;
    }
}
