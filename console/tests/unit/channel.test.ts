import { beforeEach, describe, expect, test } from 'vitest';
import { Channel, type Event } from '../../src/terminal/channel';
import { decode, encode, type Frame, PAYLOAD } from '../../src/terminal/frame';

const utf8 = new TextEncoder();
const text = new TextDecoder();

let ids = 0;
const freshId = (): string => `00000000-0000-4000-8000-${String((ids += 1)).padStart(12, '0')}`;

function output(sequence: number, payloadType: number, payload: string, messageId = freshId()): Frame {
  return {
    messageType: 'output_stream_data',
    sequence,
    flags: 0,
    messageId,
    payloadType,
    payload: utf8.encode(payload),
  };
}

function acknowledgement(sequence: number): Frame {
  return { ...output(0, 0, JSON.stringify({ AcknowledgedMessageSequenceNumber: sequence })), messageType: 'acknowledge' };
}

const REQUEST = JSON.stringify({
  AgentVersion: '3.3.9999.0',
  RequestedClientActions: [{ ActionType: 'SessionType', ActionParameters: { SessionType: 'Standard_Stream' } }],
  Usher: { Version: 1 },
});

function shown(events: readonly Event[]): string {
  return events.map((event) => (event.kind === 'output' ? text.decode(event.bytes) : '')).join('');
}

function inputs(frames: readonly Frame[]): Frame[] {
  return frames.filter(({ messageType }) => messageType === 'input_stream_data');
}

let channel: Channel;

/** Past the handshake: the response and the window's size were sent and confirmed. */
function open(): void {
  channel.arrived(output(0, PAYLOAD.handshakeRequest, REQUEST));
  channel.arrived(output(1, PAYLOAD.handshakeComplete, '{"CustomerMessage":""}'));
  for (const { sequence } of inputs(channel.takeFrames())) {
    channel.arrived(acknowledgement(sequence));
  }
  channel.takeEvents();
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

test('the handshake is answered with the size of the window, and typing waits for it', () => {
  channel.type(utf8.encode('early'));
  expect(inputs(channel.takeFrames())).toEqual([]);
  channel.arrived(output(0, PAYLOAD.handshakeRequest, REQUEST));
  const [response] = inputs(channel.takeFrames());
  const answered = JSON.parse(text.decode(response?.payload)) as Record<string, unknown>;
  expect(answered).toMatchObject({
    ProcessedClientActions: [{ ActionType: 'SessionType', ActionStatus: 1 }],
    Usher: { Terminal: { Cols: 80, Rows: 24 } },
  });
  channel.arrived(output(1, PAYLOAD.handshakeComplete, '{"CustomerMessage":"hi"}'));
  expect(channel.takeEvents()).toEqual([{ kind: 'started', message: 'hi' }]);
  const sent = inputs(channel.takeFrames());
  expect(sent.map(({ payloadType }) => payloadType)).toEqual([PAYLOAD.size, PAYLOAD.output]);
});

test('encryption is refused with a word, never silently left out', () => {
  const request = JSON.stringify({ RequestedClientActions: [{ ActionType: 'KMSEncryption' }] });
  channel.arrived(output(0, PAYLOAD.handshakeRequest, request));
  expect(channel.takeEvents()).toEqual([{ kind: 'unsupported', action: 'KMSEncryption' }]);
  const [response] = inputs(channel.takeFrames());
  expect(text.decode(response?.payload)).toContain('"ActionStatus":3');
});

test('output is shown once and in order, whatever order it comes in', () => {
  open();
  const third = output(4, PAYLOAD.output, 'c');
  for (const frame of [third, output(3, PAYLOAD.output, 'b'), third, output(2, PAYLOAD.output, 'a')]) {
    channel.arrived(frame);
  }
  channel.arrived(output(3, PAYLOAD.output, 'b'));
  expect(shown(channel.takeEvents())).toBe('abc');
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
  channel.arrived(output(2, PAYLOAD.output, 'late'));
  expect(channel.takeEvents()).toEqual([{ kind: 'closed', reason: 'Terminated by admin.' }]);
});
