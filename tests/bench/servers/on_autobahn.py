"""A room by path on Autobahn and Twisted, with a prepared message: PORT is the argument."""

import sys
from collections import defaultdict

from autobahn.twisted.websocket import WebSocketServerFactory, WebSocketServerProtocol
from twisted.internet import reactor

ROOMS = defaultdict(set)


class Chat(WebSocketServerProtocol):
    room = None

    def onConnect(self, request):
        self.room = ROOMS[request.path]

    def onOpen(self):
        self.room.add(self)

    def onMessage(self, payload, isBinary):
        prepared = self.factory.prepareMessage(payload, isBinary)
        for each in self.room:
            each.sendPreparedMessage(prepared)

    def onClose(self, wasClean, code, reason):
        if self.room is not None:
            self.room.discard(self)


factory = WebSocketServerFactory(f"ws://127.0.0.1:{sys.argv[1]}")
factory.protocol = Chat
reactor.listenTCP(int(sys.argv[1]), factory, backlog=4096, interface="127.0.0.1")
reactor.run()
