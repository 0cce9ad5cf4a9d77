// What of an encrypted session travels sealed, and each frame sealed once: what is sent again is the same to the letter.

import { type Frame, PAYLOAD } from './frame';
import type { Secrecy } from './secrecy';

const OF_BOTH = new Set<number>([PAYLOAD.output, PAYLOAD.stdErr, PAYLOAD.exitCode]);
/** What makes the keys cannot be under them. */
const NEVER = new Set<number>([
  PAYLOAD.handshakeRequest, PAYLOAD.handshakeResponse, PAYLOAD.challengeRequest, PAYLOAD.challengeResponse,
]);

export class Seals {
  private readonly sealed = new WeakMap<Frame, Frame>();

  constructor(
    private readonly secrecy: Secrecy,
    /** Both ends are Usher's: everything is sealed, and bound to its place. */
    private readonly isBound: boolean,
  ) {}

  async seal(frame: Frame): Promise<Frame> {
    if (frame.messageType !== 'input_stream_data' || !this.covers(frame.payloadType)) {
      return frame;
    }
    const before = this.sealed.get(frame);
    if (before !== undefined) {
      return before;
    }
    const payload = await this.secrecy.seal(frame.payload, this.binding(frame));
    const made = { ...frame, payload };
    this.sealed.set(frame, made);
    return made;
  }

  async open(frame: Frame): Promise<Frame> {
    if (frame.messageType !== 'output_stream_data' || !this.covers(frame.payloadType)) {
      return frame;
    }
    return { ...frame, payload: await this.secrecy.open(frame.payload, this.binding(frame)) };
  }

  private covers(payloadType: number): boolean {
    return OF_BOTH.has(payloadType) || (this.isBound && !NEVER.has(payloadType));
  }

  private binding({ payloadType, sequence }: Frame): { payloadType: number; sequence: number } | undefined {
    return this.isBound ? { payloadType, sequence } : undefined;
  }
}
