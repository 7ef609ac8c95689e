"""The public door: reads a request, then hands the connection to the chat or to `/echo`, takes a
post to a hook, or serves a page. Who may open a session is asked in admission.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import ServerFactory, connectionDone
from twisted.python.failure import Failure

from chatd.core.ports import Log
from chatd.edge import admission, hooks, inflating, shortcuts
from chatd.edge.admission import Admitted, TurnedAway
from chatd.edge.body import Body
from chatd.edge.census import Census, client_of
from chatd.edge.deflate import Agreed, agreed
from chatd.edge.delays import Delays
from chatd.edge.echo import EchoLine
from chatd.edge.forwarded import UNIX, client_address, plain_address
from chatd.edge.head import BadHead, Head
from chatd.edge.outboxes import Outboxes
from chatd.edge.pages import Pages
from chatd.edge.ports import EdgeMeter, EdgeSettings, House, Reactor
from chatd.edge.proxied import BadPreface, PrefaceBuffer, announces
from chatd.edge.request import Answer, OneRequest, sentence
from chatd.edge.upgraded import Upgraded, UpgradedFactory, likeness
from chatd.edge.websocket import ChatFactory

CHAT = ("/", "/ws")
ECHO = "/echo"
NOT_ITS_FAULT = {"ok", "echo", "draining", "full", "too_fast", "timeout", "lost", "failed"}
"""Of HANDSHAKE_RESULTS: all others are refusals for what the client asked. "too_fast" may be for
what others ask; the census knows."""


class FrontFactory(ServerFactory):
    """What all public listeners of a host share. ``use`` swaps the settings at a reload."""

    noisy = False

    def __init__(
        self,
        reactor: Reactor,
        house: House,
        settings: EdgeSettings,
        pages: Pages,
        journal: Log,
        meter: EdgeMeter,
    ) -> None:
        self.clock = reactor
        self.delays = Delays(reactor)
        self.house = house
        self.pages = pages
        self.journal = journal
        self.meter = meter
        self.census = Census(reactor, house.limits, meter)
        self.echo = UpgradedFactory(reactor, journal)
        self.ways = shortcuts.found(reactor, self.echo) if settings.shortcuts else shortcuts.NONE
        shortcuts.tell(self.ways, meter)
        shortcuts.read(self.ways, reactor)
        turns, batch = shortcuts.turns(self.ways, reactor), shortcuts.batched(self.ways)
        self.outboxes = Outboxes(turns, reactor, meter, journal, batch)
        self.chat = ChatFactory(reactor, journal, house, self.outboxes, meter, self.ways)
        self.inflates = inflating.fits(likeness(self.echo))
        self.use(settings)

    def use(self, settings: EdgeSettings) -> None:
        """Connections that come from now on are under these."""
        self.settings = settings
        self.compresses = settings.compression and self.inflates
        if settings.compression and not self.inflates:
            self.journal.warning("compression_unknown")
        self.chat.use(settings)
        self.outboxes.flush_delay.seconds = settings.flush_delay
        self.echo.options(closeHandshakeTimeout=settings.close_timeout)

    def buildProtocol(self, addr: IAddress | None) -> Front | None:
        """A front for each connection; None closes it, when there are too many to answer them."""
        host = getattr(addr, "host", UNIX)
        peer, settings = plain_address(host) or host, self.settings
        by_proxy = settings.proxy_protocol.believes(peer)
        client = "" if by_proxy else client_of(peer, settings)
        if why := self.census.turns_away(client, settings):
            self.meter.handshake(why, 0.0)
            return None
        return Front(self, peer, client, by_proxy=by_proxy)


class Front(OneRequest):
    """One connection until it is known what it wants. ``by_proxy``: whether its peer must begin
    with a header of the PROXY protocol."""

    def __init__(self, factory: FrontFactory, peer: str, client: str, *, by_proxy: bool) -> None:
        super().__init__(factory.delays, factory.journal, factory.settings.handshake_timeout)
        self._front = factory
        self._peer = peer
        self._client = client
        # For which address and settings ``_client`` is right; for none while a proxy may tell.
        self._counted = None if by_proxy else (peer, factory.settings)
        self._preface = PrefaceBuffer() if by_proxy else None
        self._begun = False
        self._since = factory.clock.seconds()
        self._body: Body | None = None
        self._whole: Deferred[bytes] = Deferred()

    def connectionMade(self) -> None:
        """One connection more."""
        self._front.census.connected()
        self._front.census.waits(self._client)
        super().connectionMade()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """One less; not called for a connection that was handed over."""
        super().connectionLost(reason)
        self._front.census.waits_no_more(self._client)
        self._front.census.disconnected()

    def dataReceived(self, data: bytes) -> None:
        """What a proxy says of its client, if one is there; then the request."""
        if self.done:
            super().dataReceived(data)
            return
        if self._preface is not None:
            data = self._read_preface(self._preface, data)
        elif not self._begun and announces(data):
            self._refuse_preface(
                f"{self._peer} sends a header of the PROXY protocol, and is not named in "
                "http.proxy_protocol; name it there, or turn send-proxy off"
            )
            return
        self._begun = True
        if data:
            super().dataReceived(data)

    def _read_preface(self, preface: PrefaceBuffer, data: bytes) -> bytes:
        try:
            read = preface.feed(data)
        except BadPreface as bad:
            self._refuse_preface(
                f"{bad}; {self._peer} is named in http.proxy_protocol, so it must send one, "
                "version 1 or 2"
            )
            return b""
        if read is None:
            return b""
        self._preface = None
        if read.address is not None:
            self._stands_for(read.address)
        return b"" if self.done else read.rest

    def _stands_for(self, address: str) -> None:
        """From here on it is this client's connection, for whoever counts or asks."""
        census, settings = self._front.census, self._front.settings
        client = client_of(address, settings)
        if why := census.turns_away_client(client, settings):
            self.refuse(why)
            self.drop()
            return
        census.waits_no_more(self._client)
        census.waits(client)
        self._peer, self._client, self._counted = address, client, (address, settings)

    def _refuse_preface(self, text: str) -> None:
        self.refuse("bad_proxy")
        self.answer(sentence(400, text))

    def unanswered(self, result: str) -> None:
        """Nothing came that could be answered as asked."""
        self._count(result)

    def asked(self, head: Head, rest: bytes) -> None:
        """Upgrade, take a post, or serve a page."""
        if head.path.startswith(hooks.PATH):
            self._post(head, rest)
        elif head.method not in {"GET", "HEAD"}:
            text = f"{head.method} is not for anything here; GET and HEAD are"
            self.answer(sentence(405, text, ("Allow", "GET, HEAD")))
        elif head.has_body:
            self.answer(sentence(413, "no request here takes a body"))
        elif admission.wants_websocket(head):
            self._upgrade(head, rest)
        elif head.path == CHAT[1] or admission.lost_its_upgrade(head):
            text = (
                "this is for WebSocket, and the request has no `Upgrade: websocket`; "
                "a proxy between must pass the Upgrade and Connection headers on"
            )
            self.answer(sentence(426, text, admission.UPGRADE))
        else:
            self.answer(self._front.pages.answer(head))

    # --- a post to a hook: its body is read once the token is known to be one ---
    def _post(self, head: Head, rest: bytes) -> None:
        if head.method != "POST":
            self.answer(sentence(405, "a hook takes POST", ("Allow", "POST")))
            return
        body = hooks.check(head)
        transport: Any = self.transport
        transport.pauseProducing()
        self.wait(hooks.PATIENCE, self._body_too_late)
        address = client_address(head, self._peer, self._front.settings.proxies)

        def begin() -> Deferred[bytes]:
            self._body = body
            if hooks.expects(head):
                transport.write(hooks.CONTINUE)
            transport.resumeProducing()
            self.more(rest)
            return self._whole

        posted = Deferred.fromCoroutine(hooks.post(self._front.house, head, address, begin))
        posted.addCallbacks(self._posted, self._post_failed)

    def more(self, data: bytes) -> None:
        """Of a post's body; what comes behind it is nobody's."""
        body, self._body = self._body, None
        whole = body.feed(data) if body is not None else None
        if whole is None:
            self._body = body
        else:
            self._whole.callback(whole)

    def _posted(self, answer: Answer) -> None:
        transport: Any = self.transport
        transport.resumeProducing()
        self.answer(answer)

    def _post_failed(self, failure: Failure) -> None:
        if isinstance(failure.value, BadHead):
            self._posted(sentence(failure.value.status, failure.value.sentence))
        else:
            self.broke(failure.value or RuntimeError("no reason given"))

    def _body_too_late(self) -> None:
        self._body = None
        text = f"the request's body did not come within {hooks.PATIENCE:g} s"
        self.answer(sentence(408, text))

    def broke(self, error: BaseException) -> None:
        """A fault of ours while somebody was at the door."""
        self._count("failed")
        super().broke(error)

    def _upgrade(self, head: Head, rest: bytes) -> None:
        try:
            line = self._echo(head) if self._is_echo(head) else self._chat(head)
        except TurnedAway as no:
            self._count(no.result)
            self.answer(no.answer)
        else:
            self._count("echo" if isinstance(line, EchoLine) else "ok")
            self.forget_deadline()
            line.take_over(self.transport, rest)

    def _is_echo(self, head: Head) -> bool:
        return head.path == ECHO and self._front.settings.echo

    def _echo(self, head: Head) -> Upgraded:
        admitted = Admitted("", admission.check_upgrade(head), agreed=self._agreed(head))
        self._front.census.waits_no_more(self._client)
        return EchoLine(self._front.echo, admitted, self._front.census.disconnected)

    def _chat(self, head: Head) -> Upgraded:
        front = self._front
        if head.path not in CHAT:
            raise TurnedAway("not_found", sentence(404, f"no WebSocket is at {head.path}; try /"))
        key = admission.check_upgrade(head)
        admission.check_origin(head, front.settings)
        address = client_address(head, self._peer, front.settings.proxies)
        same = self._counted == (address, front.settings)  # nearly always, without a proxy
        client = self._client if same else client_of(address, front.settings)
        admission.check_client(address, client, front)
        dialect, subprotocol = admission.choose_dialect(head, front.house)
        admitted = Admitted(address, key, subprotocol, self._agreed(head))
        line = front.chat.line(front.chat, dialect, admitted, self._leaver(client))
        front.census.seat(client)
        front.census.waits_no_more(self._client)
        return line

    def _agreed(self, head: Head) -> Agreed | None:
        return agreed(head) if self._front.compresses else None

    def _leaver(self, client: str) -> Callable[[], None]:
        census = self._front.census

        def left() -> None:
            census.leave(client)
            census.disconnected()

        return left

    def _count(self, result: str) -> None:
        seconds = self._front.clock.seconds() - self._since
        self._front.meter.handshake(result, seconds)
        if result not in NOT_ITS_FAULT:
            self._front.census.refused(self._client, self._front.settings)
