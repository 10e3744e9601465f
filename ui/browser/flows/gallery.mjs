import { jobNews, noteWords, pressUntilFocused, queueScan, startWith, type } from "./tools.mjs";

const people = (page) => page.locator(".compreface-person", { has: page.locator("a") });
const person = (page, name) => page.locator(".compreface-person", { hasText: name });
const onGallery = (page) => page.locator(".gallery-tabs .performer-card").allTextContents();

async function find({ page, address, given }) {
  await page.goto(`${address}/galleries/${given.gallery}?plugins=${given.plugins ?? "compreface"}`);
  await page.getByRole("button", { name: "People in this gallery" }).click();
  await page.getByRole("button", { name: "Find people" }).click();
}

/**
 * Look at all images, told by subscription alone; stop on the way, by keys; go on, told by asking alone once the socket
 * is broken; let another task pass; accept all that is sure, take it back.
 */
export async function identify(stage) {
  const { page } = stage;
  await startWith(page, { giveWaySeconds: 0.1, maxBatchSize: 1, cooldownSeconds: 1.5 });
  const words = await noteWords(page, ".compreface-progress p");
  const news = await jobNews(page);
  news.asking = false;
  await find(stage);
  await page.getByRole("progressbar").waitFor();
  const violations = await stage.axe();
  await page.locator(".compreface-progress span", { hasText: /[1-9]\d*%/ }).waitFor();
  await pressUntilFocused(page, "Tab", page.getByRole("button", { name: "Stop" }));
  await page.keyboard.press("Enter");
  const stopped = page.locator(".compreface-gallery .compreface-box");
  await stopped.waitFor();
  const reached = await stopped.innerText();
  const { told } = news;
  await news.breakSocket();
  news.asking = true;
  violations.push(...(await stage.axe()));
  await pressUntilFocused(page, "Tab", page.getByRole("button", { name: "Go on" }));
  await page.keyboard.press("Enter");
  await page.getByRole("progressbar").waitFor();
  await queueScan(page);
  await people(page).first().waitFor();
  const written = await onGallery(page);
  const seen = await people(page).allInnerTexts();
  await person(page, "Barack Obama").getByRole("button", { name: "2 images" }).click();
  await page.locator(".compreface-thumbnails img").nth(1).waitFor();
  violations.push(...(await stage.axe()));
  await page.getByRole("button", { name: "Accept: Barack Obama" }).click();
  await page.locator(".gallery-tabs .performer-card", { hasText: "Barack Obama" }).waitFor();
  await person(page, "Barack Obama").getByText("on the gallery").waitFor();
  await page.getByRole("button", { name: "Undo: Barack Obama" }).click();
  await page.locator(".gallery-tabs .performer-card").waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Accept: Barack Obama" }).waitFor();
  return { told, toldAfter: news.told - told, reached, words: await words(), written, seen, violations };
}

/** With keys: somebody accepted on the images too, somebody denied; a stranger gets a name, the others neutral ones. */
export async function keyboard(stage) {
  const { page, address, given } = stage;
  await page.goto(`${address}/galleries/${given.gallery}?plugins=rude,compreface`);
  await page.getByRole("button", { name: "People in this gallery" }).waitFor();
  await type(page, "x f");
  await page.getByLabel("Also put people on the images").waitFor();
  await pressUntilFocused(page, "Tab", page.getByLabel("Also put people on the images"));
  await page.keyboard.press("Space");
  await pressUntilFocused(page, "Tab", people(page).first());
  await page.keyboard.press("y");
  await page.locator(".gallery-tabs .performer-card", { hasText: "Barack Obama" }).waitFor();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("n");
  await page.getByText("not in it, you said").waitFor();
  const stranger = page.locator(".compreface-unknown .compreface-person").first();
  await pressUntilFocused(page, "Tab", stranger.getByRole("button", { name: "New performer" }), 60);
  await page.keyboard.press("Enter");
  await page.keyboard.type("Somebody New");
  await page.keyboard.press("Enter");
  await page.locator(".compreface-undo", { hasText: "Somebody New" }).waitFor();
  const on = await onGallery(page);
  await pressUntilFocused(page, "Tab", page.getByRole("button", { name: "New performers of everybody seen here" }), 60);
  await page.keyboard.press("Enter");
  const done = page.locator(".compreface-undo", { hasText: "created and added" });
  await done.waitFor();
  const made = [(await done.innerText()).trim(), await onGallery(page)];
  await pressUntilFocused(page, "Tab", done.getByRole("button", { name: "Undo" }), 60);
  await page.keyboard.press("Enter");
  await page.locator(".gallery-tabs .performer-card", { hasText: /^Person / }).first().waitFor({ state: "detached" });
  return { on, made, violations: await stage.axe() };
}

/** A task that nobody can start, and a gallery without images. */
export async function failed(stage) {
  const { page, address, given } = stage;
  await find(stage);
  const box = page.locator(".compreface-failed");
  await box.waitFor();
  const message = await box.innerText();
  await page.goto(`${address}/galleries/${given.empty}?locale=fr-FR`);
  await page.getByRole("heading", { name: "Cette galerie n’a pas d’images" }).waitFor();
  return { message, violations: await stage.axe() };
}

/** The entry in the menu of the host's list: only with something selected, and it says that it waits. */
export async function selected({ page, address, given }) {
  await page.goto(`${address}/galleries/${given.gallery}?plugins=${given.plugins}&stash=${given.stash}`);
  const entry = page.getByRole("button", { name: "Identify faces of selected" });
  await page.getByLabel(`Image ${given.images[0]}`, { exact: true }).waitFor();
  const before = await entry.count();
  for (const image of given.images) await page.getByLabel(`Image ${image}`, { exact: true }).check();
  await entry.click();
  const told = page.getByRole("alert");
  await told.waitFor();
  return { before, told: await told.innerText() };
}
