// As whom somebody's session would run, by which rule, and what a node says to that: asked, without starting anything.

import { post } from './call';

export interface Explanation {
  readonly Principal: string;
  readonly Rule: string;
  readonly Decision: 'RunAs' | 'SsmUser' | 'Refused';
  readonly OsUser?: string;
  readonly Reason?: string;
  readonly Node?: { readonly Decision: 'Accepted' | 'Refused' | 'Unknown'; readonly Reason?: string };
}

export function explainRunAs(principal: string, target: string): Promise<Explanation> {
  return post('api/ssm/ExplainRunAs', JSON.stringify({ Principal: principal, Target: target }));
}
