import { expect, test } from 'vitest';
import { prove } from '../../src/sign-in/proof';

const KEY = { id: 'AKIDEXAMPLE', secret: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY', sessionToken: '' };
const OCCASION = {
  host: '127.0.0.1:8480',
  region: 'usher-1',
  nonce: 'nonce',
  now: new Date('2026-11-22T18:00:00.123Z'),
};

test('the proof signs host and nonce, and holds no secret', async () => {
  const proof = await prove(KEY, OCCASION);
  expect(proof.date).toBe('20261122T180000Z');
  expect(proof.authorization).toContain('SignedHeaders=content-type;host;x-amz-date;x-amz-usher-nonce,');
  expect(JSON.stringify(proof)).not.toContain(KEY.secret);
});

test('another nonce, host or secret gives another signature', async () => {
  const signature = async (key: typeof KEY, occasion: typeof OCCASION): Promise<string> =>
    (await prove(key, occasion)).authorization.slice(-64);
  const signatures = await Promise.all([
    signature(KEY, OCCASION),
    signature(KEY, { ...OCCASION, nonce: 'other' }),
    signature(KEY, { ...OCCASION, host: 'localhost:8480' }),
    signature({ ...KEY, secret: 'other' }, OCCASION),
  ]);
  expect(new Set(signatures).size).toBe(4);
});

test('the token of temporary keys is signed along', async () => {
  const proof = await prove({ ...KEY, sessionToken: 'token' }, OCCASION);
  expect(proof.sessionToken).toBe('token');
  expect(proof.authorization).toContain('x-amz-security-token;x-amz-usher-nonce');
});
