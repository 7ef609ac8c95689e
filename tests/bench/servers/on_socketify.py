"""A room by path on socketify (uWebSockets), with its publish(): PORT is the argument."""

import sys

from socketify import App, AppListenOptions, CompressOptions, OpCode

app = App()


def upgrade(response, request, context):
    key = request.get_header("sec-websocket-key")
    protocol = request.get_header("sec-websocket-protocol")
    extensions = request.get_header("sec-websocket-extensions")
    response.upgrade(key, protocol, extensions, context, request.get_url())


def opened(socket):
    socket.subscribe(socket.get_user_data())


def heard(socket, message, opcode):
    app.publish(socket.get_user_data(), message, OpCode.TEXT)


app.ws(
    "/*",
    {
        "compression": CompressOptions.DISABLED,
        "max_payload_length": 64 * 1024,
        "idle_timeout": 0,
        "max_backpressure": 16 * 1024 * 1024,
        "upgrade": upgrade,
        "open": opened,
        "message": heard,
    },
)
app.listen(AppListenOptions(port=int(sys.argv[1]), host="127.0.0.1"))
app.run()
