// What the first visit costs, and that nothing comes from elsewhere.

import { expect, test } from './fixtures';

const MOST = 400 * 1024;

test('the first load is below 400 kB compressed, from here alone, and kept afterwards', async ({ page, usher }) => {
  let bytes = 0;
  const sizes: Promise<unknown>[] = [];
  const origins = new Set<string>();
  page.on('requestfinished', (request) => {
    origins.add(new URL(request.url()).origin);
    sizes.push(request.sizes().then((size) => (bytes += size.responseBodySize)));
  });
  await page.goto(usher.link);
  await expect(page.getByRole('heading', { name: 'Session Manager' })).toBeVisible();
  await page.waitForLoadState('networkidle');
  await Promise.all(sizes);
  expect(bytes).toBeGreaterThan(50 * 1024);
  expect(bytes).toBeLessThan(MOST);
  console.log(`first load: ${Math.round(bytes / 1024)} kB`);
  expect([...origins]).toEqual([usher.origin]);

  const again: string[] = [];
  page.on('response', (response) => {
    if (response.url().includes('/assets/') && !response.fromServiceWorker()) {
      again.push(response.headers()['cache-control'] ?? '');
    }
  });
  await page.reload();
  await expect(page.getByRole('heading', { name: 'Session Manager' })).toBeVisible();
  expect(again.every((kept) => kept.includes('immutable'))).toBe(true);
});

test('a script that somebody slips into the page does not run', async ({ page, usher }) => {
  const blocked: string[] = [];
  page.on('console', (message) => blocked.push(message.text()));
  await page.goto(`${usher.origin}/console/`);
  const ran = await page.evaluate(() => {
    const script = document.createElement('script');
    script.textContent = 'window.slipped = true';
    document.body.append(script);
    return 'slipped' in window;
  });
  expect(ran).toBe(false);
  expect(blocked.join()).toContain('Content Security Policy');
});
