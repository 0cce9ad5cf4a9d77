// Has KMS make a session's data key, bound by its encryption context to this session on this node.

import { dataKey } from '../api/kms';
import { session } from '../api/ssm';
import type { NewKey } from './conversation';

/** `node` is the node's id, where the page knows it already. */
export function keyMaker(sessionId: string, node: string | undefined): NewKey {
  return async ({ keyId, challenge }) => {
    const made = await dataKey(keyId, {
      'aws:ssm:SessionId': sessionId,
      'aws:ssm:TargetId': node ?? (await session(sessionId)).Target,
      ...(challenge === undefined ? {} : { 'aws:ssm:RandomChallenge': challenge }),
    });
    const plaintext = Uint8Array.from(atob(made.Plaintext), (letter) => letter.charCodeAt(0));
    return { plaintext, ciphertext: made.CiphertextBlob };
  };
}
