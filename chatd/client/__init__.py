"""A Python library for chatd.v1: it connects, comes back by itself, sends each message once, and
tells what happens. docs/bots.md shows how; for Twisted, import Client from chatd.client.on_twisted.
"""

from chatd.client.codec import Other as Other
from chatd.client.errors import ChatError as ChatError
from chatd.client.errors import Ended as Ended
from chatd.client.errors import Interrupted as Interrupted
from chatd.client.errors import Refused as Refused
from chatd.client.errors import Stopped as Stopped
from chatd.client.errors import TimedOut as TimedOut
from chatd.client.errors import Unreachable as Unreachable
from chatd.client.inbox import Offline as Offline
from chatd.client.inbox import Online as Online
from chatd.client.inbox import Told as Told
from chatd.client.on_asyncio import Client as Client
from chatd.core.commands import Position as Position
from chatd.core.events import CaughtUp as CaughtUp
from chatd.core.events import Deleted as Deleted
from chatd.core.events import Draining as Draining
from chatd.core.events import Edited as Edited
from chatd.core.events import Entered as Entered
from chatd.core.events import Invited as Invited
from chatd.core.events import Joined as Joined
from chatd.core.events import Left as Left
from chatd.core.events import Message as Message
from chatd.core.events import Notice as Notice
from chatd.core.events import Presence as Presence
from chatd.core.events import Reaction as Reaction
from chatd.core.events import Read as Read
from chatd.core.events import Renamed as Renamed
from chatd.core.events import Topic as Topic
from chatd.core.events import Typing as Typing
