import { existsSync } from 'node:fs';
import { defineConfig } from '@playwright/test';

/** Debian's; nothing is downloaded. */
const CHROMIUM = process.env.USHER_CHROMIUM ?? '/usr/bin/chromium';

if (!existsSync(CHROMIUM)) {
  throw new Error(`${CHROMIUM} is missing: apt-get install chromium, or name another in USHER_CHROMIUM`);
}

export default defineConfig({
  testDir: 'tests/browser',
  outputDir: '../target/console-tests',
  // Limits are for what will never happen; a slow machine is not late.
  timeout: 600_000,
  expect: { timeout: 60_000 },
  workers: 1,
  reporter: [['list']],
  use: {
    actionTimeout: 60_000,
    launchOptions: { executablePath: CHROMIUM, args: ['--no-sandbox'] },
    screenshot: 'only-on-failure',
  },
  projects: [
    { name: 'English', use: { locale: 'en-US' } },
    { name: '日本語', use: { locale: 'ja-JP' } },
  ],
});
