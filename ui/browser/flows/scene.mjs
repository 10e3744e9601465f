import { press, pressUntilFocused, type } from "./tools.mjs";

const cards = (page) => page.locator(".compreface-card");
const card = (page, name) => page.locator(`.compreface-card[aria-label*="${name}"]`);
const performers = (page) => page.locator(".performer-card").allTextContents();
const onPage = (page, name) => page.locator(".performer-card", { hasText: name }).waitFor({ state: "attached" });
const played = (page) => page.locator("video").evaluate((video) => video.currentTime);

/** Look at the film as a task, go to where somebody is seen, accept, take back. */
export async function accept({ page, address, given, axe }) {
  await page.goto(`${address}/scenes/${given.scene}?plugins=compreface,rude`);
  await page.getByRole("tab", { name: "Faces" }).waitFor();
  await type(page, "x f"); // the player has the focus, and its own use for f
  const full = await page.locator(".vjs-fullscreen").count();
  await press(page, page.getByRole("button", { name: "Find faces" }));
  await page.getByRole("progressbar").waitFor();
  await cards(page).nth(1).waitFor();
  const violations = await axe();
  const bars = await page.locator(".compreface-bar").evaluateAll((all) => all.map((bar) => bar.getAttribute("aria-label")));
  await page.locator(".compreface-bar").nth(1).click();
  await page.waitForFunction(() => document.querySelector("video").currentTime > 0);
  const jumped = await played(page);
  await card(page, given.name).getByRole("button", { name: /Best frame/ }).click();
  await page.locator(".compreface-frame").waitFor();
  const frame = await page.locator(".compreface-frame").evaluate((each) => {
    const shown = document.querySelector("video");
    const area = shown.getBoundingClientRect();
    const box = each.getBoundingClientRect();
    const scale = Math.min(area.width / shown.videoWidth, area.height / shown.videoHeight);
    const left = area.left + (area.width - shown.videoWidth * scale) / 2;
    const top = area.top + (area.height - shown.videoHeight * scale) / 2;
    const [width, height] = [shown.videoWidth * scale, shown.videoHeight * scale];
    return [(box.left - left) / width, (box.top - top) / height, (box.right - left) / width, (box.bottom - top) / height];
  });
  const held = await played(page);
  const words = await page.locator(".compreface-frame").getAttribute("aria-label");
  await page.locator(".compreface-frame").focus();
  await page.keyboard.press("ArrowRight"); // the player would go on by ten seconds
  await page.keyboard.press("Enter");
  await card(page, given.name).and(page.locator(":focus")).waitFor();
  const told = { words, at: await played(page), playing: await page.locator("[data-played]").count() };
  await press(page, card(page, given.name).getByRole("button", { name: /^Accept/ }));
  await onPage(page, given.name);
  const after = await performers(page);
  await press(page, card(page, given.name).getByRole("button", { name: /^Undo/ }));
  await page.locator(".performer-card").waitFor({ state: "detached" });
  await page.getByRole("tab", { name: "Details" }).click();
  await page.locator(".compreface-frame").waitFor({ state: "detached" });
  return { full, bars, jumped, held, told, frame, after, violations };
}

/** The same with keys: what is known already is shown at once; along the bars, over the cards, a new performer. */
export async function keyboard({ page, address, given, axe }) {
  await page.goto(`${address}/scenes/${given.scene}?plugins=rude,compreface&locale=ja-JP`);
  await page.getByRole("tab", { name: "顔" }).waitFor();
  await type(page, "x f");
  await cards(page).first().waitFor();
  const bars = page.locator(".compreface-bar");
  await pressUntilFocused(page, "Tab", bars.first());
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.querySelector("video").currentTime > 0);
  await type(page, "x n");
  await cards(page).first().and(page.locator(":focus")).waitFor();
  await page.keyboard.press("n");
  await cards(page).first().getByRole("button", { name: /元に戻す|取り消/ }).waitFor();
  await page.keyboard.press("u");
  await cards(page).first().getByRole("button", { name: /元に戻す|取り消/ }).waitFor({ state: "detached" });
  await page.locator(".compreface-card[aria-busy=true]").waitFor({ state: "detached" });
  await card(page, given.name).focus();
  await page.keyboard.press("y");
  await onPage(page, given.name);
  return { violations: await axe() };
}

/** The file is gone: the task says nothing, the question after it says why. */
export async function failed({ page, address, given, axe }) {
  await page.goto(`${address}/scenes/${given.scene}`);
  await page.getByRole("tab", { name: "Faces" }).click();
  await page.getByRole("button", { name: "Find faces" }).click();
  const box = page.locator(".compreface-failed");
  await box.waitFor();
  return { message: await box.innerText(), violations: await axe() };
}
