// A session in the browser, on this machine as its node: as the tagged user, typed in, resized, ended by somebody else,
// and found in the history.

import { readFile } from 'node:fs/promises';
import type { Page } from '@playwright/test';
import { expect, needsAws, type Say, test } from './fixtures';
import { osUser } from './os-user';
import { screen, startSession } from './terminal';
import { Usher } from './usher';

const PREFERENCES = JSON.stringify({
  schemaVersion: '1.0',
  description: 'Session preferences',
  sessionType: 'Standard_Stream',
  inputs: { runAsEnabled: true, runAsDefaultUser: '' },
});
const HOSTILE = '<img src=x onerror=alert(1)> \u202egnp.exe';

/** Makes a user who may do nothing but `actions`, and signs in as them. */
async function signInAs(page: Page, usher: Usher, say: Say, actions: readonly string[]): Promise<void> {
  const policy = JSON.stringify({
    Version: '2012-10-17',
    Statement: { Effect: 'Allow', Action: actions, Resource: '*' },
  });
  usher.aws('iam', 'create-user', '--user-name', 'reader');
  usher.aws('iam', 'put-user-policy', '--user-name', 'reader', '--policy-name', 'p', '--policy-document', policy);
  const made = usher.aws('iam', 'create-access-key', '--user-name', 'reader') as {
    AccessKey: { AccessKeyId: string; SecretAccessKey: string };
  };
  await page.goto(`${usher.origin}/console/`);
  await page.getByRole('textbox', { name: say('Access key ID', 'アクセスキー ID') }).fill(made.AccessKey.AccessKeyId);
  await page.getByLabel(say('Secret access key', 'シークレットアクセスキー')).fill(made.AccessKey.SecretAccessKey);
  await page.getByRole('button', { name: say('Sign in', 'サインイン') }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Session Manager' })).toBeVisible();
}

test('a session runs as the tagged user in the browser until somebody else ends it', async ({ page, browser, say, locale }) => {
  needsAws();
  const user = osUser();
  const usher = await Usher.start({ agent: true });
  try {
    usher.aws('ssm', 'create-document', '--name', 'SSM-SessionManagerRunShell', '--content', PREFERENCES,
      '--document-type', 'Session', '--document-format', 'JSON');
    usher.aws('iam', 'tag-user', '--user-name', 'admin', '--tags', `Key=SSMSessionRunAs,Value=${user.name}`);
    page.on('dialog', () => expect(false, 'a script of somebody else ran').toBe(true));

    await page.goto(usher.link);
    await startSession(page, say, HOSTILE);
    const terminal = page.getByTestId('terminal');
    await expect(page.getByText(say('Connected', '接続済み'))).toBeVisible();
    await terminal.click();
    await page.keyboard.type('echo "i am $(id -un)"\n');
    await expect.poll(() => screen(page)).toContain(`i am ${user.name}`);

    // The shell has the size of the window, before and after it changes.
    await page.setViewportSize({ width: 1000, height: 900 });
    await page.keyboard.type('clear; echo "size $(stty size)"\n');
    await expect.poll(() => screen(page)).toMatch(/size \d+ \d+/);
    const before = /size (\d+ \d+)/.exec(await screen(page))?.[1];
    await page.setViewportSize({ width: 1280, height: 600 });
    await page.keyboard.type('clear; echo "now $(stty size)"\n');
    await expect.poll(() => screen(page)).toMatch(/now \d+ \d+/);
    expect(/now (\d+ \d+)/.exec(await screen(page))?.[1]).not.toBe(before);

    // A sequence that would write to the clipboard, and one that would set the title, do nothing.
    await page.keyboard.type(String.raw`printf '\033]52;c;ZXZpbA==\007\033]2;evil\007'; echo done-"it"` + '\n');
    await expect.poll(() => screen(page)).toContain('done-it');
    expect(await page.title()).toBe('Usher');
    await page.keyboard.type(String.raw`echo '<b onclick=alert(1)>'"bold"` + '\n');
    await expect.poll(() => screen(page)).toContain('<b onclick=alert(1)>bold');

    const other = await browser.newPage({ ...(locale === undefined ? {} : { locale }) });
    await other.goto(usher.login());
    const row = other.getByRole('row').filter({ hasText: user.name });
    await expect(row).toContainText(say('Tag of the user or role', 'ユーザーまたはロールのタグ'));
    await expect(row).toContainText('<img src=x onerror=alert(1)> \\u{202e}gnp.exe');
    await row.getByRole('radio').check();
    await other.getByRole('button', { name: say('Terminate', '終了'), exact: true }).first().click();
    await other.getByRole('dialog').getByRole('button', { name: say('Terminate', '終了'), exact: true }).click();

    await expect(page.getByText(say('The session has ended', 'セッションが終了しました'))).toBeVisible();
    // The list of the other browser follows without being loaded again.
    await expect(row).toHaveCount(0);
    await other.getByRole('tab', { name: say('Session history', 'セッション履歴') }).click();
    const ended = other.getByRole('row').filter({ hasText: user.name });
    await expect(ended).toContainText(say('Terminated', '終了済み'));

    // Its page says who became whom by which rule, and plays what it showed.
    await ended.getByRole('link').click();
    await expect(other.getByText(`${user.name} (${say('Tag of the user or role', 'ユーザーまたはロールのタグ')})`)).toBeVisible();
    await expect(other.getByText('<img src=x onerror=alert(1)> \\u{202e}gnp.exe')).toBeVisible();
    await other.getByRole('button', { name: say('Verify', '検証') }).click();
    await expect(other.getByText(say('Nothing in the recording was changed', '削除された箇所はありません'))).toBeVisible();
    await other.getByRole('button', { name: say('Replay', '再生'), exact: true }).click();
    await other.getByRole('searchbox', { name: say('Find in the recording', '記録内を検索') }).fill('>bold');
    const hit = other.getByRole('row').filter({ hasText: '<b onclick=alert(1)>bold' });
    await hit.last().getByRole('button').click();
    await expect(other.getByTestId('player')).toContainText('<b onclick=alert(1)>bold');
    const saved = other.waitForEvent('download');
    await other.getByRole('button', { name: say('Download text log', 'テキストログをダウンロード') }).click();
    const text = await readFile(await (await saved).path(), 'utf8');
    expect(text).toContain(`i am ${user.name}\n`);
    expect(text).not.toContain('\u001b');

    // Who may see the session, but was not given its recording, is told which permission that takes.
    const sessionPage = other.url();
    await other.goto('about:blank');
    await other.context().clearCookies();
    await signInAs(other, usher, say, ['ssm:DescribeSessions', 'ssm:DescribeSessionLogs']);
    await other.goto(sessionPage);
    const replay = other.getByRole('button', { name: say('Replay', '再生'), exact: true });
    await expect(replay).toHaveAttribute('aria-disabled', 'true');
    await replay.hover();
    await expect(other.getByText('ssm:GetSessionRecording').filter({ visible: true })).toBeVisible();
    await other.close();
  } finally {
    await usher.stop();
    user.remove();
  }
});

test('who may not change the preferences sees why', async ({ page, usher, say }) => {
  needsAws();
  await signInAs(page, usher, say, ['ssm:GetDocument', 'ssm:DescribeSessions']);
  await page.getByRole('tab', { name: say('Preferences', '設定') }).click();
  const edit = page.getByRole('button', { name: say('Edit', '編集'), exact: true });
  await expect(edit).toHaveAttribute('aria-disabled', 'true');
  await edit.hover();
  await expect(page.getByText('ssm:CreateDocument').filter({ visible: true })).toBeVisible();
});
