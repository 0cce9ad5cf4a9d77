// What StartSession gave, on its way to the terminal's page. It lives in this page's memory and is taken once.

import type { Opened } from '../api/ssm';

export interface Ticket {
  readonly token: string;
  /** The node's id. */
  readonly node: string;
}

const waiting = new Map<string, Ticket>();

export function keepTicket({ SessionId, TokenValue }: Opened, node: string): void {
  if (TokenValue !== undefined) {
    waiting.set(SessionId, { token: TokenValue, node });
  }
}

export function takeTicket(sessionId: string): Ticket | undefined {
  const ticket = waiting.get(sessionId);
  waiting.delete(sessionId);
  return ticket;
}
