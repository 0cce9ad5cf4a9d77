// What the person may do, asked beforehand. Questions of one moment travel together.

import { post } from './call';

export interface Question {
  readonly action: string;
  readonly on?: { readonly [kind in 'document' | 'node' | 'user' | 'role']?: string };
}

export function permissions(questions: readonly Question[]): Promise<boolean[]> {
  const asked = questions.map(({ action, on }) => ({ action, on: on ?? 'any' }));
  return post('permissions', JSON.stringify(asked));
}
