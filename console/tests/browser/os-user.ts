// An OS account for one test. Root makes a throwaway one; anybody else's server serves only them, and they are it.

import { execFileSync, spawnSync } from 'node:child_process';
import { userInfo } from 'node:os';

export interface OsUser {
  readonly name: string;
  readonly remove: () => void;
}

/** Held by every test that makes or removes accounts: `useradd` and its kin fail rather than wait for one another. */
const LOCK = '/run/lock/ushertest.lock';

let made = 0;

export function osUser(): OsUser {
  if (process.getuid?.() !== 0) {
    return { name: userInfo().username, remove: () => undefined };
  }
  // The form of all throwaway accounts: whoever clears away what a crash left sees by the process that it is in use.
  const name = `ushertest-${process.pid}-${(made += 1)}-web`;
  execFileSync('flock', [LOCK, 'useradd', '--create-home', '--shell', '/bin/bash', name]);
  // Forced, because processes of the session may still be ending; what userdel thinks of that is no test's affair.
  const remove = (): void => void spawnSync('flock', [LOCK, 'userdel', '--remove', '--force', name], { stdio: 'ignore' });
  return { name, remove };
}
