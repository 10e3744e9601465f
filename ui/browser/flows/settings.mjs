import { focused, press, pressUntilFocused } from "./tools.mjs";

const check = (page, name) => page.locator(".compreface-check", { has: page.locator("strong", { hasText: name }) });
const pack = (page, name) => page.locator(".compreface-pack", { has: page.locator("strong", { hasText: name }) });

async function open({ page, address, given }) {
  await page.goto(`${address}/settings?plugins=${given.plugins ?? "compreface"}&locale=${given.locale ?? "en-GB"}`);
  await page.locator(".compreface-check").first().waitFor();
  await page.locator(".compreface-pack").first().waitFor();
}

/** Every check, the engine tested with keys alone. */
export async function health(stage) {
  const { page, given } = stage;
  await open(stage);
  const panels = await page.locator(".compreface-health-panel").count();
  const checks = await page.locator(".compreface-check strong").allTextContents();
  const told = await page.locator(".compreface-checks").innerText();
  await press(page, check(page, "Engine").getByRole("button", { name: given.test }));
  await check(page, "Engine").getByText(given.passed).waitFor();
  const engine = await check(page, "Engine").locator("dl").innerText();
  return { panels, checks, told, engine, violations: await stage.axe() };
}

/** What is wrong with a key, and where it was looked. */
export async function compreface(stage) {
  const { page } = stage;
  await open(stage);
  await press(page, check(page, "CompreFace").getByRole("button", { name: "Test the connection" }));
  await check(page, "CompreFace").getByText("CompreFace answers at").waitFor();
  const told = await check(page, "CompreFace").innerText();
  return { told, violations: await stage.axe() };
}

/** A pack is fetched with keys alone, once its terms are accepted, and taken into use. */
export async function install(stage) {
  const { page } = stage;
  await open(stage);
  await pack(page, "buffalo_l").getByRole("button", { name: /^Install/ }).click();
  const terms = await pack(page, "buffalo_l").locator("form").innerText();
  const refused = await pack(page, "buffalo_l").getByRole("button", { name: "Fetch and install" }).isDisabled();
  const violations = await stage.axe();
  await pack(page, "buffalo_l").getByRole("button", { name: "Cancel" }).click();
  await pressUntilFocused(page, "Tab", pack(page, "light").getByRole("button", { name: /^Install/ }), 80);
  const first = await focused(page);
  await page.keyboard.press("Enter");
  await pressUntilFocused(page, "Tab", pack(page, "light").getByRole("checkbox"));
  await page.keyboard.press("Space");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await pack(page, "light").getByText("installed", { exact: true }).waitFor();
  await press(page, pack(page, "light").getByRole("button", { name: /^Use/ }));
  await pack(page, "light").getByText("in use").waitFor();
  await check(page, "Engine").getByText("light").waitFor();
  await page.getByRole("button", { name: "Write aliases" }).last().click(); // the host's own form
  return { terms, refused, first, violations };
}
