// A person's doings at the terminal in the browser.

import type { Page } from '@playwright/test';
import type { Say } from './fixtures';

/** What the terminal shows. */
export async function screen(page: Page): Promise<string> {
  return page.locator('.xterm-accessibility-tree').innerText();
}

/** Starts a session on the first node, from the page of sessions. */
export async function startSession(page: Page, say: Say, reason: string): Promise<void> {
  const start = say('Start session', 'セッションの開始');
  await page.getByRole('button', { name: start }).click();
  await page.getByRole('textbox', { name: say('Reason', '理由') }).fill(reason);
  await page.getByRole('radio').first().check();
  await page.getByRole('button', { name: start }).click();
}
