// The instructions of AWS's documentation, followed step by step, label by label, in English and in Japanese.
// The labels stand here as a person reads them there: where the console says something else, these tests fail.

import type { Locator, Page } from '@playwright/test';
import { expect, needsAws, type Say, test } from './fixtures';

async function openEdit(page: Page, say: Say): Promise<void> {
  // The pane of the Japanese console has the English name, too, as the Japanese instructions do.
  await page.getByRole('link', { name: 'Session Manager' }).click();
  await page.getByRole('tab', { name: say('Preferences', '設定') }).click();
  await page.getByRole('button', { name: say('Edit', '編集'), exact: true }).click();
}

function runAs(page: Page, say: Say): Locator {
  const name = say(
    'Enable Run As support for Linux instances',
    'Linux インスタンスの Run As サポートを有効にする',
  );
  return page.getByRole('checkbox', { name });
}

async function save(page: Page, say: Say): Promise<void> {
  await page.getByRole('button', { name: say('Save', '保存'), exact: true }).click();
  await expect(page.getByRole('tab', { name: say('Preferences', '設定') })).toBeVisible();
}

interface Stored {
  readonly Content: string;
}

function inputs(stored: unknown): Record<string, unknown> {
  const { inputs } = JSON.parse((stored as Stored).Content) as { inputs: Record<string, unknown> };
  return inputs;
}

const DOCUMENT = ['ssm', 'get-document', '--name', 'SSM-SessionManagerRunShell', '--document-version', '$LATEST'];

test('turn on Run As with an operating system user name', async ({ page, usher, say }) => {
  needsAws();
  await page.goto(usher.link);
  await openEdit(page, say);
  await runAs(page, say).check();
  const name = say('Operating system user name', 'オペレーティングシステムのユーザー名');
  await page.getByRole('textbox', { name }).fill('alice-linux');
  await expect(page.getByTestId('review')).toContainText('alice-linux');
  await save(page, say);
  await expect(page.locator('[data-field=runAsDefaultUser]')).toHaveText('alice-linux');
  expect(inputs(usher.aws(...DOCUMENT))).toMatchObject({
    runAsEnabled: true,
    runAsDefaultUser: 'alice-linux',
  });

  // Off and on again: each save is a version of its own, also with what was there before.
  await openEdit(page, say);
  await runAs(page, say).uncheck();
  await save(page, say);
  expect(inputs(usher.aws(...DOCUMENT))).toMatchObject({ runAsEnabled: false });
  await openEdit(page, say);
  await runAs(page, say).check();
  await save(page, say);
  expect(inputs(usher.aws(...DOCUMENT))).toMatchObject({ runAsEnabled: true });
});

for (const kind of ['user', 'role'] as const) {
  test(`turn on Run As with a tag of a ${kind}`, async ({ page, usher, say, context }) => {
    needsAws();
    const trust = JSON.stringify({
      Version: '2012-10-17',
      Statement: {
        Effect: 'Allow',
        Principal: { AWS: 'arn:aws:iam::000000000000:root' },
        Action: 'sts:AssumeRole',
      },
    });
    if (kind === 'user') {
      usher.aws('iam', 'create-user', '--user-name', 'alice');
    } else {
      usher.aws('iam', 'create-role', '--role-name', 'alice', '--assume-role-policy-document', trust);
    }
    await page.goto(usher.link);
    await openEdit(page, say);
    await runAs(page, say).check();
    // Before anything is saved the page says whose sessions would fail.
    await expect(page.getByText(/alice/)).toBeVisible();

    const opened = context.waitForEvent('page');
    await page.getByRole('link', { name: say('IAM console', 'IAM コンソール') }).click();
    const iam = await opened;
    const pane = kind === 'user' ? say('Users', 'ユーザー') : say('Roles', 'ロール');
    await iam.getByRole('link', { name: pane, exact: true }).click();
    await iam.getByRole('link', { name: 'alice', exact: true }).click();
    await iam.getByRole('tab', { name: say('Tags', 'タグ') }).click();
    await iam.getByRole('textbox', { name: say('Key', 'キー') }).last().fill('SSMSessionRunAs');
    await iam.getByRole('textbox', { name: say('Value', '値') }).last().fill('alice-linux');
    await iam.getByRole('button', { name: say('Save changes', '変更の保存') }).click();
    await expect(iam.getByText(say('Sessions run as alice-linux', 'alice-linux として実行されます'))).toBeVisible();
    await iam.close();

    await save(page, say);
    expect(inputs(usher.aws(...DOCUMENT))).toMatchObject({ runAsEnabled: true, runAsDefaultUser: '' });
    const tags = usher.aws('iam', `list-${kind}-tags`, `--${kind}-name`, 'alice');
    expect(tags).toMatchObject({ Tags: [{ Key: 'SSMSessionRunAs', Value: 'alice-linux' }] });
  });
}

