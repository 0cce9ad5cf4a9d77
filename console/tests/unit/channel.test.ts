import { beforeEach, describe, expect, test } from 'vitest';
import { Channel } from '../../src/terminal/channel';
import { decode, encode, type Frame, PAYLOAD } from '../../src/terminal/frame';
import { acknowledgement, freshId, inputs, output } from './frames';

const utf8 = new TextEncoder();
const text = new TextDecoder();

function shown(frames: readonly Frame[]): string {
  return frames.map(({ payload }) => text.decode(payload)).join('');
}

let channel: Channel;

/** The shell is there, and the window's size was sent and confirmed. */
function open(): void {
  channel.begin();
  for (const { sequence } of inputs(channel.takeFrames())) {
    channel.arrived(acknowledgement(sequence));
  }
}

beforeEach(() => {
  channel = new Channel({ cols: 80, rows: 24 }, freshId);
});

describe('a frame that is none', () => {
  const good = async (): Promise<Uint8Array<ArrayBuffer>> => encode(output(7, PAYLOAD.output, 'hello'), 1);
  test('is too short, or says other lengths than it has', async () => {
    const bytes = await good();
    expect(await decode(bytes.slice(0, 119).buffer)).toBeUndefined();
    expect(await decode(bytes.slice(0, -1).buffer)).toBeUndefined();
    const header = bytes.slice();
    header[3] = 200;
    expect(await decode(header.buffer)).toBeUndefined();
  });
  test('has a payload that its digest does not know', async () => {
    const bytes = await good();
    bytes[bytes.length - 1] = 0;
    expect(await decode(bytes.buffer)).toBeUndefined();
  });
  test('and one that is comes back as it went', async () => {
    const frame = output(7, PAYLOAD.output, 'hello', '00112233-4455-6677-8899-aabbccddeeff');
    const bytes = await encode(frame, 1);
    expect(await decode(bytes.buffer)).toEqual(frame);
    // The halves of an id are swapped on the wire.
    expect(bytes.slice(64, 72)).toEqual(Uint8Array.from([0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff]));
  });
});

test('typing waits for the shell, and comes behind the size of the window', () => {
  channel.type(utf8.encode('early'));
  expect(inputs(channel.takeFrames())).toEqual([]);
  channel.begin();
  const sent = inputs(channel.takeFrames());
  expect(sent.map(({ payloadType }) => payloadType)).toEqual([PAYLOAD.size, PAYLOAD.output]);
});

test('output is given out once and in order, whatever order it comes in', () => {
  open();
  const third = output(2, PAYLOAD.output, 'c');
  for (const frame of [third, output(1, PAYLOAD.output, 'b'), third, output(0, PAYLOAD.output, 'a')]) {
    channel.arrived(frame);
  }
  channel.arrived(output(1, PAYLOAD.output, 'b'));
  expect(shown(channel.takeArrivals())).toBe('abc');
  // A copy is confirmed again: the first confirmation may have been lost.
  expect(channel.takeFrames().filter(({ messageType }) => messageType === 'acknowledge')).toHaveLength(5);
});

test('what was not confirmed goes out again on a new connection, in order and with the same ids', () => {
  open();
  channel.type(utf8.encode('one'));
  channel.type(utf8.encode('two'));
  const sent = inputs(channel.takeFrames());
  channel.arrived(acknowledgement(sent[0]?.sequence ?? -1));
  channel.connected();
  expect(channel.takeFrames()).toEqual([sent[1]]);
});

test('a paste is cut into small frames, bounded on their way', () => {
  open();
  channel.type(new Uint8Array(1024 * 100));
  const sent = inputs(channel.takeFrames());
  expect(sent).toHaveLength(64);
  expect(sent.every(({ payload }) => payload.length === 1024)).toBe(true);
  channel.arrived(acknowledgement(sent[0]?.sequence ?? -1));
  expect(inputs(channel.takeFrames())).toHaveLength(1);
});

test('nothing is sent while the node is away, and everything when it is back', () => {
  open();
  channel.arrived({ ...output(0, 0, ''), messageType: 'pause_publication' });
  channel.type(utf8.encode('x'));
  expect(channel.takeFrames()).toEqual([]);
  channel.arrived({ ...output(0, 0, ''), messageType: 'start_publication' });
  expect(inputs(channel.takeFrames())).toHaveLength(1);
});

test('after the end nothing counts any more', () => {
  open();
  channel.arrived({ ...output(0, 0, '{"Output":"Terminated by admin."}'), messageType: 'channel_closed' });
  channel.arrived(output(0, PAYLOAD.output, 'late'));
  expect(channel.closedBecause).toBe('Terminated by admin.');
  expect(channel.takeArrivals()).toEqual([]);
});
