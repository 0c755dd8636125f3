import { Hono } from 'hono';
import { expect, it } from 'vitest';
import { mountPage } from './page.ts';

const app = new Hono();
mountPage(app);

it('is HTML with styles and modules of its own, and nothing from elsewhere or inline', async () => {
  const page = await app.request('/');
  expect(page.headers.get('content-type')).toContain('text/html');
  const html = await page.text();
  expect(html).not.toMatch(/<script>|<style|onclick=|https?:/);
  const files = [...html.matchAll(/(?:src|href)="(\/[^"]*)"/g)].map(([, path = '']) => path);
  expect(files).toContain('/page/page.js');
  const seen = new Set<string>();
  for (let path = files.pop(); path !== undefined; path = files.pop()) {
    if (seen.has(path)) continue;
    seen.add(path);
    const response = await app.request(path);
    expect([path, response.status]).toEqual([path, 200]);
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
    const imports = (await response.text()).matchAll(/from '\.\/([^']+)'/g);
    files.push(...[...imports].map(([, name = '']) => `/page/${name}`));
  }
  expect(seen.size).toBeGreaterThan(5);
});

it('gives no other file of the disk', async () => {
  for (const path of ['/page/../page.ts', '/page/%2e%2e/page.ts', '/page/page.ts', '/page/'])
    expect((await app.request(path)).status).toBe(404);
});
