// Signing in as a person does, and what is refused.

import { expect, test } from './fixtures';

test('a link signs in once, and is gone from the address', async ({ page, usher, say, browser }) => {
  await page.goto(usher.link);
  await expect(page.getByRole('heading', { name: 'Session Manager' })).toBeVisible();
  expect(page.url()).not.toContain('link=');

  const other = await browser.newPage();
  await other.goto(usher.link);
  await expect(other.getByText(say('The sign-in link is not valid', 'サインインリンクが無効です'))).toBeVisible();
  await other.goto('about:blank');
  await other.goto(usher.login());
  await expect(other.getByRole('heading', { name: 'Session Manager' })).toBeVisible();
  await other.close();

  await page.getByRole('button', { name: /^admin/ }).click();
  await page.getByRole('menuitem', { name: say('Sign out', 'サインアウト') }).click();
  await expect(page.getByRole('button', { name: say('Sign in', 'サインイン') })).toBeVisible();
});

test('an access key signs in and its secret is never sent', async ({ page, usher, say }) => {
  const { AWS_ACCESS_KEY_ID: id = '', AWS_SECRET_ACCESS_KEY: secret = '' } = usher.environment();
  const sent: string[] = [];
  page.on('request', (request) => sent.push(`${request.url()} ${request.postData() ?? ''}`));
  await page.goto(`${usher.origin}/console/`);
  await page.getByRole('textbox', { name: say('Access key ID', 'アクセスキー ID') }).fill(id);
  const field = page.getByLabel(say('Secret access key', 'シークレットアクセスキー'));
  const signIn = page.getByRole('button', { name: say('Sign in', 'サインイン') });
  await field.fill('wrong');
  await signIn.click();
  await expect(page.getByText('signature')).toBeVisible();
  await field.fill(secret);
  await signIn.click();
  await expect(page.getByRole('heading', { name: 'Session Manager' })).toBeVisible();
  expect(sent.some((text) => text.includes('sign-in/key'))).toBe(true);
  expect(sent.filter((text) => text.includes(secret))).toEqual([]);
});

test('the language is the browser’s at first, and the person’s afterwards', async ({ page, usher, say }) => {
  await page.goto(`${usher.origin}/console/`);
  await expect(page.getByRole('button', { name: say('Sign in', 'サインイン') })).toBeVisible();
  await page.getByRole('button', { name: say('Language', '言語') }).click();
  await page.getByRole('menuitem', { name: say('日本語', 'English') }).click();
  await expect(page.getByRole('button', { name: say('サインイン', 'Sign in') })).toBeVisible();
  await page.reload();
  await expect(page.getByRole('button', { name: say('サインイン', 'Sign in') })).toBeVisible();
  await expect(page.locator('html')).toHaveAttribute('lang', say('ja', 'en'));
});
