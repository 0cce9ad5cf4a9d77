"""A client made by hand that numbers its messages as AWS's plugin does when Ctrl-C and a key come at the same moment.

Both get the same number, under different ids; the next number is left out; and the second of the two is sent again
and again, although it was acknowledged. Written from the wire alone, with none of Usher's code.

StartSession's answer comes as JSON on stdin. What the terminal says goes to stdout, until the session ends.
"""

import base64
import hashlib
import json
import os
import signal
import socket
import struct
import sys
import time
import urllib.parse
import uuid

OUTPUT, SIZE, HANDSHAKE_REQUEST, HANDSHAKE_RESPONSE, HANDSHAKE_COMPLETE = 1, 3, 5, 6, 7
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


class WebSocket:
    """The client's half of RFC 6455, as far as one peer needs it."""

    def __init__(self, url):
        url = urllib.parse.urlsplit(url)
        self.socket = socket.create_connection((url.hostname, url.port), timeout=30)
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [f"GET {url.path}?{url.query} HTTP/1.1", f"Host: {url.netloc}", "Upgrade: websocket",
                 "Connection: Upgrade", "Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {key}", "", ""]
        self.socket.sendall("\r\n".join(lines).encode())
        self.stream = self.socket.makefile("rb")
        status = self.stream.readline()
        assert b" 101 " in status, status
        while self.stream.readline() != b"\r\n":
            pass

    def send(self, kind, payload):
        length = len(payload)
        assert length < 1 << 16
        head = bytes([0x80 | kind]) + (bytes([0x80 | length]) if length < 126 else struct.pack(">BH", 0xFE, length))
        # A mask of zeros changes nothing.
        self.socket.sendall(head + bytes(4) + payload)

    def receive(self):
        """The next binary message; None once the peer has closed."""
        while True:
            first, length = self.stream.read(2)
            if length > 125:
                length = int.from_bytes(self.stream.read(2 if length == 126 else 8), "big")
            payload = self.stream.read(length)
            kind = first & 0x0F
            if kind == BINARY:
                return payload
            if kind == PING:
                self.send(PONG, payload)
            if kind == CLOSE:
                return None


class Plugin:
    """The data channel, with the sequence numbers in the caller's hand."""

    def __init__(self, session):
        self.web_socket = WebSocket(session["StreamUrl"])
        opening = {"MessageSchemaVersion": "1.0", "RequestId": str(uuid.uuid4()), "TokenValue": session["TokenValue"],
                   "ClientId": str(uuid.uuid4()), "ClientVersion": "1.2.677.0"}
        self.web_socket.send(TEXT, json.dumps(opening).encode())
        self.seen = b""
        self.expected = 0
        self.acknowledged = []

    def send(self, message_type, number, flags, message_id, payload_type, payload):
        head = struct.pack(">I32sIQqQ", 116, message_type.ljust(32).encode(), 1, int(time.time() * 1000), number, flags)
        swapped = message_id.bytes[8:] + message_id.bytes[:8]
        digest = hashlib.sha256(payload).digest()
        frame = head + swapped + digest + struct.pack(">II", payload_type, len(payload)) + payload
        self.web_socket.send(BINARY, frame)

    def say(self, number, text, message_id=None, payload_type=OUTPUT):
        self.send("input_stream_data", number, 0, message_id or uuid.uuid4(), payload_type, text)

    def step(self):
        """Takes one message; false when the session is over."""
        frame = self.web_socket.receive()
        if frame is None:
            return False
        message_type = frame[4:36].decode().rstrip(" \0")
        number = int.from_bytes(frame[48:56], "big")
        message_id = uuid.UUID(bytes=frame[72:80] + frame[64:72])
        payload_type = int.from_bytes(frame[112:116], "big")
        payload = frame[120:]
        if message_type == "channel_closed":
            return False
        if message_type == "acknowledge":
            self.acknowledged.append(json.loads(payload)["AcknowledgedMessageId"])
        if message_type == "output_stream_data":
            answer = {"AcknowledgedMessageType": message_type, "AcknowledgedMessageId": str(message_id),
                      "AcknowledgedMessageSequenceNumber": number, "IsSequentialMessage": True}
            self.send("acknowledge", 0, 3, uuid.uuid4(), 0, json.dumps(answer).encode())
            if number == self.expected:
                self.expected += 1
                self.take(payload_type, payload)
        return True

    def take(self, payload_type, payload):
        if payload_type == HANDSHAKE_REQUEST:
            done = [{"ActionType": action["ActionType"], "ActionStatus": 1, "ActionResult": None, "Error": ""}
                    for action in json.loads(payload)["RequestedClientActions"]]
            answer = {"ClientVersion": "1.2.677.0", "ProcessedClientActions": done, "Errors": None}
            self.say(0, json.dumps(answer).encode(), payload_type=HANDSHAKE_RESPONSE)
        if payload_type == OUTPUT:
            self.seen += payload
            sys.stdout.buffer.write(payload)
            sys.stdout.flush()

    def until(self, text):
        while text not in self.seen:
            assert self.step(), f"the session ended before {text}"
        self.seen = self.seen[self.seen.index(text) + len(text):]

    def until_acknowledged(self, message_id):
        while str(message_id) not in self.acknowledged:
            assert self.step(), "the session ended before it was acknowledged"


def main():
    # A session that hangs still pings: no single wait would ever end.
    signal.alarm(60)
    plugin = Plugin(json.load(sys.stdin))
    plugin.until(b"$ ")
    plugin.say(1, b'{"cols":80,"rows":24}', payload_type=SIZE)
    plugin.say(2, b'stty raw -echo; echo re""ady; head -c 3 | od -An -tx1; stty sane\r')
    plugin.until(b"ready")
    key, interrupt = uuid.uuid4(), uuid.uuid4()
    plugin.say(3, b"x", key)
    plugin.say(3, b"\x03", interrupt)
    plugin.say(5, b"y")
    for _ in range(3):
        plugin.until_acknowledged(interrupt)
        plugin.acknowledged.clear()
        plugin.say(3, b"\x03", interrupt)
    plugin.until(b" 78 03 79")
    plugin.until(b"$ ")
    plugin.say(6, b"echo still $((40 + 2))\r")
    plugin.until(b"still 42")
    plugin.say(7, b"exit\r")
    while plugin.step():
        pass


main()
