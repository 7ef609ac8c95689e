/* Lines with TLS 1.3, in place of plain.c; whose certificate it is does not matter here. */
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/epoll.h>
#include "load.h"

#define CIPHER "TLS_AES_256_GCM_SHA384"

static SSL_CTX *context;

static SSL *begun(int number) {
    if (!context) {
        context = SSL_CTX_new(TLS_client_method());
        if (!context || !SSL_CTX_set_ciphersuites(context, CIPHER)) die("openssl");
        SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
        SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
        SSL_CTX_set_read_ahead(context, 1);
    }
    SSL *tls = SSL_new(context);
    if (!tls || !SSL_set_fd(tls, lines[number].fd)) die("openssl");
    SSL_set_connect_state(tls);
    return tls;
}

/* What came of a call, in the words of send and recv. */
static ssize_t outcome(int number, int result) {
    if (result > 0) return result;
    int why = SSL_get_error(lines[number].tls, result);
    if (why == SSL_ERROR_ZERO_RETURN) return 0;
    errno = why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? EAGAIN : ECONNRESET;
    return -1;
}

int secured(int number) {
    struct line *line = &lines[number];
    if (!line->tls) line->tls = begun(number);
    int result = SSL_do_handshake(line->tls);
    if (result == 1) return 1;
    if (outcome(number, result) >= 0 || errno != EAGAIN) {
        ERR_print_errors_fp(stderr);
        die("a TLS handshake failed");
    }
    watch(number, SSL_want_write(line->tls) ? EPOLLOUT : EPOLLIN, EPOLL_CTL_MOD);
    return 0;
}

ssize_t put(int number, const unsigned char *data, size_t size) {
    return outcome(number, SSL_write(lines[number].tls, data, (int)size));
}

/* All that was read from the socket already: epoll does not know of it. */
ssize_t take(int number, unsigned char *into, size_t size) {
    size_t got = 0;
    do {
        ssize_t more = outcome(number, SSL_read(lines[number].tls, into + got, (int)(size - got)));
        if (more <= 0) return got ? (ssize_t)got : more;
        got += (size_t)more;
    } while (got < size && SSL_has_pending(lines[number].tls));
    return (ssize_t)got;
}
