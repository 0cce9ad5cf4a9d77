// The guides, followed step by step: what a step says in bold is what is looked for, chosen or filled in the console.

import type { Page } from '@playwright/test';
import { expect, needsAws, test } from './fixtures';

/** What a person does at a step, with the labels that it names. */
type Deed = (page: Page, ...labels: string[]) => Promise<unknown>;

const link: Deed = (page, label = '') => page.getByRole('link', { name: label, exact: true }).click();
const tab: Deed = (page, label = '') => page.getByRole('tab', { name: label, exact: true }).click();
const button: Deed = (page, label = '') => page.getByRole('button', { name: label, exact: true }).click();
const check: Deed = (page, label = '') => page.getByRole('checkbox', { name: label }).check();
const fill = (role: 'textbox' | 'spinbutton', text: string): Deed => (page, label = '') =>
  page.getByRole(role, { name: label }).last().fill(text);

/** Reads the guide and does at each of its steps what it says; every step has a deed and every deed a step. */
async function follow(page: Page, guide: string, deeds: readonly Deed[]): Promise<void> {
  await page.goto(`/console/#/guides/${guide}`);
  const steps = page.getByTestId('steps').getByRole('listitem');
  await expect(steps).toHaveCount(deeds.length);
  const labels: string[][] = [];
  for (const step of await steps.all()) {
    labels.push(await step.locator('strong').allInnerTexts());
  }
  for (const [at, deed] of deeds.entries()) {
    await deed(page, ...(labels[at] ?? []));
  }
}

function inputs(document: unknown): unknown {
  const { Content } = document as { Content: string };
  return (JSON.parse(Content) as { inputs: unknown }).inputs;
}

const DOCUMENT = ['ssm', 'get-document', '--name', 'SSM-SessionManagerRunShell', '--document-version', '$LATEST'];

test.use({ baseURL: async ({ usher }, use) => use(usher.origin) });

test.beforeEach(async ({ page, usher }) => {
  needsAws();
  await page.goto(usher.link);
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
});

test('the guide to Run As turns it on', async ({ page, usher, say }) => {
  await follow(page, 'run-as', [
    link,
    tab,
    button,
    check,
    fill('textbox', 'alice-linux'),
    // The other option is a link to where the next guide begins.
    (at, label = '') => expect(at.getByRole('link', { name: label })).toHaveAttribute('href', '#/iam/users'),
    button,
  ]);
  await expect(page.getByRole('tab', { name: say('Preferences', '設定') })).toBeVisible();
  expect(inputs(usher.aws(...DOCUMENT))).toMatchObject({ runAsEnabled: true, runAsDefaultUser: 'alice-linux' });
});

test('the guide to the preferences sets times, a key and a profile', async ({ page, usher, say }) => {
  await follow(page, 'preferences', [
    link,
    tab,
    button,
    fill('spinbutton', '15'),
    check,
    fill('spinbutton', '600'),
    check,
    async (at, create = '', confirm = '') => {
      await at.getByRole('button', { name: create }).click();
      await at.getByRole('dialog').getByRole('button', { name: confirm, exact: true }).click();
      await expect(at.getByRole('dialog')).toHaveCount(0);
    },
    fill('textbox', 'exec /bin/bash'),
    button,
  ]);
  await expect(page.getByRole('tab', { name: say('Preferences', '設定') })).toBeVisible();
  expect(inputs(usher.aws(...DOCUMENT))).toMatchObject({
    idleSessionTimeout: '15',
    maxSessionDuration: '600',
    kmsKeyId: 'alias/sessions',
    shellProfile: { linux: 'exec /bin/bash' },
  });
});

for (const kind of ['user', 'role'] as const) {
  test(`the guide to tags gives a ${kind} an OS account`, async ({ page, usher, say }) => {
    const trust = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}}';
    if (kind === 'user') {
      usher.aws('iam', 'create-user', '--user-name', 'alice');
    } else {
      usher.aws('iam', 'create-role', '--role-name', 'alice', '--assume-role-policy-document', trust);
    }
    await follow(page, 'tags', [
      (at, users = '', roles = '') => link(at, kind === 'user' ? users : roles),
      (at) => link(at, 'alice'),
      tab,
      fill('textbox', 'SSMSessionRunAs'),
      fill('textbox', 'alice-linux'),
      button,
    ]);
    await expect(page.getByText(say('The tags are saved.', 'タグが保存されました。'))).toBeVisible();
    expect(usher.aws('iam', `list-${kind}-tags`, `--${kind}-name`, 'alice')).toMatchObject({
      Tags: [{ Key: 'SSMSessionRunAs', Value: 'alice-linux' }],
    });
  });
}
