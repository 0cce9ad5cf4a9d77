// A session by a document of one's own: its parameters asked for, its constraints judged, its command run.

import { expect, needsAws, test } from './fixtures';
import { osUser } from './os-user';
import { screen } from './terminal';
import { Usher } from './usher';

const DOCUMENT = JSON.stringify({
  schemaVersion: '1.0',
  description: 'Says a word again',
  sessionType: 'InteractiveCommands',
  parameters: {
    word: { type: 'String', description: 'What to say', allowedPattern: '^[a-z]+$' },
    ending: { type: 'String', allowedValues: ['dot', 'bang'], default: 'dot' },
  },
  properties: { linux: { commands: 'echo said-{{ word }}-{{ ending }}-$(id -un); cat', runAsElevated: false } },
});
const PREFERENCES = JSON.stringify({
  schemaVersion: '1.0',
  sessionType: 'Standard_Stream',
  inputs: { runAsEnabled: true, runAsDefaultUser: '' },
});

test('a session is started by a document with the values that its parameters take', async ({ page, say }) => {
  needsAws();
  const user = osUser();
  const usher = await Usher.start({ agent: true });
  try {
    for (const [name, content] of [['SayAgain', DOCUMENT], ['SSM-SessionManagerRunShell', PREFERENCES]] as const) {
      usher.aws('ssm', 'create-document', '--name', name, '--content', content,
        '--document-type', 'Session', '--document-format', 'JSON');
    }
    usher.aws('iam', 'tag-user', '--user-name', 'admin', '--tags', `Key=SSMSessionRunAs,Value=${user.name}`);
    await page.goto(usher.link);
    const start = page.getByRole('button', { name: say('Start session', 'セッションの開始') });
    await start.click();
    await page.getByRole('radio').first().check();

    const document = page.getByRole('button', { name: say('Session document', 'セッションドキュメント') });
    const choose = async (name: string): Promise<void> => {
      await document.click();
      await page.getByRole('option', { name, exact: true }).click();
    };
    await choose('AWS-StartPortForwardingSession');
    await expect(page.getByText(say('need no terminal', 'ターミナルを使用しません'))).toBeVisible();
    await choose('SayAgain');
    const word = page.getByRole('textbox', { name: 'word' });
    await word.fill('NOT small');
    await start.click();
    await expect(page.getByText(say('The parameter word must match', 'パラメータの値が無効です。'))).toBeVisible();
    await word.fill('hello');
    await page.getByRole('button', { name: 'ending' }).click();
    await page.getByRole('option', { name: 'bang' }).click();
    await start.click();
    await expect.poll(() => screen(page)).toContain(`said-hello-bang-${user.name}`);
  } finally {
    await usher.stop();
    user.remove();
  }
});
