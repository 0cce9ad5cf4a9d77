// The node's end of an encrypted session, as crates/wire has it (encryption.rs, encryption/challenge.rs).

import type { Frame } from '../../src/terminal/frame';

type Bytes = Uint8Array<ArrayBuffer>;

export const DATA_KEY: Bytes = Uint8Array.from({ length: 64 }, (_, at) => at);

const utf8 = new TextEncoder();
const HMAC = { name: 'HMAC', hash: 'SHA-256' };

function place(direction: 1 | 2, payloadType: number, sequence: number): Bytes {
  const bytes = new DataView(new ArrayBuffer(19));
  utf8.encodeInto('usher1', new Uint8Array(bytes.buffer));
  bytes.setUint8(6, direction);
  bytes.setUint32(7, payloadType);
  bytes.setBigInt64(11, BigInt(sequence));
  return new Uint8Array(bytes.buffer);
}

export class Agent {
  private asked: Bytes = new Uint8Array();

  private constructor(
    private readonly outbound: CryptoKey,
    private readonly inbound: CryptoKey,
    private readonly signing: CryptoKey,
  ) {}

  static async with(key: Bytes): Promise<Agent> {
    const [first, second] = [key.slice(0, 32), key.slice(32)];
    return new Agent(
      await crypto.subtle.importKey('raw', first, 'AES-GCM', false, ['encrypt']),
      await crypto.subtle.importKey('raw', second, 'AES-GCM', false, ['decrypt']),
      await crypto.subtle.importKey('raw', first, HMAC, false, ['sign']),
    );
  }

  /** The challenge for a handshake request, as it is sent. */
  async challenge(request: string): Promise<string> {
    const random = crypto.getRandomValues(new Uint8Array(16));
    const mark = (await this.sign(utf8.encode('usher1 mark'), random)).slice(0, 16);
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', utf8.encode(request)));
    const signature = await this.sign(utf8.encode('usher1'), random, mark, digest);
    this.asked = Uint8Array.from([...random, ...mark, ...signature]);
    const sealed = await this.encrypt(this.asked, new Uint8Array());
    return JSON.stringify({ Challenge: btoa(String.fromCharCode(...sealed)) });
  }

  /** Fails unless the client sent back what it was asked. */
  async checks(answer: string): Promise<void> {
    const { Challenge } = JSON.parse(answer) as { Challenge: string };
    const sealed = Uint8Array.from(atob(Challenge), (letter) => letter.charCodeAt(0));
    const opened = await this.decrypt(sealed, new Uint8Array());
    if (opened.join() !== this.asked.join()) {
      throw new Error('another challenge was answered');
    }
  }

  seal(payloadType: number, sequence: number, text: string, nonce?: Bytes): Promise<Bytes> {
    return this.encrypt(utf8.encode(text), place(1, payloadType, sequence), nonce);
  }

  async open(frame: Frame | undefined): Promise<string> {
    if (frame === undefined) {
      throw new Error('there is no frame');
    }
    const opened = await this.decrypt(frame.payload, place(2, frame.payloadType, frame.sequence));
    return new TextDecoder().decode(opened);
  }

  private async encrypt(
    plain: Bytes,
    additionalData: Bytes,
    iv: Bytes = crypto.getRandomValues(new Uint8Array(12)),
  ): Promise<Bytes> {
    const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData }, this.outbound, plain);
    return Uint8Array.from([...iv, ...new Uint8Array(sealed)]);
  }

  private async decrypt(sealed: Bytes, additionalData: Bytes): Promise<Bytes> {
    const iv = sealed.slice(0, 12);
    return new Uint8Array(
      await crypto.subtle.decrypt({ name: 'AES-GCM', iv, additionalData }, this.inbound, sealed.slice(12)),
    );
  }

  private async sign(...parts: readonly Uint8Array[]): Promise<Uint8Array> {
    const text = Uint8Array.from(parts.flatMap((part) => [...part]));
    return new Uint8Array(await crypto.subtle.sign('HMAC', this.signing, text));
  }
}
