// What xterm.js shows at the end of each stream: JSON in on stdin, JSON out on stdout.
//
// In: [{"cols", "rows", "steps": [["o", base64] | ["r", cols, rows], …]}, …]. Out, for each: {"cursor": [column, row],
// "rows": [[cell, …], …]}, a cell being its characters, width, colours and attributes in words.

import { text } from "node:stream/consumers";

import headless from "@xterm/headless";

const written = (terminal, bytes) => new Promise((done) => terminal.write(bytes, done));

function shown(cell) {
  const looks = [
    cell.isBold(),
    cell.isItalic(),
    cell.isDim(),
    cell.isUnderline(),
    cell.isBlink(),
    cell.isInverse(),
    cell.isInvisible(),
    cell.isStrikethrough(),
  ].map(Number);
  const colours = `${cell.getFgColorMode()}:${cell.getFgColor()}/${cell.getBgColorMode()}:${cell.getBgColor()}`;
  return `${cell.getChars() || " "} ${cell.getWidth()} ${colours} ${looks.join("")}`;
}

async function screen({ cols, rows, steps }) {
  const terminal = new headless.Terminal({ cols, rows, allowProposedApi: true });
  for (const [kind, ...rest] of steps) {
    if (kind === "r") {
      terminal.resize(...rest);
    } else if (rest[0] !== "") {
      // Of nothing to write it never says that it is written.
      await written(terminal, Buffer.from(rest[0], "base64"));
    }
  }
  const buffer = terminal.buffer.active;
  const line = (y) => buffer.getLine(buffer.baseY + y);
  const cells = (y) => Array.from({ length: terminal.cols }, (_, x) => shown(line(y).getCell(x)));
  return {
    cursor: [buffer.cursorX, buffer.cursorY],
    rows: Array.from({ length: terminal.rows }, (_, y) => cells(y)),
  };
}

const screens = [];
for (const stream of JSON.parse(await text(process.stdin))) {
  screens.push(await screen(stream));
}
console.log(JSON.stringify(screens));
