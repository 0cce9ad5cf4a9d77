// Who is signed in, and signing in and out.

import { post } from './call';

export interface Identity {
  readonly arn: string;
  readonly name: string;
  readonly account: string;
  readonly region: string;
  readonly endpoint: string;
  /** Milliseconds since the epoch. */
  readonly expires: number;
}

export interface Proof {
  readonly authorization: string;
  readonly date: string;
  readonly nonce: string;
  readonly sessionToken?: string;
}

export function identity(): Promise<Identity> {
  return post('session', '{}');
}

export function signOut(): Promise<void> {
  return post('sign-out', '{}');
}

export function signInByLink(token: string): Promise<void> {
  return post('sign-in/link', JSON.stringify({ token }));
}

export function nonce(): Promise<{ readonly nonce: string; readonly region: string }> {
  return post('sign-in/nonce', '{}');
}

export function signInByProof(proof: Proof): Promise<void> {
  return post('sign-in/key', JSON.stringify(proof));
}
