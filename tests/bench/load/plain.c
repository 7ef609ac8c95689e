/* Lines without TLS. */
#include <sys/socket.h>
#include "load.h"

int secured(int number) {
    (void)number;
    return 1;
}

ssize_t put(int number, const unsigned char *data, size_t size) {
    return send(lines[number].fd, data, size, MSG_NOSIGNAL);
}

ssize_t take(int number, unsigned char *into, size_t size) { return recv(lines[number].fd, into, size, 0); }
