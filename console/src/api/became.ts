// Who became whom: which OS user a session runs as, and the rule that chose it.

import { post } from './call';

export interface Became {
  readonly sessionId: string;
  readonly osUser: string;
  readonly rule: string;
}

export async function became(sessionIds: readonly string[]): Promise<ReadonlyMap<string, Became>> {
  if (sessionIds.length === 0) {
    return new Map();
  }
  const all: Became[] = await post('became', JSON.stringify({ sessionIds }));
  return new Map(all.map((one) => [one.sessionId, one]));
}
