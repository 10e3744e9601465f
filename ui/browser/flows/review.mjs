import { renameSync } from "node:fs";
import { noteLongTasks, pressUntilFocused } from "./tools.mjs";

const desk = (page) => page.locator(".compreface-desk");
const card = (page) => page.locator(".compreface-proposal");
const face = async (page) => Number(await card(page).getAttribute("data-face"));
const button = (page, name) => page.getByRole("button", { name, exact: true });

async function open({ page, address }, query = "") {
  await page.goto(`${address}/plugins/compreface${query}`);
}

/** Until everything that was decided has reached the library. */
async function saved(page) {
  await page.waitForFunction(() => Object.keys(localStorage).every((key) => !key.includes(".outbox.")));
}

/** Presses a key; the face it was about. The next one is there before the plugin has answered. */
async function press(page, key) {
  const before = await face(page);
  await page.keyboard.press(key);
  await page.waitForFunction(
    (old) => document.querySelector(".compreface-proposal")?.dataset.face !== String(old),
    before,
    { timeout: 5000 },
  );
  return before;
}

/** By keys alone, from the menu on: accepted, rejected, set aside, another candidate, somebody else, taken back. */
export async function keyboard({ page, address, axe }) {
  await page.goto(`${address}/images/1`);
  const entry = page.locator(".compreface-menu-item");
  await entry.waitFor();
  await pressUntilFocused(page, "Tab", entry);
  await page.keyboard.press("Enter");
  await card(page).waitFor();
  const focused = await desk(page).evaluate((each) => each === document.activeElement);
  const violations = await axe();
  const seen = { focused, violations };
  seen.name = (await card(page).locator(".compreface-name").innerText()).trim();
  seen.accepted = await press(page, "y");
  seen.rejected = await press(page, "n");
  seen.noFace = await press(page, "x");
  seen.ignored = await press(page, "i");
  seen.other = { name: await card(page).locator(".compreface-candidate-name").first().innerText() };
  seen.other.face = await press(page, "2");
  const later = await press(page, "ArrowDown");
  await press(page, "ArrowUp");
  seen.back = (await face(page)) === later;
  await page.keyboard.press("s");
  await page.getByRole("textbox", { name: "Performer" }).fill("Collins");
  await pressUntilFocused(page, "Tab", page.locator(".performer-select button").first());
  await page.keyboard.press("Enter");
  await pressUntilFocused(page, "Tab", button(page, "Take this performer"));
  seen.picked = await face(page);
  await page.keyboard.press("Enter");
  await page.waitForFunction((old) => document.querySelector(".compreface-proposal").dataset.face !== String(old), seen.picked);
  const wrong = await press(page, "y");
  await saved(page);
  await page.keyboard.press("u");
  await page.waitForFunction((old) => document.querySelector(".compreface-proposal").dataset.face === String(old), wrong);
  seen.undone = wrong;
  await saved(page);
  seen.said = await page.locator(".compreface-desk > [role=status]").innerText();
  return seen;
}

/** Sixty decisions among a thousand faces, by keys; what holds the page up. */
export async function pace({ page, address }) {
  const longTasks = await noteLongTasks(page);
  await open({ page, address }, "?by=item");
  await card(page).waitFor();
  const opening = await longTasks();
  const total = await page.locator(".compreface-share span").innerText();
  const accepted = [];
  const begun = Date.now();
  for (let n = 0; n < 60; n++) accepted.push(await press(page, "y"));
  const seconds = (Date.now() - begun) / 1000;
  const deciding = await longTasks();
  await saved(page);
  return { total, accepted, seconds, opening, deciding, saving: await longTasks(), nodes: await page.locator(".compreface *").count() };
}

/** The plugin cannot be reached: the page goes on, says so, and another visit sends what was decided. */
export async function offline({ page, address, axe }) {
  await open({ page, address }, "?by=item");
  await card(page).waitFor();
  const refuse = (route) =>
    (route.request().postData() ?? "").includes('"decide"') ? route.abort() : route.continue();
  await page.route("**/graphql", refuse);
  const faces = [await press(page, "y"), await press(page, "n"), await press(page, "y")];
  const trouble = page.locator(".compreface-failed", { hasText: "3 decisions are not saved yet" });
  await trouble.waitFor();
  const violations = await axe();
  await page.unroute("**/graphql", refuse);
  await page.goto(`${address}/images/1`);
  await page.locator(".compreface-menu-item").waitFor();
  await saved(page);
  return { faces, violations };
}

