// What the payloads of a session say, one after the other: the handshake, the agreement on a key where KMS encrypts, and
// then the shell. It behaves as AWS's own client with our extra member in the handshake.
//
// Between "a key was asked for" and both proofs of it nothing opens and nothing is shown, and there is no way back.

import { type Channel, json } from './channel';
import { type Frame, PAYLOAD } from './frame';
import { type DataKey, type KeyWish, readRequest, response, unknownActions } from './handshake';
import { type Doubt, Mistrust } from './mistrust';
import { Seals } from './seals';
import { Secrecy } from './secrecy';

export type Event =
  | { readonly kind: 'started'; readonly message: string }
  | { readonly kind: 'output'; readonly bytes: Uint8Array }
  | { readonly kind: 'exit'; readonly code: string }
  | { readonly kind: 'closed'; readonly reason: string }
  | { readonly kind: 'unsupported'; readonly action: string }
  | { readonly kind: 'keyless'; readonly reason: string }
  | { readonly kind: 'mistrusted'; readonly doubt: Doubt };

/** Has KMS make a data key for the session. */
export type NewKey = (wish: KeyWish) => Promise<DataKey>;

/** How far a key is agreed. */
type Agreement =
  | { readonly stage: 'plain' }
  | { readonly stage: 'keyless' }
  | { readonly stage: 'offered'; readonly secrecy: Secrecy; readonly request: Uint8Array<ArrayBuffer>; readonly announced: boolean }
  | { readonly stage: 'sealed'; readonly seals: Seals };

const text = new TextDecoder();

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}

function base64Of(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

export class Conversation {
  private agreement: Agreement = { stage: 'plain' };

  constructor(
    private readonly channel: Channel,
    private readonly newKey: NewKey,
    private readonly tell: (event: Event) => void,
  ) {}

  /** Hears all that has come and is in turn. Fails with `Mistrust`, or with another error for what makes no sense. */
  async hear(): Promise<void> {
    for (const frame of this.channel.takeArrivals()) {
      await this.deliver(await this.opened(frame));
    }
  }

  /** The frame as it goes over the wire. */
  async sealed(frame: Frame): Promise<Frame> {
    return this.agreement.stage === 'sealed' ? this.agreement.seals.seal(frame) : frame;
  }

  private async opened(frame: Frame): Promise<Frame> {
    return this.agreement.stage === 'sealed' ? this.agreement.seals.open(frame) : frame;
  }

  private async deliver({ payloadType, payload }: Frame): Promise<void> {
    switch (payloadType) {
      case PAYLOAD.handshakeRequest:
        await this.answer(payload);
        break;
      case PAYLOAD.challengeRequest:
        await this.prove(payload);
        break;
      case PAYLOAD.handshakeComplete:
        this.complete(payload);
        break;
      case PAYLOAD.output:
      case PAYLOAD.stdErr:
        if (!this.channel.hasStarted) {
          // An agent that does not handshake: its first output says that the shell is there.
          this.begin('');
        }
        this.tell({ kind: 'output', bytes: payload });
        break;
      case PAYLOAD.exitCode:
        this.tell({ kind: 'exit', code: text.decode(payload) });
        break;
      default:
        break;
    }
  }

  private async answer(payload: Uint8Array<ArrayBuffer>): Promise<void> {
    const request = readRequest(payload);
    for (const action of unknownActions(request)) {
      this.tell({ kind: 'unsupported', action });
    }
    const key = request.wish && (await this.keyFor(request.wish));
    if (key !== undefined && 'plaintext' in key) {
      const secrecy = await Secrecy.of(key.plaintext);
      key.plaintext.fill(0);
      this.agreement = { stage: 'offered', secrecy, request: payload, announced: request.announced };
    }
    this.channel.send({ payloadType: PAYLOAD.handshakeResponse, payload: response(request, this.channel.size, key) });
  }

  private async keyFor(wish: KeyWish): Promise<DataKey | { readonly refusal: string }> {
    try {
      return await this.newKey(wish);
    } catch (error) {
      const refusal = error instanceof Error ? error.message : String(error);
      this.agreement = { stage: 'keyless' };
      this.tell({ kind: 'keyless', reason: refusal });
      return { refusal };
    }
  }

  /** The agent proves that it could decrypt the key, and whose agent it is; the same goes back under our key. */
  private async prove(payload: Uint8Array): Promise<void> {
    if (this.agreement.stage !== 'offered') {
      return;
    }
    const { secrecy, request, announced } = this.agreement;
    const { Challenge } = JSON.parse(text.decode(payload)) as { readonly Challenge: string };
    const challenge = await secrecy.open(bytesOf(Challenge));
    const isUshers = await secrecy.isUshers(challenge, request, announced);
    const answer = json({ Challenge: base64Of(await secrecy.seal(challenge)) });
    this.channel.send({ payloadType: PAYLOAD.challengeResponse, payload: answer });
    this.agreement = { stage: 'sealed', seals: new Seals(secrecy, isUshers) };
  }

  private complete(payload: Uint8Array): void {
    const { CustomerMessage } = JSON.parse(text.decode(payload)) as { CustomerMessage?: unknown };
    this.begin(typeof CustomerMessage === 'string' ? CustomerMessage : '');
  }

  private begin(message: string): void {
    if (this.agreement.stage === 'offered' || this.agreement.stage === 'keyless') {
      throw new Mistrust('notEncrypted');
    }
    this.channel.begin();
    this.tell({ kind: 'started', message });
  }
}
