// Encryption of a session's payloads under a data key of KMS, at the client's end.
//
// The first half of the data key encrypts from agent to client, the second from client to agent; a payload is nonce,
// ciphertext and tag. Between Usher's own ends it opens only as what it was sent as. No nonce is used or taken twice.

import { Mistrust } from './mistrust';

/** Bytes of a session's data key. */
const DATA_KEY = 64;
const HALF = DATA_KEY / 2;
const NONCE = 12;
const TAG = 16;
/** The random bytes of a challenge, the mark made of them, and then a signature. */
const RANDOM = 16;
const MARKED = 2 * RANDOM;
/** Nonces out of turn that are remembered. */
const MOST = 1 << 20;
const NONCES = 1n << 96n;

type Bytes = Uint8Array<ArrayBuffer>;

/** What a payload is bound to between Usher's own ends. */
export interface Binding {
  readonly payloadType: number;
  readonly sequence: number;
}

const utf8 = new TextEncoder();
const HMAC = { name: 'HMAC', hash: 'SHA-256' };

function joined(...parts: readonly Uint8Array[]): Bytes {
  const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Little endian, as AWS's agent counts. */
function numberOf(nonce: Uint8Array): bigint {
  return nonce.reduceRight((number, byte) => (number << 8n) | BigInt(byte), 0n);
}

function nonceOf(number: bigint): Bytes {
  return Uint8Array.from({ length: NONCE }, (_, at) => Number((number >> BigInt(8 * at)) & 0xffn));
}

function additionalData(direction: 1 | 2, binding: Binding | undefined): Bytes {
  if (binding === undefined) {
    return new Uint8Array();
  }
  const place = new DataView(new ArrayBuffer(12));
  place.setUint32(0, binding.payloadType);
  place.setBigInt64(4, BigInt(binding.sequence));
  return joined(utf8.encode('usher1'), Uint8Array.of(direction), new Uint8Array(place.buffer));
}

/** Which nonces have come: an unbroken run, and some out of turn. */
class SeenNonces {
  private first: bigint | undefined;
  private length = 0n;
  private readonly others = new Set<bigint>();

  admit(nonce: Uint8Array): void {
    const number = numberOf(nonce);
    this.first ??= number;
    const place = (number - this.first + NONCES) % NONCES;
    if (place < this.length || this.others.has(number) || this.others.size >= MOST) {
      throw new Mistrust('repeated');
    }
    if (place === this.length) {
      this.length += 1n;
    } else {
      this.others.add(number);
    }
  }
}

export class Secrecy {
  private readonly seen = new SeenNonces();

  private constructor(
    private readonly outbound: CryptoKey,
    private readonly inbound: CryptoKey,
    private readonly signing: CryptoKey,
    private nonce: bigint,
  ) {}

  /** Splits a data key. Fails for another length than 64 bytes. */
  static async of(dataKey: Bytes): Promise<Secrecy> {
    if (dataKey.length !== DATA_KEY) {
      throw new Mistrust('keyLength');
    }
    const first = dataKey.slice(0, HALF);
    const second = dataKey.slice(HALF);
    const [outbound, inbound, signing] = await Promise.all([
      crypto.subtle.importKey('raw', second, 'AES-GCM', false, ['encrypt']),
      crypto.subtle.importKey('raw', first, 'AES-GCM', false, ['decrypt']),
      crypto.subtle.importKey('raw', first, HMAC, false, ['sign']),
    ]);
    return new Secrecy(outbound, inbound, signing, numberOf(crypto.getRandomValues(new Uint8Array(NONCE))));
  }

  async seal(payload: Bytes, binding?: Binding): Promise<Bytes> {
    const iv = nonceOf(this.nonce);
    this.nonce = (this.nonce + 1n) % NONCES;
    const additional = additionalData(2, binding);
    const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData: additional }, this.outbound, payload);
    return joined(iv, new Uint8Array(sealed));
  }

  /** Fails for what was changed, moved, repeated, or is not of this key. */
  async open(sealed: Bytes, binding?: Binding): Promise<Bytes> {
    if (sealed.length < NONCE + TAG) {
      throw new Mistrust('cut');
    }
    const iv = sealed.slice(0, NONCE);
    const additional = additionalData(1, binding);
    const opened = await crypto.subtle
      .decrypt({ name: 'AES-GCM', iv, additionalData: additional }, this.inbound, sealed.slice(NONCE))
      .catch(() => {
        throw new Mistrust('forged');
      });
    this.seen.admit(iv);
    return new Uint8Array(opened);
  }

  /**
   * Whether Usher's agent made the challenge; else it is AWS's. Fails where the handshake request, whose bytes are
   * given, is not what the agent sent.
   */
  async isUshers(challenge: Bytes, request: Bytes, announced: boolean): Promise<boolean> {
    const marked = challenge.slice(0, MARKED);
    const mark = await this.sign(joined(utf8.encode('usher1 mark'), marked.slice(0, RANDOM)));
    const isMarked = challenge.length >= MARKED && marked.slice(RANDOM).every((byte, at) => byte === mark[at]);
    if (!isMarked && !announced) {
      return false;
    }
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', request));
    const signature = await this.sign(joined(utf8.encode('usher1'), marked, digest));
    const given = challenge.slice(MARKED);
    const isSigned = given.length === signature.length && given.every((byte, at) => byte === signature[at]);
    if (!isMarked || !isSigned || !announced) {
      throw new Mistrust('changedHandshake');
    }
    return true;
  }

  private async sign(text: Bytes): Promise<Uint8Array> {
    return new Uint8Array(await crypto.subtle.sign('HMAC', this.signing, text));
  }
}
