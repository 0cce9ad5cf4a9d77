import { beforeEach, describe, expect, test } from 'vitest';
import { Channel } from '../../src/terminal/channel';
import { Conversation, type Event, type NewKey } from '../../src/terminal/conversation';
import { type Frame, PAYLOAD } from '../../src/terminal/frame';
import { Agent, DATA_KEY } from './agent';
import { inputs, freshId, output } from './frames';

const text = new TextDecoder();

const request = (...more: readonly object[]): string =>
  JSON.stringify({
    AgentVersion: '3.3.9999.0',
    RequestedClientActions: [{ ActionType: 'SessionType', ActionParameters: { SessionType: 'Standard_Stream' } }, ...more],
    Usher: { Version: 1 },
  });
const ENCRYPTED = request({ ActionType: 'KMSEncryption', ActionParameters: { KMSKeyId: 'alias/k', Challenge: 'c' } });
const COMPLETE = '{"CustomerMessage":"hi"}';

let channel: Channel;
let conversation: Conversation;
let events: Event[];
let sequence: number;

const kms: NewKey = async () => ({ plaintext: DATA_KEY.slice(), ciphertext: 'c2VhbGVk' });

function begin(newKey: NewKey): void {
  events = [];
  sequence = 0;
  channel = new Channel({ cols: 80, rows: 24 }, freshId);
  conversation = new Conversation(channel, newKey, (event) => events.push(event));
}

async function comes(payloadType: number, payload: string | Uint8Array<ArrayBuffer>): Promise<void> {
  channel.arrived(output(sequence, payloadType, payload));
  sequence += 1;
  await conversation.hear();
}

/** What went out, as it goes over the wire. */
async function sent(): Promise<Frame[]> {
  return Promise.all(inputs(channel.takeFrames()).map((frame) => conversation.sealed(frame)));
}

/** Past the challenge; `heard` is the handshake request as it reached the client. */
async function challenged(agent: Agent, heard = ENCRYPTED): Promise<void> {
  await comes(PAYLOAD.handshakeRequest, heard);
  await sent();
  await comes(PAYLOAD.challengeRequest, await agent.challenge(ENCRYPTED));
}

beforeEach(() => begin(kms));

test('the handshake is answered with the size of the window, and the shell starts', async () => {
  await comes(PAYLOAD.handshakeRequest, request());
  const [response] = await sent();
  expect(JSON.parse(text.decode(response?.payload))).toMatchObject({
    ProcessedClientActions: [{ ActionType: 'SessionType', ActionStatus: 1 }],
    Usher: { Terminal: { Cols: 80, Rows: 24 } },
  });
  await comes(PAYLOAD.handshakeComplete, COMPLETE);
  await comes(PAYLOAD.output, 'hello');
  expect(events).toEqual([
    { kind: 'started', message: 'hi' },
    { kind: 'output', bytes: new TextEncoder().encode('hello') },
  ]);
});

test('an action that nobody here knows is refused with a word, never silently left out', async () => {
  await comes(PAYLOAD.handshakeRequest, request({ ActionType: 'Dance' }));
  expect(events).toEqual([{ kind: 'unsupported', action: 'Dance' }]);
  expect(text.decode((await sent())[0]?.payload)).toContain('"ActionStatus":3');
});

describe('of a session that is to be secret', () => {
  const mistrusted = (doubt: string): object => expect.objectContaining({ doubt });

  test('nothing starts where KMS makes no key, whatever the node says', async () => {
    begin(async () => Promise.reject(new Error('You may not use the key.')));
    await comes(PAYLOAD.handshakeRequest, ENCRYPTED);
    expect(events).toEqual([{ kind: 'keyless', reason: 'You may not use the key.' }]);
    const answered = text.decode((await sent())[0]?.payload);
    expect(answered).toContain('"ActionStatus":2');
    expect(answered).toContain('You may not use the key.');
    await expect(comes(PAYLOAD.handshakeComplete, COMPLETE)).rejects.toEqual(mistrusted('notEncrypted'));
  });

  test('nothing starts without the proof of the node', async () => {
    await comes(PAYLOAD.handshakeRequest, ENCRYPTED);
    await expect(comes(PAYLOAD.output, 'plain')).rejects.toEqual(mistrusted('notEncrypted'));
    expect(events).toEqual([]);
  });

  test('a key of another length is none', async () => {
    begin(async () => ({ plaintext: new Uint8Array(32), ciphertext: 'eA==' }));
    await expect(comes(PAYLOAD.handshakeRequest, ENCRYPTED)).rejects.toEqual(mistrusted('keyLength'));
  });

  test('a challenge under another key is not believed', async () => {
    const stranger = await Agent.with(DATA_KEY.map((byte) => byte ^ 1));
    await expect(challenged(stranger)).rejects.toEqual(mistrusted('forged'));
  });

  test('a request that was changed on its way is found out', async () => {
    const agent = await Agent.with(DATA_KEY);
    await expect(challenged(agent, `${ENCRYPTED} `)).rejects.toEqual(mistrusted('changedHandshake'));
    begin(kms);
    const stripped = ENCRYPTED.replace(',"Usher":{"Version":1}', '');
    expect(stripped).not.toBe(ENCRYPTED);
    await expect(challenged(agent, stripped)).rejects.toEqual(mistrusted('changedHandshake'));
  });

  test('what was moved, repeated or cut ends it', async () => {
    const agent = await Agent.with(DATA_KEY);
    const opened = async (): Promise<void> => {
      begin(kms);
      await challenged(agent);
      await sent();
      await comes(PAYLOAD.handshakeComplete, await agent.seal(PAYLOAD.handshakeComplete, sequence, COMPLETE));
    };
    await opened();
    const elsewhere = await agent.seal(PAYLOAD.output, sequence + 1, 'moved');
    await expect(comes(PAYLOAD.output, elsewhere)).rejects.toEqual(mistrusted('forged'));
    await opened();
    await expect(comes(PAYLOAD.output, new Uint8Array(27))).rejects.toEqual(mistrusted('cut'));
    await opened();
    const nonce = await agent.seal(PAYLOAD.output, sequence, 'one');
    await comes(PAYLOAD.output, nonce);
    const again = await agent.seal(PAYLOAD.output, sequence, 'two', nonce.slice(0, 12));
    await expect(comes(PAYLOAD.output, again)).rejects.toEqual(mistrusted('repeated'));
  });

  test('both ends prove the key, and what is typed and shown is sealed, each frame once', async () => {
    const agent = await Agent.with(DATA_KEY);
    await challenged(agent);
    const [proof] = await sent();
    expect(proof?.payloadType).toBe(PAYLOAD.challengeResponse);
    await agent.checks(text.decode(proof?.payload));
    await comes(PAYLOAD.handshakeComplete, await agent.seal(PAYLOAD.handshakeComplete, sequence, COMPLETE));
    await comes(PAYLOAD.output, await agent.seal(PAYLOAD.output, sequence, 'secret'));
    expect(events.at(-1)).toEqual({ kind: 'output', bytes: new TextEncoder().encode('secret') });
    channel.type(new TextEncoder().encode('typed'));
    const before = await sent();
    const typed = before.find(({ payloadType }) => payloadType === PAYLOAD.output);
    expect(await agent.open(typed)).toBe('typed');
    // Another seal of the same text would be another frame under the same number.
    channel.connected();
    expect((await sent()).slice(-before.length)).toEqual(before);
  });
});
