// Every page: no violation that axe-core finds, and a picture to be looked at. English in the light scheme and Japanese in
// the dark one, because words and colours do not depend on one another; `USHER_PICTURES=all` takes all four.

import { AxeBuilder } from '@axe-core/playwright';
import { expect, test } from './fixtures';

const PAGES = [
  ['sessions', '#/session-manager/sessions'],
  ['start', '#/session-manager/start'],
  ['history', '#/session-manager/history'],
  ['preferences', '#/session-manager/preferences'],
  ['edit', '#/session-manager/preferences/edit'],
  ['nodes', '#/managed-nodes'],
  ['register', '#/managed-nodes/register'],
  ['users', '#/iam/users'],
  ['user-permissions', '#/iam/users/admin/permissions'],
  ['user-groups', '#/iam/users/admin/groups'],
  ['tags', '#/iam/users/admin/tags'],
  ['user-credentials', '#/iam/users/admin/credentials'],
  ['user-simulation', '#/iam/users/admin/simulation'],
  ['groups', '#/iam/groups'],
  ['role-trust', '#/iam/roles/UsherManagedNode/trust'],
  ['policies', '#/iam/policies'],
  ['keys', '#/kms'],
  ['log-groups', '#/log-groups'],
  ['audit', '#/audit'],
  ['guides', '#/guides'],
  ['guide', '#/guides/run-as'],
  ['policy', '#/iam/policies/arn%3Aaws%3Aiam%3A%3Aaws%3Apolicy%2FUsherSessionManagerUser'],
] as const;

const PICTURES = '../target/console-pictures';

for (const scheme of ['light', 'dark'] as const) {
  test(`no page has a fault that axe finds, in ${scheme}`, async ({ page, usher, language }) => {
    const isOwn = scheme === (language === 'ja' ? 'dark' : 'light');
    test.skip(!isOwn && process.env.USHER_PICTURES !== 'all', 'the other language has this scheme; USHER_PICTURES=all');
    test.setTimeout(1_800_000);
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
    const look = async (name: string): Promise<void> => {
      await page.waitForLoadState('networkidle');
      await page.screenshot({ path: `${PICTURES}/${name}-${language}-${scheme}.png`, fullPage: true });
      const { violations } = await new AxeBuilder({ page }).analyze();
      const told = violations.map(({ id, nodes }) => `${name}: ${id}: ${nodes[0]?.html ?? ''}`);
      expect(told).toEqual([]);
    };
    await page.goto(`${usher.origin}/console/`);
    await look('sign-in');
    await page.goto('about:blank');
    await page.goto(usher.link);
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    for (const [name, hash] of PAGES) {
      // Another page, not another place in it: so that the wait for the network means this one.
      await page.goto('about:blank');
      await page.goto(`${usher.origin}/console/${hash}`);
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
      await look(name);
    }
  });
}

test('the page is usable at a phone’s width', async ({ page, usher }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto(usher.link);
  await expect(page.getByRole('heading', { name: 'Session Manager' })).toBeVisible();
  const overflow = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  expect(overflow).toBeLessThanOrEqual(0);
});