/** Away by the menu right after a decision: it reaches the library all the same. */
export async function leave({ page, address }) {
  await open({ page, address }, "?by=item");
  await card(page).waitFor();
  const first = await press(page, "y");
  const taken = await press(page, "y");
  await page.keyboard.press("u"); // before it was sent
  await page.getByRole("link", { name: "Images" }).click();
  await card(page).waitFor({ state: "detached" });
  await saved(page);
  return { first, taken };
}

/** What cannot be carried out is said, with the reason. */
export async function refused({ page, address, given }) {
  await open({ page, address }, `?image=${given.image}`);
  await card(page).waitFor();
  await page.evaluate(
    (id) =>
      fetch("/graphql", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ query: `mutation { imageDestroy(input: {id: ${id}}) }` }),
      }),
    given.image,
  );
  await button(page, "Accept").click();
  const box = page.locator(".compreface-refusals li").first();
  await box.waitFor();
  const words = await box.innerText();
  await box.getByRole("button", { name: "Forget it" }).click();
  await box.waitFor({ state: "detached" });
  return { words };
}

/** On a phone, from right to left, in a language of its own; and nothing to decide. */
export async function places({ page, address, axe, given }) {
  await page.setViewportSize({ width: 390, height: 800 });
  await open({ page, address }, "?locale=de-DE");
  await page.evaluate(() => document.documentElement.setAttribute("dir", "rtl"));
  await card(page).waitFor();
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  if (given.picture) await page.screenshot({ path: given.picture });
  const violations = await axe();
  const names = await page.locator(".compreface-decide .btn").allInnerTexts();
  await open({ page, address }, "?image=999999");
  await page.getByRole("heading", { name: "Nothing waits" }).waitFor();
  violations.push(...(await axe()));
  return { wide, names, violations };
}

/** Groups: merged, looked through and divided, named by a name like a script, taken back, set aside. */
export async function clusters({ page, address, axe }) {
  const name = "<img src=x onerror=alert(1)>";
  await open({ page, address }, "?tab=unknown");
  const groups = page.locator(".compreface-cluster");
  await groups.first().waitFor();
  const violations = await axe();
  const before = await groups.count();
  const sizes = () => groups.locator("strong").allInnerTexts();
  const at = await sizes();
  await groups.nth(0).getByRole("checkbox").check();
  await groups.nth(1).getByRole("checkbox").check();
  await page.getByRole("button", { name: "One person: merge 2" }).click();
  await page.getByText("2 groups are one person now.").waitFor();
  await page.waitForFunction((n) => document.querySelectorAll(".compreface-cluster").length === n - 1, before);
  const merged = await sizes();
  await groups.nth(0).locator(".compreface-samples").click();
  const tiles = page.locator(".compreface-member");
  await tiles.first().waitFor();
  violations.push(...(await axe()));
  await tiles.nth(0).getByRole("checkbox").check();
  await button(page, "Another person: split off").click();
  await page.getByText("The chosen faces are a group of their own.").waitFor();
  await groups.first().waitFor();
  const group = groups.nth(0);
  await group.getByRole("button", { name: "New performer" }).click();
  await group.locator("input.text-input").fill(name);
  await group.getByRole("button", { name: "Create" }).click();
  await page.getByText(`${name} is on`).waitFor();
  await button(page, "Undo").click();
  await page.getByText("Taken back.").waitFor();
  await groups.nth(0).getByRole("button", { name: "Somebody of the library" }).click();
  await page.getByRole("textbox", { name: "Performer" }).fill("Collins");
  await page.locator(".performer-select").getByRole("button", { name: "Eileen Collins" }).click();
  await button(page, "Take this performer").click();
  await page.getByText("Eileen Collins is on").waitFor();
  return { before: at, merged, violations };
}

