const SETTLED_MS = 8000;
const PAGES = {
  image: ({ image }) => `/images/${image}`,
  gallery: ({ gallery }) => `/galleries/${gallery}`,
  scene: ({ scene }) => `/scenes/${scene}`,
  performer: ({ performer }) => `/performers/${performer}`,
  settings: () => "/settings",
};

/** Opens the tab of ours, or the part that is folded, where there is one. */
async function unfold(page) {
  for (const role of ["tab", "button"]) {
    const handle = page.getByRole(role, { name: "Faces", exact: true });
    if ((await handle.count()) > 0) await handle.first().click();
  }
}

/** Nothing is being read any more; where another plugin makes everything begin anew, that never comes. */
async function settled(page) {
  await page
    .waitForFunction(() => document.querySelector(".compreface .spinner-border") === null, null, { timeout: SETTLED_MS })
    .catch(() => undefined);
}

/** Every page of the host and every page of ours: is the host's own part there, is ours, and what axe finds. */
export async function visit({ page, address, given, axe }) {
  const query = `?stash=${given.stash ?? "0.31"}&plugins=${given.plugins ?? "compreface"}`;
  const paths = Object.fromEntries(Object.entries(PAGES).map(([name, path]) => [name, path(given)]));
  await page.goto(`${address}/settings${query}`);
  await page.locator(".top-nav").waitFor();
  for (const link of await page.locator(".compreface-menu-item").all()) {
    paths[await link.innerText()] = await link.getAttribute("href");
  }
  const seen = {};
  for (const [name, path] of Object.entries(paths)) {
    await page.goto(`${address}${path}${query}`);
    await page.locator(".top-nav").waitFor();
    await page.waitForTimeout(300);
    await unfold(page);
    await settled(page);
    const ours = await page.locator("#root .compreface").count();
    seen[name] = {
      host: (await page.locator("#root").innerText()).length > 0,
      ours,
      failed: await page.getByText("This part of the page has failed").count(),
      violations: ours > 0 ? await axe() : [],
    };
  }
  return seen;
}