test('configure encryption, logging, times and shell profiles', async ({ page, usher, say }) => {
  needsAws();
  usher.aws('logs', 'create-log-group', '--log-group-name', '/sessions/all');
  usher.aws('s3api', 'create-bucket', '--bucket', 'session-logs');
  await page.goto(usher.link);
  await openEdit(page, say);

  await page.getByRole('checkbox', { name: say('Enable KMS encryption', 'KMS 暗号化を有効にする') }).check();
  const enterKey = say(
    'Enter a KMS key alias or KMS key ARN',
    'KMS キーのエイリアスまたは KMS キーの ARN を入力する',
  );
  const key = page.getByRole('textbox', { name: say('KMS key', 'KMS キー'), exact: true });
  await page.getByRole('radio', { name: enterKey }).check();
  await key.fill('alias/elsewhere');
  await page.getByRole('button', { name: say('Create new key', '新しいキーを作成') }).click();
  await page.getByRole('dialog').getByRole('button', { name: say('Create', '作成'), exact: true }).click();
  await expect(key).toHaveValue('alias/sessions');
  await key.fill('alias/elsewhere');
  const pickKey = say('Select a KMS key in my current account', '現在のアカウントで KMS キーを選択する');
  await page.getByRole('radio', { name: pickKey }).check();
  await page.getByRole('button', { name: say('KMS key', 'KMS キー') }).click();
  await page.getByRole('option', { name: 'alias/sessions' }).click();

  await page.getByRole('checkbox', { name: say('CloudWatch logging: Enable', 'CloudWatch ログ記録: 有効にする') }).check();
  await page.getByRole('radio', { name: say('Upload session logs', 'セッションログをアップロードする') }).check();
  const encryptedGroups = say(
    'Allow only encrypted CloudWatch log groups',
    '暗号化された CloudWatch ロググループのみを許可する',
  );
  await page.getByRole('checkbox', { name: encryptedGroups }).uncheck();
  const pickGroup = say('Choose a log group name from the list', 'リストからロググループ名を選択する');
  await page.getByRole('radio', { name: pickGroup }).check();
  const group = say('CloudWatch log group', 'CloudWatch ロググループ');
  await page.getByRole('button', { name: group }).click();
  await page.getByRole('option', { name: '/sessions/all' }).click();

  await page.getByRole('checkbox', { name: say('S3 logging: Enable', 'S3 ログ記録: 有効にする') }).check();
  const encryptedBuckets = say('Allow only encrypted S3 buckets', '暗号化された S3 バケットのみを許可する');
  await expect(page.getByRole('checkbox', { name: encryptedBuckets })).toBeChecked();
  const enterBucket = say('Enter a bucket name in the text box', 'テキストボックスにバケット名を入力する');
  await page.getByRole('radio', { name: enterBucket }).check();
  const bucket = say('S3 bucket name', 'S3 バケット名');
  await page.getByRole('textbox', { name: bucket }).fill('absent-logs');
  await expect(page.getByText(say('There is no bucket absent-logs', 'バケット absent-logs は存在しません'))).toBeVisible();
  const pickBucket = say('Choose a bucket name from the list', 'リストからバケット名を選択する');
  await page.getByRole('radio', { name: pickBucket }).check();
  await page.getByRole('button', { name: bucket }).click();
  await page.getByRole('option', { name: 'session-logs' }).click();
  await page.getByRole('textbox', { name: say('S3 key prefix', 'S3 キープレフィックス') }).fill('shells');

  const idle = say('Idle session timeout', 'アイドルセッションのタイムアウト');
  await page.getByRole('spinbutton', { name: idle }).fill('15');
  const limit = say('Enable maximum session duration', '最大セッション時間を有効にする');
  await page.getByRole('checkbox', { name: limit }).check();
  const maximum = say('Maximum session duration', '最大セッション時間');
  await page.getByRole('spinbutton', { name: maximum, exact: true }).fill('600');
  const profile = say('Linux shell profile', 'Linux シェルプロファイル');
  await page.getByRole('textbox', { name: profile }).fill('exec /bin/bash');
  await save(page, say);

  expect(inputs(usher.aws(...DOCUMENT))).toEqual({
    s3BucketName: 'session-logs',
    s3KeyPrefix: 'shells',
    s3EncryptionEnabled: true,
    cloudWatchLogGroupName: '/sessions/all',
    cloudWatchEncryptionEnabled: false,
    cloudWatchStreamingEnabled: false,
    kmsKeyId: 'alias/sessions',
    runAsEnabled: false,
    runAsDefaultUser: '',
    idleSessionTimeout: '15',
    maxSessionDuration: '600',
    shellProfile: { linux: 'exec /bin/bash', windows: '' },
  });
});