/** Looked through, applied in part and whole, taken back; another one deleted. */
export async function plans({ page, address, axe, given }) {
  await open({ page, address }, "?tab=plans");
  const row = (name) => page.locator(".compreface-rows > .compreface-row", { hasText: name });
  await row("first").waitFor();
  await row("first").getByRole("button", { name: "Look through" }).click();
  await page.locator(".compreface-diff-item").first().waitFor();
  const violations = await axe();
  const diff = await page.locator(".compreface-diff-item", { hasText: given.title }).innerText();
  await page.getByRole("checkbox", { name: `Choose ${given.title}` }).check();
  await page.getByRole("button", { name: "Apply the 1 chosen" }).click();
  await page.getByText(/changes made/).waitFor();
  await page.locator(".compreface-diff-item", { hasText: given.title }).waitFor({ state: "detached" });
  const album = row("People of one gallery");
  await album.getByRole("button", { name: "Look through" }).click();
  await album.getByRole("checkbox", { name: "Choose Album" }).check();
  await album.getByRole("button", { name: "Apply the 1 chosen" }).click();
  await album.waitFor({ state: "detached" });
  await row("first").getByRole("button", { name: "Delete plan" }).click();
  const ask = page.getByRole("dialog");
  violations.push(...(await axe(".modal")));
  await ask.getByRole("button", { name: "Delete plan" }).click();
  await page.getByText(/changes forgotten/).waitFor();
  await page.getByRole("heading", { name: "No plan waits" }).waitFor();
  return { diff, violations };
}

/** What runs, what failed and why; tried again, stopped, gone on with, taken back. */
export async function runs({ page, address, axe, given }) {
  await open({ page, address }, "?tab=runs");
  const row = (name) => page.locator(".compreface-rows > .compreface-row", { hasText: name });
  await row("Identify Unscanned Images").first().waitFor();
  const failed = page.getByRole("button", { name: "1 failed" }).first();
  await failed.click();
  await page.locator(".compreface-failure").waitFor();
  const reason = await page.locator(".compreface-failure").innerText();
  const violations = await axe();
  renameSync(given.away, given.back);
  await button(page, "Try what failed again").click();
  await row("Retry Failed").waitFor();
  await failed.waitFor({ state: "detached" });
  const learned = row("Retry Failed").first();
  await learned.getByRole("button", { name: "Undo" }).click();
  violations.push(...(await axe(".modal")));
  await page.getByRole("dialog").getByRole("button", { name: "Undo" }).click();
  await learned.getByRole("button", { name: "Undo" }).waitFor({ state: "detached" });
  return { reason, violations };
}

/** A run in progress: how far it is, stopped from here. */
export async function stop({ page, address }) {
  await open({ page, address }, "?tab=runs");
  const row = page.locator(".compreface-rows > .compreface-row").first();
  await row.getByRole("button", { name: "Stop" }).click();
  await row.getByText("stopped", { exact: true }).waitFor();
  const go = row.getByRole("button", { name: "Go on" });
  return { words: await row.innerText(), canGoOn: await go.isVisible() };
}

/** Counts, the curve, and another threshold chosen by the errors it makes. */
export async function numbers({ page, address, axe }) {
  await open({ page, address }, "?tab=numbers");
  await page.locator(".compreface-number-card").first().waitFor();
  const plot = page.locator(".compreface-plot svg");
  await plot.waitFor();
  const work = page.getByRole("region", { name: "Work and time" });
  const task = work.getByRole("row", { name: /^Synchronize Performers/ });
  await button(task, "Steps of Synchronize Performers").click();
  const steps = await work.locator(".compreface-steps li").allInnerTexts();
  await page.getByLabel("Show").selectOption("single runs");
  const runs = await work.locator("tbody tr").allInnerTexts();
  await page.getByLabel("Show").selectOption("by task");
  await button(task, "Steps of Synchronize Performers").click();
  const violations = await axe();
  const slider = page.getByRole("slider");
  const values = [];
  await slider.focus();
  await page.keyboard.press("Home");
  for (let n = 0; n < 3; n++) {
    values.push(await slider.getAttribute("aria-valuetext"));
    await page.keyboard.press("ArrowRight");
  }
  await page.keyboard.press("End");
  const apply = button(page, "Use this threshold");
  const can = await apply.isEnabled();
  let set = "";
  if (can) {
    await apply.click();
    const told = page.getByText(/From now on similarity/);
    await told.waitFor();
    set = await told.innerText();
  }
  return { values, can, set, violations, steps, runs, counts: await page.locator(".compreface-number-card dl").allInnerTexts() };
}
