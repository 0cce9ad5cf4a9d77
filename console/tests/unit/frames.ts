// Frames as the other end makes them, for the tests of a session's stream.

import type { Frame } from '../../src/terminal/frame';

const utf8 = new TextEncoder();

let ids = 0;
export const freshId = (): string => `00000000-0000-4000-8000-${String((ids += 1)).padStart(12, '0')}`;

export function output(
  sequence: number,
  payloadType: number,
  payload: string | Uint8Array<ArrayBuffer>,
  messageId = freshId(),
): Frame {
  return {
    messageType: 'output_stream_data',
    sequence,
    flags: 0,
    messageId,
    payloadType,
    payload: typeof payload === 'string' ? utf8.encode(payload) : payload,
  };
}

export function acknowledgement(sequence: number): Frame {
  return { ...output(0, 0, JSON.stringify({ AcknowledgedMessageSequenceNumber: sequence })), messageType: 'acknowledge' };
}

export function inputs(frames: readonly Frame[]): Frame[] {
  return frames.filter(({ messageType }) => messageType === 'input_stream_data');
}
