// IAM's pages: what a person makes there is what the aws command finds, and what is wrong is said where it stands.

import type { Locator, Page } from '@playwright/test';
import { expect, needsAws, test } from './fixtures';

const DENY = JSON.stringify({
  Version: '2012-10-17',
  Statement: { Effect: 'Deny', Action: 'ssm:StartSession', Resource: '*' },
});

async function choose(page: Page, label: string, option: string): Promise<void> {
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: label }).click();
  await page.getByRole('option', { name: option }).first().click();
}

function press(place: Page | Locator, name: string): Promise<void> {
  return place.getByRole('button', { name, exact: true }).click();
}

test('a policy that the server would refuse is refused while it is written, with the place', async ({ page, usher, say }) => {
  await page.goto(usher.link);
  await page.getByRole('link', { name: say('Policies', 'ポリシー'), exact: true }).click();
  await press(page, say('Create policy', 'ポリシーの作成'));
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('textbox', { name: say('Policy name', 'ポリシー名') }).fill('broken');
  const text = dialog.getByRole('textbox', { name: say('Policy document', 'ポリシードキュメント') });
  await text.fill('{\n  "Version": "2012-10-17",\n  "Statement": [{ "Effect": "Allow", }]\n}');
  await expect(dialog.getByText(/line 3/).first()).toBeVisible();
  await text.fill('{"Version":"2012-10-17","Statement":[{"Effect":"Maybe","Action":"*","Resource":"*"}]}');
  await expect(dialog.getByText(/Statement\[0\]\.Effect|Effect must be/).first()).toBeVisible();
  await press(dialog, say('Create', '作成'));
  await expect(dialog.getByText(say('The server refused this', 'サーバーに拒否されました'))).toBeVisible();
});

test('a user is made, given policies by a group, bounded, simulated and given a key', async ({ page, usher, say }) => {
  needsAws();
  await page.goto(usher.link);
  await page.getByRole('link', { name: say('Policies', 'ポリシー'), exact: true }).click();
  await press(page, say('Create policy', 'ポリシーの作成'));
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('textbox', { name: say('Policy name', 'ポリシー名') }).fill('no-sessions');
  await dialog.getByRole('textbox', { name: say('Policy document', 'ポリシードキュメント') }).fill(DENY);
  await press(dialog, say('Create', '作成'));
  await expect(page.getByRole('heading', { level: 1, name: 'no-sessions' })).toBeVisible();

  await page.getByRole('link', { name: say('User groups', 'ユーザーグループ'), exact: true }).click();
  await press(page, say('Create group', 'グループを作成'));
  await dialog.getByRole('textbox', { name: say('User group name', 'ユーザーグループ名') }).fill('operators');
  await press(dialog, say('Create', '作成'));
  await page.getByRole('tab', { name: say('Permissions', '許可'), exact: true }).click();
  await press(page, say('Attach policies', 'ポリシーをアタッチ'));
  await choose(page, say('Policies', 'ポリシー'), 'no-sessions');
  await page.keyboard.press('Escape');
  await press(dialog, say('Attach', 'アタッチ'));
  await expect(page.getByRole('link', { name: 'no-sessions' })).toBeVisible();

  await page.getByRole('link', { name: say('Users', 'ユーザー'), exact: true }).click();
  await press(page, say('Create user', 'ユーザーの作成'));
  await dialog.getByRole('textbox', { name: say('User name', 'ユーザー名') }).fill('bob');
  await press(dialog, say('Create', '作成'));
  await press(page, say('Create inline policy', 'インラインポリシーを作成'));
  await dialog.getByRole('textbox', { name: say('Policy name', 'ポリシー名') }).fill('sessions');
  await press(dialog, say('Save changes', '変更の保存'));
  await expect(page.getByRole('rowheader', { name: 'sessions' })).toBeVisible();

  const simulate = async (): Promise<void> => {
    await page.getByRole('tab', { name: say('Policy simulator', 'ポリシーシミュレーター') }).click();
    await press(page, say('Run simulation', 'シミュレーションの実行'));
  };
  await simulate();
  await expect(page.getByText(say('Allowed', '許可'), { exact: true }).last()).toBeVisible();
  await page.getByRole('tab', { name: say('Groups', 'グループ'), exact: true }).click();
  await press(page, say('Add user to group', 'ユーザーをグループに追加'));
  await choose(page, say('Group', 'グループ'), 'operators');
  await press(dialog, say('Add', '追加'));
  await expect(page.getByRole('link', { name: 'operators' })).toBeVisible();
  await simulate();
  await expect(page.getByText(say('Denied by a policy', 'ポリシーによる明示的な拒否'))).toBeVisible();

  await page.getByRole('tab', { name: say('Permissions', '許可'), exact: true }).click();
  await press(page, say('Set permissions boundary', '許可の境界を設定'));
  await choose(page, say('Policy', 'ポリシー'), 'no-sessions');
  await press(dialog, say('Save changes', '変更の保存'));
  await expect(page.getByRole('link', { name: /policy\/no-sessions/ })).toBeVisible();
  expect(usher.aws('iam', 'get-user', '--user-name', 'bob')).toMatchObject({
    User: { PermissionsBoundary: { PermissionsBoundaryArn: expect.stringMatching(/no-sessions$/) as unknown } },
  });

  await page.getByRole('tab', { name: say('Security credentials', 'セキュリティ認証情報') }).click();
  await press(page, say('Create access key', 'アクセスキーを作成'));
  const secret = await dialog.locator('code, [class*=code]').last().innerText();
  expect(secret.length).toBeGreaterThanOrEqual(40);
  await press(dialog, say('Done', '完了'));
  await expect(page.getByText(secret)).toHaveCount(0);
  const listed = usher.aws('iam', 'list-access-keys', '--user-name', 'bob') as {
    AccessKeyMetadata: { AccessKeyId: string }[];
  };
  const id = listed.AccessKeyMetadata[0]?.AccessKeyId ?? '';
  await press(page, say(`Deactivate ${id}`, `${id} を無効化`));
  await expect(page.getByText(say('Inactive', '非アクティブ'))).toBeVisible();
  await press(page, say(`Delete ${id}`, `${id} を削除`));
  await press(dialog, say('Delete', '削除'));
  await expect(page.getByText(say('No access keys', 'アクセスキーはありません'))).toBeVisible();
});

