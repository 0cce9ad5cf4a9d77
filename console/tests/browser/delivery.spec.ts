// Test delivery: whether logs would arrive where the preferences want them, before a session has to find out.

import { expect, needsAws, test } from './fixtures';
import { Usher } from './usher';

const PREFERENCES = JSON.stringify({
  schemaVersion: '1.0',
  sessionType: 'Standard_Stream',
  inputs: {
    s3BucketName: 'session-logs',
    s3KeyPrefix: 'shells',
    cloudWatchLogGroupName: '/sessions/encrypted',
    cloudWatchEncryptionEnabled: true,
  },
});

test('a trial says of each destination whether logs arrive there, and why not', async ({ page, say }) => {
  needsAws();
  const usher = await Usher.start({ agent: true });
  try {
    usher.aws('s3api', 'create-bucket', '--bucket', 'session-logs');
    usher.aws('logs', 'create-log-group', '--log-group-name', '/sessions/encrypted');
    usher.aws('ssm', 'create-document', '--name', 'SSM-SessionManagerRunShell', '--content', PREFERENCES,
      '--document-type', 'Session', '--document-format', 'JSON');
    await page.goto(usher.link);
    await page.getByRole('tab', { name: say('Preferences', '設定') }).click();
    const trial = page.getByRole('button', { name: say('Test delivery', '配信テスト') });
    await expect(trial).toBeEnabled();
    await trial.click();
    const row = (name: string) => page.getByRole('row').filter({ has: page.getByRole('rowheader', { name }) });
    await expect(row('S3')).toContainText('session-logs');
    await expect(row('S3')).toContainText(say('Delivered', '配信済み'));
    await expect(row('CloudWatch Logs')).toContainText(say('Failed', '失敗'));
    // The sentence names the group and what the preferences demand of it.
    await expect(row('CloudWatch Logs')).toContainText('it has no KMS key');
    const listed = usher.aws('s3api', 'list-objects-v2', '--bucket', 'session-logs') as { Contents: { Key: string }[] };
    expect(listed.Contents.map(({ Key }) => Key)).toEqual([expect.stringMatching(/^shells\/usher-trial-/)]);
  } finally {
    await usher.stop();
  }
});
