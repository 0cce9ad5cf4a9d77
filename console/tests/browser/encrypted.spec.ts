// A session that KMS encrypts between this page and the node, and one for which there is no key.

import { expect, needsAws, type Say, test } from './fixtures';
import { osUser } from './os-user';
import { screen, startSession } from './terminal';
import { Usher } from './usher';

const PREFERENCES = JSON.stringify({
  schemaVersion: '1.0',
  sessionType: 'Standard_Stream',
  inputs: { runAsEnabled: true, kmsKeyId: 'alias/sessions' },
});

function keySwitch(say: Say, english: string, japanese: string): string {
  return say(`${english} alias/sessions`, `alias/sessions を${japanese}`);
}

test('a session is encrypted from the page to the node, and does not start without its key', async ({ page, say }) => {
  needsAws();
  const user = osUser();
  const usher = await Usher.start({ agent: true });
  try {
    const { KeyMetadata } = usher.aws('kms', 'create-key') as { KeyMetadata: { KeyId: string } };
    usher.aws('kms', 'create-alias', '--alias-name', 'alias/sessions', '--target-key-id', KeyMetadata.KeyId);
    usher.aws('ssm', 'create-document', '--name', 'SSM-SessionManagerRunShell', '--content', PREFERENCES,
      '--document-type', 'Session', '--document-format', 'JSON');
    usher.aws('iam', 'tag-user', '--user-name', 'admin', '--tags', `Key=SSMSessionRunAs,Value=${user.name}`);
    await page.goto(usher.link);

    // Switched off after the session was let in, before the page asks for the key.
    await page.route('**/console/api/kms/GenerateDataKey', async (route) => {
      usher.aws('kms', 'disable-key', '--key-id', KeyMetadata.KeyId);
      await route.continue();
    });
    await startSession(page, say, 'no key');
    const noKey = say('KMS made no key for this session', 'KMS がこのセッションのキーを作成しなかった');
    await expect(page.getByText(noKey)).toBeVisible();
    await page.unroute('**/console/api/kms/GenerateDataKey');
    await page.getByRole('link', { name: say('KMS keys', 'KMS キー') }).click();
    await page.getByRole('button', { name: keySwitch(say, 'Enable', '有効化') }).click();
    await expect(page.getByRole('row').filter({ hasText: 'alias/sessions' })).toContainText(say('Enabled', '有効'));

    const frames: Buffer[] = [];
    page.on('websocket', (socket) => {
      const keep = ({ payload }: { payload: string | Buffer }): number => frames.push(Buffer.from(payload));
      socket.on('framesent', keep);
      socket.on('framereceived', keep);
    });
    await page.getByRole('link', { name: 'Session Manager' }).click();
    await startSession(page, say, 'with a key');
    await expect(page.getByText(say('Connected', '接続済み'))).toBeVisible();
    await page.getByTestId('terminal').click();
    await page.keyboard.type('echo "marker-$(id -un)"\n');
    await expect.poll(() => screen(page)).toContain(`marker-${user.name}`);
    const carried = Buffer.concat(frames).toString('latin1');
    expect(carried).toContain('KMSEncryption');
    expect(carried).not.toContain('marker-');
    expect(carried).not.toContain(user.name);
  } finally {
    await usher.stop();
    user.remove();
  }
});
