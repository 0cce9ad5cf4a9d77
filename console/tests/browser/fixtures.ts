// What a test gets: a server of its own, and the labels a person of this language reads.

import { test as base } from '@playwright/test';
import { aws, Usher } from './usher';

export type Say = (english: string, japanese: string) => string;

interface Given {
  readonly usher: Usher;
  readonly language: 'en' | 'ja';
  /** The first text in English, the second in Japanese. */
  readonly say: Say;
}

export const test = base.extend<Given>({
  usher: async ({}, use) => {
    const usher = await Usher.start({ agent: false });
    await use(usher);
    await usher.stop();
  },
  language: async ({ locale }, use) => {
    await use(locale?.startsWith('ja') === true ? 'ja' : 'en');
  },
  say: async ({ language }, use) => {
    await use((english, japanese) => (language === 'ja' ? japanese : english));
  },
});

export { expect } from '@playwright/test';

/** Skips a test, saying so, where the aws command is missing. */
export function needsAws(): void {
  test.skip(aws() === undefined, 'the aws command is not installed');
}
