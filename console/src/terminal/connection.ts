// Carries a channel over WebSockets: opens, opens again after a loss with a fresh token, and sends what is due, in order.

import { resumeSession, terminateSession } from '../api/ssm';
import { refusedBy } from '../shell/loaded';
import { Channel, type Size } from './channel';
import { Conversation, type Event, type NewKey } from './conversation';
import { decode, encode } from './frame';
import { type Doubt, Mistrust } from './mistrust';

export type State = 'connecting' | 'connected' | 'reconnecting' | 'over';

interface Told {
  readonly event: (event: Event) => void;
  readonly state: (state: State) => void;
}

/** Pauses before the next try; the last one repeats. */
const PAUSES_MS = [0, 500, 1000, 2000, 4000, 8000];
/** Silence after which what is not acknowledged goes out again. */
const REPEAT_MS = 2000;

export class Connection {
  private readonly channel: Channel;
  private readonly conversation: Conversation;
  private readonly clientId = crypto.randomUUID();
  private socket: WebSocket | undefined;
  private failures = 0;
  private isOver = false;
  private timer: ReturnType<typeof setTimeout> | undefined;
  /** Frames are read and written one after the other: digests take their time, and order must be kept. */
  private reading: Promise<void> = Promise.resolve();
  private writing: Promise<void> = Promise.resolve();
  private repeatTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly sessionId: string,
    private token: string | undefined,
    size: Size,
    newKey: NewKey,
    private readonly told: Told,
  ) {
    this.channel = new Channel(size, () => crypto.randomUUID());
    this.conversation = new Conversation(this.channel, newKey, told.event);
    void this.open();
  }

  type(input: Uint8Array): void {
    this.channel.type(input);
    this.settle();
  }

  resize(size: Size): void {
    this.channel.resize(size);
    this.settle();
  }

  /** Leaves; the session goes on without us. */
  leave(): void {
    this.isOver = true;
    clearTimeout(this.timer);
    clearTimeout(this.repeatTimer);
    this.socket?.close();
  }

  private async open(): Promise<void> {
    this.told.state(this.failures === 0 ? 'connecting' : 'reconnecting');
    let token = this.token;
    this.token = undefined;
    if (token === undefined) {
      try {
        token = (await resumeSession(this.sessionId)).TokenValue;
        if (token === undefined) {
          this.end({ kind: 'closed', reason: '' });
          return;
        }
      } catch (error) {
        this.refused(error);
        return;
      }
    }
    if (!this.isOver) {
      this.dial(token);
    }
  }

  private dial(token: string): void {
    const scheme = window.location.protocol === 'https:' ? 'wss' : 'ws';
    const session = encodeURIComponent(this.sessionId);
    const socket = new WebSocket(`${scheme}://${window.location.host}/console/data-channel/${session}`);
    socket.binaryType = 'arraybuffer';
    this.socket = socket;
    socket.onopen = () => {
      const open = {
        MessageSchemaVersion: '1.0',
        RequestId: crypto.randomUUID(),
        TokenValue: token,
        ClientId: this.clientId,
        ClientVersion: '1.2.900.0',
      };
      socket.send(JSON.stringify(open));
      this.failures = 0;
      this.told.state('connected');
      this.channel.connected();
      this.settle();
    };
    socket.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (data instanceof ArrayBuffer) {
        this.reading = this.reading.then(() => this.read(data));
      }
    };
    socket.onclose = () => {
      // What was read before the end is still on its way through.
      this.reading = this.reading.then(() => this.lost(socket));
    };
  }

  private async read(message: ArrayBuffer): Promise<void> {
    const frame = await decode(message);
    if (frame === undefined || this.isOver) {
      return;
    }
    this.channel.arrived(frame);
    try {
      await this.conversation.hear();
    } catch (error) {
      this.mistrusts(error instanceof Mistrust ? error.doubt : 'senseless');
      return;
    }
    this.settle();
  }

  private settle(): void {
    const { closedBecause } = this.channel;
    if (closedBecause !== undefined) {
      this.end({ kind: 'closed', reason: closedBecause });
      return;
    }
    const socket = this.socket;
    if (socket?.readyState !== WebSocket.OPEN) {
      return;
    }
    for (const frame of this.channel.takeFrames()) {
      this.writing = this.writing.then(async () => {
        const bytes = await encode(await this.conversation.sealed(frame), Date.now());
        if (socket.readyState === WebSocket.OPEN) {
          socket.send(bytes);
        }
      });
    }
    this.watch();
  }

  /** Sends again what stays unacknowledged. */
  private watch(): void {
    clearTimeout(this.repeatTimer);
    if (this.channel.owes) {
      this.repeatTimer = setTimeout(() => {
        this.channel.repeat();
        this.settle();
      }, REPEAT_MS);
    }
  }

  private lost(socket: WebSocket): void {
    if (this.isOver || socket !== this.socket) {
      return;
    }
    this.again();
  }

  private refused(error: unknown): void {
    // A refusal will not change its mind; an unreachable server may.
    if (error instanceof TypeError) {
      this.again();
    } else {
      this.end({ kind: 'closed', reason: refusedBy(error).message });
    }
  }

  private again(): void {
    this.told.state('reconnecting');
    const pause = PAUSES_MS[Math.min(this.failures, PAUSES_MS.length - 1)] ?? 0;
    this.failures += 1;
    this.timer = setTimeout(() => void this.open(), pause);
  }

  /** What is not believed is over on the node as well, as far as we may end it. */
  private mistrusts(doubt: Doubt): void {
    this.end({ kind: 'mistrusted', doubt });
    terminateSession(this.sessionId).catch(() => undefined);
  }

  private end(event: Event): void {
    if (this.isOver) {
      return;
    }
    this.leave();
    this.told.event(event);
    this.told.state('over');
  }
}
