// The binary frame of the message gateway (what AWS calls ClientMessage): a fixed header, big-endian, and a payload.
// What does not fit its own lengths or digest is no frame.

export type MessageType =
  | 'output_stream_data' | 'input_stream_data' | 'acknowledge' | 'channel_closed'
  | 'start_publication' | 'pause_publication';

/** Numbers of the payloads that a terminal meets. */
export const PAYLOAD = {
  undefined: 0,
  output: 1,
  size: 3,
  handshakeRequest: 5,
  handshakeResponse: 6,
  handshakeComplete: 7,
  challengeRequest: 8,
  challengeResponse: 9,
  flag: 10,
  stdErr: 11,
  exitCode: 12,
} as const;

export interface Frame {
  readonly messageType: string;
  readonly sequence: number;
  readonly flags: number;
  /** 16 bytes, as UUID text. */
  readonly messageId: string;
  readonly payloadType: number;
  readonly payload: Uint8Array<ArrayBuffer>;
}

const HEADER_LENGTH = 116;
const PAYLOAD_OFFSET = HEADER_LENGTH + 4;
const TYPE_BYTES = 32;
/** The longest frame either side makes. */
const MAX_FRAME = 256 * 1024;

const ascii = new TextDecoder('latin1');
const utf8 = new TextEncoder();

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
}

/** On the wire the two halves of an id are swapped. */
function swapped(id: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(16);
  bytes.set(id.subarray(8, 16), 0);
  bytes.set(id.subarray(0, 8), 8);
  return bytes;
}

function bytesOfId(id: string): Uint8Array {
  const digits = id.replaceAll('-', '');
  return Uint8Array.from({ length: 16 }, (_, at) => Number.parseInt(digits.slice(at * 2, at * 2 + 2), 16));
}

function textOfId(id: Uint8Array): string {
  const digits = Array.from(id, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** The frame's bytes, one whole binary message. */
export async function encode(frame: Frame, createdMs: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(PAYLOAD_OFFSET + frame.payload.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, HEADER_LENGTH);
  bytes.fill(0x20, 4, 4 + TYPE_BYTES);
  bytes.set(utf8.encode(frame.messageType), 4);
  view.setUint32(36, 1);
  view.setBigUint64(40, BigInt(createdMs));
  view.setBigInt64(48, BigInt(frame.sequence));
  view.setBigUint64(56, BigInt(frame.flags));
  bytes.set(swapped(bytesOfId(frame.messageId)), 64);
  bytes.set(await sha256(frame.payload), 80);
  view.setUint32(112, frame.payloadType);
  view.setUint32(116, frame.payload.length);
  bytes.set(frame.payload, PAYLOAD_OFFSET);
  return bytes;
}

/** Reads one binary message; nothing where it is no frame. */
export async function decode(message: ArrayBuffer): Promise<Frame | undefined> {
  if (message.byteLength < PAYLOAD_OFFSET || message.byteLength > MAX_FRAME) {
    return undefined;
  }
  const bytes = new Uint8Array(message);
  const view = new DataView(message);
  const offset = view.getUint32(0) + 4;
  if (offset < PAYLOAD_OFFSET || offset > message.byteLength || view.getUint32(116) !== message.byteLength - offset) {
    return undefined;
  }
  const payload = bytes.slice(offset);
  if (payload.length > 0) {
    const digest = await sha256(payload);
    if (digest.some((byte, at) => byte !== bytes[80 + at])) {
      return undefined;
    }
  }
  return {
    messageType: ascii.decode(bytes.subarray(4, 4 + TYPE_BYTES)).replace(/[\s\0]+$/, ''),
    sequence: Number(view.getBigInt64(48)),
    flags: Number(view.getBigUint64(56)),
    messageId: textOfId(swapped(bytes.subarray(64, 80))),
    payloadType: view.getUint32(112),
    payload,
  };
}
