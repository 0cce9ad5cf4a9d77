// The client's end of a session's stream, without socket or clock: what arrives goes in, and what is in turn comes out.
//
// Every payload is given out once and in order; what was sent is kept until it is acknowledged and goes out again when a
// connection is new or a while passed. What the payloads say is read elsewhere.

import { type Frame, PAYLOAD } from './frame';

export interface Size {
  readonly cols: number;
  readonly rows: number;
}

/** Frames ahead of the next one that are kept; more are left to be sent again. */
const EARLY = 1024;
/** Bytes of one input frame, as AWS's programs have it. */
const INPUT = 1024;
/** Frames on their way at most; what is typed beyond waits in order. */
const IN_FLIGHT = 64;
const SYN_AND_FIN = 3;

const utf8 = new TextEncoder();
const text = new TextDecoder();

interface Waiting {
  readonly payloadType: number;
  readonly payload: Uint8Array<ArrayBuffer>;
}

/** As the wire carries it. */
export function json(value: unknown): Uint8Array<ArrayBuffer> {
  return utf8.encode(JSON.stringify(value));
}

export class Channel {
  private nextIn = 0;
  private nextOut = 0;
  private started = false;
  private paused = false;
  private over = false;
  private readonly early = new Map<number, Frame>();
  private readonly unacknowledged = new Map<number, Frame>();
  private waiting: Waiting[] = [];
  private outgoing: Frame[] = [];
  private arrivals: Frame[] = [];
  private reason: string | undefined;

  constructor(
    /** Of the window. */
    public size: Size,
    private readonly freshId: () => string,
  ) {}

  /** A frame has arrived. */
  arrived(frame: Frame): void {
    if (this.over) {
      return;
    }
    switch (frame.messageType) {
      case 'acknowledge':
        this.acknowledged(frame);
        break;
      case 'channel_closed':
        this.closed(frame);
        break;
      case 'pause_publication':
        this.paused = true;
        break;
      case 'start_publication':
        this.connected();
        break;
      case 'output_stream_data':
        this.stream(frame);
        break;
      default:
        break;
    }
  }

  /** A connection carries the channel, perhaps another one: what is not acknowledged goes out again, in order. */
  connected(): void {
    this.paused = false;
    this.repeat();
  }

  /** Sends everything unacknowledged again. */
  repeat(): void {
    this.outgoing = [...this.outgoing.filter(({ messageType }) => messageType === 'acknowledge'), ...this.unacknowledged.values()];
  }

  /** What was typed or pasted. */
  type(input: Uint8Array): void {
    for (let at = 0; at < input.length; at += INPUT) {
      this.waiting.push({ payloadType: PAYLOAD.output, payload: input.slice(at, at + INPUT) });
    }
  }

  /** The window has another size. Of sizes that still wait only the newest counts. */
  resize(size: Size): void {
    this.size = size;
    if (this.started) {
      this.waiting = this.waiting.filter(({ payloadType }) => payloadType !== PAYLOAD.size);
      this.waiting.unshift({ payloadType: PAYLOAD.size, payload: json(size) });
    }
  }

  /** Whether something was sent that the other end has not confirmed. */
  get owes(): boolean {
    return this.unacknowledged.size > 0;
  }

  /** What is to be sent now. */
  takeFrames(): Frame[] {
    while (this.started && !this.paused && this.waiting.length > 0 && this.unacknowledged.size < IN_FLIGHT) {
      const next = this.waiting.shift();
      if (next !== undefined) {
        this.send(next);
      }
    }
    const frames = this.paused
      ? this.outgoing.filter(({ messageType }) => messageType === 'acknowledge')
      : this.outgoing;
    this.outgoing = this.outgoing.filter((frame) => !frames.includes(frame));
    return frames;
  }

  /** What has arrived and is in turn. */
  takeArrivals(): Frame[] {
    const arrivals = this.arrivals;
    this.arrivals = [];
    return arrivals;
  }

  /** Why the other end closed the session, once it did. */
  get closedBecause(): string | undefined {
    return this.reason;
  }

  /** Whether the shell is there: what was typed goes out. */
  get hasStarted(): boolean {
    return this.started;
  }

  begin(): void {
    this.started = true;
    this.resize(this.size);
  }

  /** Sends a payload now, ahead of what waits for the shell. */
  send({ payloadType, payload }: Waiting): void {
    const frame: Frame = {
      messageType: 'input_stream_data',
      sequence: this.nextOut,
      flags: 0,
      messageId: this.freshId(),
      payloadType,
      payload,
    };
    this.nextOut += 1;
    this.unacknowledged.set(frame.sequence, frame);
    this.outgoing.push(frame);
  }

  private acknowledged(frame: Frame): void {
    try {
      const { AcknowledgedMessageSequenceNumber: number } = JSON.parse(text.decode(frame.payload)) as {
        AcknowledgedMessageSequenceNumber?: unknown;
      };
      if (typeof number === 'number') {
        this.unacknowledged.delete(number);
      }
    } catch {
      // Not an acknowledgement: what it was to confirm is sent again.
    }
  }

  private closed(frame: Frame): void {
    let reason = '';
    try {
      const { Output } = JSON.parse(text.decode(frame.payload)) as { Output?: unknown };
      reason = typeof Output === 'string' ? Output : '';
    } catch {
      // Closed without a word.
    }
    this.over = true;
    this.reason = reason;
  }

  private stream(frame: Frame): void {
    this.paused = false;
    if (frame.sequence > this.nextIn) {
      if (this.early.size < EARLY && frame.sequence - this.nextIn <= EARLY) {
        this.early.set(frame.sequence, frame);
        this.acknowledge(frame);
      }
      return;
    }
    this.acknowledge(frame);
    let next: Frame | undefined = frame.sequence === this.nextIn ? frame : undefined;
    while (next !== undefined) {
      this.nextIn += 1;
      this.arrivals.push(next);
      next = this.early.get(this.nextIn);
      this.early.delete(this.nextIn);
    }
  }

  private acknowledge({ messageType, messageId, sequence }: Frame): void {
    const payload = json({
      AcknowledgedMessageType: messageType,
      AcknowledgedMessageId: messageId,
      AcknowledgedMessageSequenceNumber: sequence,
      IsSequentialMessage: true,
    });
    this.outgoing.push({
      messageType: 'acknowledge',
      sequence: 0,
      flags: SYN_AND_FIN,
      messageId: this.freshId(),
      payloadType: PAYLOAD.undefined,
      payload,
    });
  }
}
