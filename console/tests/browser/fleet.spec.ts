// Nodes with who would become whom on them, KMS keys, and log groups with what comes into them.

import { expect, needsAws, test } from './fixtures';
import { osUser } from './os-user';
import { Usher } from './usher';

test('a node says beforehand whom it would let in, without starting anything', async ({ page, say }) => {
  needsAws();
  const user = osUser();
  const usher = await Usher.start({ agent: true });
  try {
    const preferences = JSON.stringify({
      schemaVersion: '1.0',
      sessionType: 'Standard_Stream',
      inputs: { runAsEnabled: true, runAsDefaultUser: '' },
    });
    usher.aws('ssm', 'create-document', '--name', 'SSM-SessionManagerRunShell', '--content', preferences,
      '--document-type', 'Session', '--document-format', 'JSON');
    for (const [name, account] of [['bob', 'ushertest-absent'], ['alice', user.name]] as const) {
      usher.aws('iam', 'create-user', '--user-name', name, '--tags', `Key=SSMSessionRunAs,Value=${account}`);
    }
    await page.goto(usher.link);
    await page.getByRole('link', { name: say('Managed nodes', 'マネージドノード') }).click();
    const nodes = page.getByRole('row').filter({ hasText: 'mi-' });
    await expect(nodes).toContainText(say('Online', 'オンライン'));
    await nodes.getByRole('link').click();
    await page.getByRole('button', { name: say('Preview', 'プレビュー') }).click();
    const row = (name: string) => page.getByRole('row').filter({ has: page.getByRole('rowheader', { name }) });
    await expect(row('alice')).toContainText(user.name);
    await expect(row('alice')).toContainText(say('Lets them in', '許可'));
    await expect(row('bob')).toContainText(say('Refuses', '拒否'));
    await expect(row('admin')).toContainText(say('No session', 'セッション不可'));
    await expect(row('admin')).toContainText(say('No tag and no user name', 'タグもユーザー名もなし'));
    expect(usher.aws('ssm', 'describe-sessions', '--state', 'History')).toEqual({ Sessions: [] });
  } finally {
    await usher.stop();
    user.remove();
  }
});

test('a KMS key is made, switched off, and its end scheduled and cancelled', async ({ page, usher, say }) => {
  await page.goto(usher.link);
  await page.getByRole('link', { name: say('KMS keys', 'KMS キー') }).click();
  const dialog = page.getByRole('dialog');
  await page.getByRole('button', { name: say('Create new key', '新しいキーを作成') }).click();
  await dialog.getByRole('button', { name: say('Create', '作成'), exact: true }).click();
  const key = page.getByRole('row').filter({ hasText: 'alias/sessions' });
  await expect(key).toContainText(say('Enabled', '有効'));
  await key.getByRole('button', { name: say('Disable alias/sessions', 'alias/sessions を無効化') }).click();
  await expect(key).toContainText(say('Disabled', '無効'));
  const schedule = say('Schedule deletion of alias/sessions', 'alias/sessions の削除をスケジュール');
  await key.getByRole('button', { name: schedule }).click();
  const days = dialog.getByRole('spinbutton');
  const confirm = dialog.getByRole('button', { name: say('Schedule deletion', '削除をスケジュール'), exact: true });
  await days.fill('1');
  await confirm.click();
  await expect(dialog.getByText(say('The server refused this', 'サーバーに拒否されました'))).toBeVisible();
  await days.fill('7');
  await confirm.click();
  await expect(key).toContainText(say('Pending deletion', '削除保留中'));
  await key.getByRole('button', { name: say('Cancel deletion', '削除をキャンセル') }).click();
  await expect(key).toContainText(say('Disabled', '無効'));
});

test('a log group is made, kept for a time, and its events come to the page as they are written', async ({ page, usher, say }) => {
  needsAws();
  await page.goto(usher.link);
  await page.getByRole('link', { name: say('Log groups', 'ロググループ') }).click();
  const dialog = page.getByRole('dialog');
  await page.getByRole('button', { name: say('Create log group', 'ロググループを作成') }).click();
  await dialog.getByRole('textbox').fill('/sessions/all');
  await dialog.getByRole('button', { name: say('Create', '作成'), exact: true }).click();
  await page.getByRole('button', { name: say('Edit the retention of /sessions/all', '/sessions/all の保持期間を編集') }).click();
  await dialog.getByRole('button', { name: say('Retention', '保持期間') }).click();
  await page.getByRole('option', { name: say('30 days', '30 日'), exact: true }).click();
  await dialog.getByRole('button', { name: say('Save', '保存'), exact: true }).click();
  await expect(page.getByRole('row').filter({ hasText: '/sessions/all' })).toContainText(say('30 days', '30 日'));

  const group = ['--log-group-name', '/sessions/all', '--log-stream-name', 'one'];
  usher.aws('logs', 'create-log-stream', ...group);
  const write = (message: string): void => {
    const events = JSON.stringify([{ timestamp: Date.now(), message }]);
    usher.aws('logs', 'put-log-events', ...group, '--log-events', events);
  };
  write('the first');
  await page.getByRole('link', { name: '/sessions/all' }).click();
  await page.getByRole('link', { name: 'one', exact: true }).click();
  await expect(page.getByText('the first')).toBeVisible();
  // Nothing is clicked: the page follows, and what a node wrote stays text.
  write('<img src=x onerror=alert(1)>\u202eevil');
  await expect(page.getByText('<img src=x onerror=alert(1)>\\u{202e}evil')).toBeVisible();
  await page.getByRole('searchbox').fill('first');
  await expect(page.getByText('onerror')).toHaveCount(0);
});
