// Tokens on their way from StartSession to the terminal's page. They live in this page's memory and are taken once.

import type { Opened } from '../api/ssm';

const waiting = new Map<string, string>();

export function keepToken({ SessionId, TokenValue }: Opened): void {
  if (TokenValue !== undefined) {
    waiting.set(SessionId, TokenValue);
  }
}

export function takeToken(sessionId: string): string | undefined {
  const token = waiting.get(sessionId);
  waiting.delete(sessionId);
  return token;
}
