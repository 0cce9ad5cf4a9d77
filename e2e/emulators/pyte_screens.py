"""What pyte shows at the end of each stream: the same JSON in and out as `xterm.mjs`."""

import base64
import json
import sys

import pyte


class Screen(pyte.Screen):
    def select_graphic_rendition(self, *attributes, private=False):
        # With a private mark it is no rendition but asks for other reports of keys, which pyte does not know apart.
        if not private:
            super().select_graphic_rendition(*attributes)


def screen(stream):
    terminal = Screen(stream["cols"], stream["rows"])
    bytes_of = pyte.ByteStream(terminal)
    for kind, *rest in stream["steps"]:
        if kind == "r":
            columns, lines = rest
            terminal.resize(lines=lines, columns=columns)
        else:
            bytes_of.feed(base64.b64decode(rest[0]))
    rows = [
        [" ".join(map(str, terminal.buffer[y][x])) for x in range(terminal.columns)]
        for y in range(terminal.lines)
    ]
    return {"cursor": [terminal.cursor.x, terminal.cursor.y], "rows": rows}


json.dump([screen(stream) for stream in json.load(sys.stdin)], sys.stdout)