test('a save says beforehand what it would break, and an older version can be saved again', async ({ page, usher, say }) => {
  needsAws();
  await page.goto(usher.link);
  await openEdit(page, say);
  await runAs(page, say).check();
  await expect(page.getByText(say('Sessions of 1 users and 0 roles will fail', 'ユーザー 1 件とロール 0 件'))).toBeVisible();
  const key = page.getByRole('textbox', { name: say('KMS key', 'KMS キー'), exact: true });
  await page.getByRole('checkbox', { name: say('Enable KMS encryption', 'KMS 暗号化を有効にする') }).check();
  await page.getByRole('radio', { name: say('Enter a KMS key', '入力する') }).check();
  await key.fill('alias/absent');
  await expect(page.getByText(say('there is no KMS key alias/absent', 'KMS キー alias/absent が存在しない'))).toBeVisible();
  await page.getByRole('checkbox', { name: say('CloudWatch logging: Enable', 'CloudWatch ログ記録: 有効にする') }).check();
  const group = say('CloudWatch log group', 'CloudWatch ロググループ');
  await page.getByRole('textbox', { name: group }).fill('/not/there');
  await expect(page.getByText(say('There is no log group /not/there', 'ロググループ /not/there が存在しない'))).toBeVisible();
  await page.getByRole('checkbox', { name: say('CloudWatch logging: Enable', 'CloudWatch ログ記録: 有効にする') }).uncheck();
  await page.getByRole('checkbox', { name: say('Enable KMS encryption', 'KMS 暗号化を有効にする') }).uncheck();
  const name = say('Operating system user name', 'オペレーティングシステムのユーザー名');
  await page.getByRole('textbox', { name }).fill('first');
  await save(page, say);

  await openEdit(page, say);
  await page.getByRole('textbox', { name }).fill('second');
  await save(page, say);
  await expect(page.locator('[data-field=runAsDefaultUser]')).toHaveText('second');
  await page.getByRole('link', { name: say('Restore version 1', 'バージョン 1 を復元') }).click();
  await expect(page.getByTestId('review')).toContainText('first');
  await expect(page.getByTestId('review')).toContainText('second');
  await save(page, say);
  await expect(page.locator('[data-field=runAsDefaultUser]')).toHaveText('first');
  expect(inputs(usher.aws(...DOCUMENT))).toMatchObject({ runAsEnabled: true, runAsDefaultUser: 'first' });
});
