// The handshake's messages: what an agent asks, and how this client answers. Pure; when they are sent is the
// conversation's affair.

import { json, type Size } from './channel';

const CLIENT_VERSION = '1.2.900.0';
const KMS = 'KMSEncryption';
const text = new TextDecoder();

/** What the agent wants a data key of. */
export interface KeyWish {
  readonly keyId: string;
  /** A text for the key's encryption context; older agents send none. */
  readonly challenge: string | undefined;
}

/** A data key, as KMS made it. */
export interface DataKey {
  readonly plaintext: Uint8Array<ArrayBuffer>;
  /** Base64, as KMS gave it and as the agent takes it. */
  readonly ciphertext: string;
}

interface Requested {
  readonly ActionType?: unknown;
  readonly ActionParameters?: { readonly KMSKeyId?: unknown; readonly Challenge?: unknown } | null;
}

export interface Request {
  readonly actions: readonly string[];
  /** Undefined where the session is not encrypted. */
  readonly wish: KeyWish | undefined;
  /** Whether the agent says that it is Usher's. */
  readonly announced: boolean;
}

/** Why there is no key, in a sentence for the agent. */
export interface NoKey {
  readonly refusal: string;
}

export function readRequest(payload: Uint8Array): Request {
  const { RequestedClientActions, Usher } = JSON.parse(text.decode(payload)) as {
    readonly RequestedClientActions?: readonly Requested[] | null;
    readonly Usher?: unknown;
  };
  const requested = RequestedClientActions ?? [];
  const encryption = requested.find(({ ActionType }) => ActionType === KMS);
  return {
    actions: requested.map(({ ActionType }) => String(ActionType)),
    wish: encryption && wish(encryption),
    announced: Usher !== undefined && Usher !== null,
  };
}

function wish({ ActionParameters }: Requested): KeyWish {
  const { KMSKeyId, Challenge } = ActionParameters ?? {};
  if (typeof KMSKeyId !== 'string') {
    throw new Error('The handshake names no key.');
  }
  return { keyId: KMSKeyId, challenge: typeof Challenge === 'string' ? Challenge : undefined };
}

/** Which actions this client does not know; a session that needs one does not start. */
export function unknownActions({ actions }: Request): string[] {
  return actions.filter((action) => action !== 'SessionType' && action !== KMS);
}

/** The answer; with our extra member the shell starts at the size of the window. */
export function response(request: Request, { cols, rows }: Size, key: DataKey | NoKey | undefined): Uint8Array<ArrayBuffer> {
  const processed = request.actions.map((action) => processedAction(action, request, key));
  const errors = processed.map(({ Error }) => Error).filter((error) => error !== '');
  const terminal = { Cols: cols, Rows: rows, Term: 'xterm-256color', Locale: { LANG: 'C.UTF-8' } };
  return json({
    ClientVersion: CLIENT_VERSION,
    ProcessedClientActions: processed,
    Errors: errors,
    ...(request.announced ? { Usher: { Version: 1, Terminal: terminal } } : {}),
  });
}

function processedAction(
  action: string,
  { wish }: Request,
  key: DataKey | NoKey | undefined,
): { ActionType: string; ActionStatus: number; ActionResult: unknown; Error: string } {
  if (action === 'SessionType') {
    return { ActionType: action, ActionStatus: 1, ActionResult: null, Error: '' };
  }
  if (action === KMS && key !== undefined && 'ciphertext' in key) {
    const result = {
      KMSCipherTextKey: key.ciphertext,
      KMSCipherTextHash: null,
      ChallengeAcknowledgement: wish?.challenge !== undefined,
    };
    return { ActionType: action, ActionStatus: 1, ActionResult: result, Error: '' };
  }
  if (action === KMS && key !== undefined && 'refusal' in key) {
    return { ActionType: action, ActionStatus: 2, ActionResult: null, Error: `Failed to process action ${KMS}: ${key.refusal}` };
  }
  return { ActionType: action, ActionStatus: 3, ActionResult: null, Error: `Unsupported action ${action}` };
}
