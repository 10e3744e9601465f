export async function health({ page, address, axe }) {
  await page.goto(`${address}/settings`);
  await page.locator(".compreface-check").first().waitFor();
  const panels = await page.locator(".compreface-health-panel").count();
  return { panels, checks: await page.locator(".compreface-check strong").allTextContents(), violations: await axe() };
}
