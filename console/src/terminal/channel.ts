// The client's end of a session's stream, without socket or clock: what arrives goes in, frames and events come out.
//
// Every payload is delivered once and in order; what was sent is kept until it is acknowledged and goes out again when a
// connection is new or a while passed. It behaves as AWS's own client with our extra member in the handshake, by which
// the shell starts at the size of the window. KMS is not spoken here: a session that asks for it is ended with a word.

import { type Frame, PAYLOAD } from './frame';

export interface Size {
  readonly cols: number;
  readonly rows: number;
}

export type Event =
  | { readonly kind: 'started'; readonly message: string }
  | { readonly kind: 'output'; readonly bytes: Uint8Array }
  | { readonly kind: 'exit'; readonly code: string }
  | { readonly kind: 'closed'; readonly reason: string }
  | { readonly kind: 'unsupported'; readonly action: string };

/** Frames ahead of the next one that are kept; more are left to be sent again. */
const EARLY = 1024;
/** Bytes of one input frame, as AWS's programs have it. */
const INPUT = 1024;
/** Frames on their way at most; what is typed beyond waits in order. */
const IN_FLIGHT = 64;
const CLIENT_VERSION = '1.2.900.0';
const SYN_AND_FIN = 3;

const utf8 = new TextEncoder();
const text = new TextDecoder();

interface Action {
  readonly ActionType?: unknown;
}

interface Waiting {
  readonly payloadType: number;
  readonly payload: Uint8Array<ArrayBuffer>;
}

function json(value: unknown): Uint8Array<ArrayBuffer> {
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
  private events: Event[] = [];

  constructor(
    private size: Size,
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

  /** What has happened, in order. */
  takeEvents(): Event[] {
    const events = this.events;
    this.events = [];
    return events;
  }

  private send({ payloadType, payload }: Waiting): void {
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
    this.events.push({ kind: 'closed', reason });
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
      this.deliver(next);
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

  private deliver({ payloadType, payload }: Frame): void {
    switch (payloadType) {
      case PAYLOAD.handshakeRequest:
        this.answer(payload);
        break;
      case PAYLOAD.handshakeComplete:
        this.complete(payload);
        break;
      case PAYLOAD.output:
      case PAYLOAD.stdErr:
        if (!this.started) {
          // An agent that does not handshake: its first output says that the shell is there.
          this.begin('');
        }
        this.events.push({ kind: 'output', bytes: payload });
        break;
      case PAYLOAD.exitCode:
        this.events.push({ kind: 'exit', code: text.decode(payload) });
        break;
      default:
        break;
    }
  }

  private answer(payload: Uint8Array): void {
    const request = JSON.parse(text.decode(payload)) as {
      RequestedClientActions?: readonly Action[] | null;
      Usher?: unknown;
    };
    const processed = (request.RequestedClientActions ?? []).map(({ ActionType }) => {
      const type = String(ActionType);
      if (type === 'SessionType') {
        return { ActionType: type, ActionStatus: 1, ActionResult: null, Error: '' };
      }
      this.events.push({ kind: 'unsupported', action: type });
      return { ActionType: type, ActionStatus: 3, ActionResult: null, Error: `Unsupported action ${type}` };
    });
    const errors = processed.map(({ Error }) => Error).filter((error) => error !== '');
    const { cols, rows } = this.size;
    const usher = { Version: 1, Terminal: { Cols: cols, Rows: rows, Term: 'xterm-256color', Locale: { LANG: 'C.UTF-8' } } };
    this.send({
      payloadType: PAYLOAD.handshakeResponse,
      payload: json({
        ClientVersion: CLIENT_VERSION,
        ProcessedClientActions: processed,
        Errors: errors,
        ...(request.Usher === undefined ? {} : { Usher: usher }),
      }),
    });
  }

  private complete(payload: Uint8Array): void {
    const { CustomerMessage } = JSON.parse(text.decode(payload)) as { CustomerMessage?: unknown };
    this.begin(typeof CustomerMessage === 'string' ? CustomerMessage : '');
  }

  private begin(message: string): void {
    this.started = true;
    this.events.push({ kind: 'started', message });
    this.resize(this.size);
  }
}
