// Proves an access key without showing it: signs a GetCallerIdentity for this host with the server's nonce (SigV4).
// The secret is used here and goes nowhere.

import type { Proof } from '../api/identity';

export interface AccessKey {
  readonly id: string;
  readonly secret: string;
  readonly sessionToken: string;
}

export interface Occasion {
  readonly host: string;
  readonly region: string;
  readonly nonce: string;
  readonly now: Date;
}

const ALGORITHM = 'AWS4-HMAC-SHA256';
const BODY = 'Action=GetCallerIdentity&Version=2011-06-15';
const FORM = 'application/x-www-form-urlencoded; charset=utf-8';

const utf8 = new TextEncoder();

function hex(bytes: ArrayBuffer): string {
  return Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

async function sha256(text: string): Promise<string> {
  return hex(await crypto.subtle.digest('SHA-256', utf8.encode(text)));
}

async function hmac(key: BufferSource, text: string): Promise<ArrayBuffer> {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  const imported = await crypto.subtle.importKey('raw', key, algorithm, false, ['sign']);
  return crypto.subtle.sign('HMAC', imported, utf8.encode(text));
}

/** The proof to post. */
export async function prove(key: AccessKey, { host, region, nonce, now }: Occasion): Promise<Proof> {
  const date = now.toISOString().replace(/[-:]|\.\d+/g, '');
  const day = date.slice(0, 8);
  const headers: [string, string][] = [
    ['content-type', FORM],
    ['host', host],
    ['x-amz-date', date],
    ...(key.sessionToken === '' ? [] : [['x-amz-security-token', key.sessionToken] as [string, string]]),
    ['x-amz-usher-nonce', nonce],
  ];
  const names = headers.map(([name]) => name).join(';');
  const lines = headers.map(([name, value]) => `${name}:${value}\n`).join('');
  const request = ['POST', '/', '', lines, names, await sha256(BODY)].join('\n');
  const scope = `${day}/${region}/sts/aws4_request`;
  const toSign = [ALGORITHM, date, scope, await sha256(request)].join('\n');
  let secret: BufferSource = utf8.encode(`AWS4${key.secret}`);
  for (const part of [day, region, 'sts', 'aws4_request']) {
    secret = await hmac(secret, part);
  }
  const signature = hex(await hmac(secret, toSign));
  return {
    authorization: `${ALGORITHM} Credential=${key.id}/${scope}, SignedHeaders=${names}, Signature=${signature}`,
    date,
    nonce,
    ...(key.sessionToken === '' ? {} : { sessionToken: key.sessionToken }),
  };
}
