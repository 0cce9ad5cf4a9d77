import { expect, test } from 'vitest';
import { clock, lines, search, textLog, words } from '../../src/recordings/cast';

const CAST = [
  { version: 2, width: 80, height: 24, timestamp: 1 },
  [0.5, 'o', '$ l'],
  [1, 'r', '100x30'],
  [1.5, 'o', 's\r\n\u001b[1;31mred\u001b[0m and'],
  [61, 'o', ' more\r\n$ '],
  [62, 'm', 'a mark is no output'],
]
  .map((line) => `${JSON.stringify(line)}\n`)
  .join('');

test('words are left of what a terminal obeys', () => {
  for (const [line, expected] of [
    ['\u001b[1;31mred\u001b[0m\r', 'red'],
    ['\u001b]0;title\u0007$ ls\tx', '$ ls x'],
    ['\u001b]8;;http://x\u001b\\link', 'link'],
    ['\u001b]52;c;ZXZpbA==\u0007after', 'after'],
    ['\u001b(Bwörter 日本\u0008\u0000', 'wörter 日本'],
    ['cut \u001b[', 'cut '],
    ['cut \u001b', 'cut '],
    ['<b>text</b>', '<b>text</b>'],
  ] as const) {
    expect(words(line)).toBe(expected);
  }
});

test('a line has the time at which it began, however many pieces it came in', () => {
  expect(lines(CAST)).toEqual([
    { at: 0.5, text: '$ ls' },
    { at: 1.5, text: 'red and more' },
    { at: 61, text: '$ ' },
  ]);
  expect(textLog(CAST)).toBe('$ ls\nred and more\n$ \n');
});

test('a recording without output has no lines', () => {
  expect(lines('{"version":2}\n')).toEqual([]);
});

test('a search finds whatever the casing, and nothing for nothing', () => {
  expect(search(lines(CAST), 'RED')).toEqual([{ at: 1.5, text: 'red and more' }]);
  expect(search(lines(CAST), '')).toEqual([]);
  expect(search(lines(CAST), 'absent')).toEqual([]);
});

test('times are told as a clock tells them', () => {
  expect([0.9, 61, 3723].map(clock)).toEqual(['0:00', '1:01', '1:02:03']);
});