test('a managed policy keeps versions, and an older one can be made the default again', async ({ page, usher, say }) => {
  needsAws();
  usher.aws('iam', 'create-policy', '--policy-name', 'sessions', '--policy-document', DENY);
  await page.goto(usher.link);
  await page.getByRole('link', { name: say('Policies', 'ポリシー'), exact: true }).click();
  await page.getByRole('link', { name: 'sessions', exact: true }).click();
  const text = page.getByRole('textbox', { name: say('Policy document', 'ポリシードキュメント') });
  await expect(text).toHaveValue(/Deny/);
  await text.fill(DENY.replace('Deny', 'Allow'));
  await press(page, say('Save changes', '変更の保存'));
  await expect(page.getByText(say('Document of version v2', 'バージョン v2 のドキュメント'))).toBeVisible();
  await page.getByRole('tab', { name: say('Policy versions', 'ポリシーのバージョン') }).click();
  await press(page, say('Set v1 as default', 'v1 をデフォルトとして設定'));
  await page.getByRole('tab', { name: say('Permissions', '許可'), exact: true }).click();
  await expect(page.getByText(say('Document of version v1', 'バージョン v1 のドキュメント'))).toBeVisible();
});

test('a role is made with whom it trusts, and what comes with the service stays as it is', async ({ page, usher, say }) => {
  needsAws();
  await page.goto(usher.link);
  await page.getByRole('link', { name: say('Roles', 'ロール'), exact: true }).click();
  await press(page, say('Create role', 'ロールを作成'));
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('textbox', { name: say('Role name', 'ロール名') }).fill('on-call');
  await press(dialog, say('Create', '作成'));
  await page.getByRole('tab', { name: say('Trust relationships', '信頼関係') }).click();
  const trust = page.getByRole('textbox', { name: say('Policy document', 'ポリシードキュメント') });
  await expect(trust).toHaveValue(/sts:AssumeRole/);
  await trust.fill('{}');
  await press(page, say('Save changes', '変更の保存'));
  await expect(page.getByText(/needs the element Statement/)).toBeVisible();
  await press(page, say('Delete on-call', 'on-call を削除'));
  await press(dialog, say('Delete', '削除'));
  await expect(page.getByRole('heading', { level: 1, name: say('Roles', 'ロール') })).toBeVisible();
  await expect(page.getByRole('link', { name: 'UsherManagedNode' })).toBeVisible();
  await expect(page.getByRole('link', { name: 'on-call' })).toHaveCount(0);
  await page.getByRole('link', { name: 'UsherManagedNode' }).click();
  await press(page, say('Delete UsherManagedNode', 'UsherManagedNode を削除'));
  await press(dialog, say('Delete', '削除'));
  await expect(dialog.getByText(/comes with the service/)).toBeVisible();
});
