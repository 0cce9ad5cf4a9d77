// What the person may do, asked beforehand. Questions of one moment travel together.

import { post } from './call';

/** What an action can be asked about; a policy by its ARN. */
type Subject = 'document' | 'node' | 'user' | 'role' | 'group' | 'policy' | 'session' | 'key' | 'logGroup';

export interface Question {
  readonly action: string;
  readonly on?: { readonly [kind in Subject]?: string };
}

export function permissions(questions: readonly Question[]): Promise<boolean[]> {
  const asked = questions.map(({ action, on }) => ({ action, on: on ?? 'any' }));
  return post('permissions', JSON.stringify(asked));
}
