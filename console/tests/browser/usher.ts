// A whole Usher for one test: `usher dev` in a directory of its own, and the aws command against it.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const PROGRAMS = process.env.USHER_PROGRAMS ?? '../target/debug';
const READY = /console, signed in as admin .*: (http\S+)/;

/** Where the aws command is, if it is anywhere. */
export function aws(): string | undefined {
  const places = [join(PROGRAMS, '../venv'), join(homedir(), '.cache/usher/target/venv')];
  return places.map((place) => join(place, 'bin/aws')).find((path) => existsSync(path));
}

export class Usher {
  private constructor(
    private readonly process: ChildProcess,
    private readonly directory: string,
    /** Signs in as the administrator, once. */
    readonly link: string,
  ) {}

  static async start(options: { agent: boolean }): Promise<Usher> {
    const directory = mkdtempSync(join(tmpdir(), 'ushertest-console-'));
    const words = ['dev', '--listen', '127.0.0.1:0', '--data-dir', join(directory, 'data')];
    // Whoever runs the tests, it is plain root's or an ordinary user's server, never that of who called sudo.
    const { SUDO_USER: _, ...env } = process.env;
    const usher = spawn(join(PROGRAMS, 'usher'), options.agent ? words : [...words, '--no-agent'], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env,
    });
    const said: string[] = [];
    for await (const line of createInterface({ input: usher.stderr })) {
      said.push(line);
      const ready = READY.exec(line);
      if (ready?.[1] !== undefined) {
        usher.stderr.resume();
        return new Usher(usher, directory, ready[1]);
      }
    }
    throw new Error(`usher dev did not become ready:\n${said.join('\n')}`);
  }

  get origin(): string {
    return new URL(this.link).origin;
  }

  /** The variables of `env.sh`. */
  environment(): Record<string, string> {
    const text = readFileSync(join(this.directory, 'data/env.sh'), 'utf8');
    const lines = text.matchAll(/^export (\w+)='?([^'\n]*)'?$/gm);
    return Object.fromEntries([...lines].map(([, name, value]) => [name, value]));
  }

  /** What the aws command prints, read as JSON. */
  aws(...words: string[]): unknown {
    const { PATH: _, ...ours } = this.environment();
    const command = aws();
    if (command === undefined) {
      throw new Error('the aws command is not there');
    }
    const env = { HOME: this.directory, PATH: process.env.PATH, ...ours };
    const output = execFileSync(command, [...words, '--output', 'json'], { env, encoding: 'utf8' });
    return output.trim() === '' ? undefined : JSON.parse(output);
  }

  /** A fresh link, as a person gets one. */
  login(): string {
    const { PATH: _, ...ours } = this.environment();
    const env = { HOME: this.directory, PATH: process.env.PATH, ...ours };
    const words = ['login', '--console'];
    return execFileSync(join(PROGRAMS, 'usher'), words, { env, encoding: 'utf8', stdio: 'pipe' }).trim();
  }

  async stop(): Promise<void> {
    if (this.process.exitCode === null) {
      this.process.kill('SIGTERM');
      await once(this.process, 'exit');
    }
    rmSync(this.directory, { recursive: true, force: true });
  }
}
