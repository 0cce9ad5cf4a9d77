// The audit trail: what was refused, to whom and why, looked up as in CloudTrail, and how far the trail is proved.

import { expect, needsAws, test } from './fixtures';

test('a call is found in the history, with what it changed and what decided it', async ({ page, usher, say }) => {
  needsAws();
  usher.aws('iam', 'create-user', '--user-name', 'alice');
  usher.aws('iam', 'tag-user', '--user-name', 'alice', '--tags', 'Key=SSMSessionRunAs,Value=alice-linux');
  await page.goto(usher.link);
  await page.getByRole('link', { name: say('Event history', 'イベント履歴') }).click();
  await expect(page.getByText(say('The last signature over the chain', 'チェーンへの最後の署名'))).toBeVisible();
  const row = (name: string) => page.getByRole('row').filter({ has: page.getByRole('rowheader', { name, exact: true }) });
  await expect(row('CreateUser')).toContainText('alice');

  await page.getByRole('button', { name: say('Look up by', 'ルックアップ属性') }).click();
  await page.getByRole('option', { name: say('Event name', 'イベント名'), exact: true }).click();
  const value = page.getByRole('searchbox', { name: say('Value', '値') });
  await value.fill('NoSuchCall');
  const lookUp = page.getByRole('button', { name: say('Look up', '検索'), exact: true });
  await lookUp.click();
  await expect(page.getByText(say('No events', 'イベントはありません'))).toBeVisible();
  await value.fill('TagUser');
  await lookUp.click();
  await expect(row('TagUser')).toContainText(say('Served', '成功'));
  await expect(row('CreateUser')).toHaveCount(0);
  await row('TagUser').getByRole('link').click();
  await expect(page.getByRole('heading', { level: 1, name: 'TagUser' })).toBeVisible();
  await expect(page.getByRole('row').filter({ hasText: 'iam:TagUser' })).toContainText('policy');
  await expect(page.getByTestId('record')).toContainText('"after"');
  await expect(page.getByTestId('record')).toContainText('alice-linux');
});
