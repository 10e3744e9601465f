import { renameSync } from "node:fs";
import { press, pressUntilFocused } from "./tools.mjs";

const desk = (page) => page.locator(".compreface-desk");
const card = (page) => page.locator(".compreface-proposal");
const face = async (page) => Number(await card(page).getAttribute("data-face"));
const button = (page, name) => page.getByRole("button", { name, exact: true });

async function open({ page, address }, query = "") {
  await page.goto(`${address}/plugins/compreface${query}`);
}

const total = async (page) => (await page.locator(".compreface-share span").innerText()).split(" ")[2];

/** Until everything that was decided has reached the library. */
async function saved(page) {
  await page.waitForFunction(() => Object.keys(localStorage).every((key) => !key.includes(".outbox.")));
}

/** Says something by a key; the face it was about. The next one is there before the plugin has answered. */
async function say(page, key) {
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
  const asked = [];
  page.on("request", (each) => asked.push(...(each.postData() ?? "").matchAll(/"mode":"(\w+)"/g)));
  await page.goto(`${address}/images/1`);
  await page.getByRole("button", { name: "Faces" }).first().waitFor();
  const entry = page.locator(".compreface-menu-item");
  await pressUntilFocused(page, "Tab", entry);
  await page.keyboard.press("Enter");
  await card(page).waitFor();
  const focused = await desk(page).evaluate((each) => each === document.activeElement);
  const violations = await axe();
  const seen = { focused, violations, asked: asked.map((each) => each[1]) };
  seen.name = (await card(page).locator(".compreface-name").innerText()).trim();
  seen.accepted = await say(page, "y");
  seen.rejected = await say(page, "n");
  seen.noFace = await say(page, "x");
  seen.ignored = await say(page, "i");
  seen.other = { name: await card(page).locator(".compreface-candidate-name").first().innerText() };
  seen.other.face = await say(page, "2");
  const later = await say(page, "ArrowDown");
  await say(page, "ArrowUp");
  seen.back = (await face(page)) === later;
  await page.keyboard.press("s");
  await page.getByRole("textbox", { name: "Performer" }).fill("Collins");
  await pressUntilFocused(page, "Tab", page.locator(".performer-select button").first());
  await page.keyboard.press("Enter");
  await pressUntilFocused(page, "Tab", button(page, "Take this performer"));
  seen.picked = await face(page);
  await page.keyboard.press("Enter");
  await page.waitForFunction((old) => document.querySelector(".compreface-proposal").dataset.face !== String(old), seen.picked);
  const wrong = await say(page, "y");
  await saved(page);
  await page.keyboard.press("u");
  await page.waitForFunction((old) => document.querySelector(".compreface-proposal").dataset.face === String(old), wrong);
  seen.undone = wrong;
  await saved(page);
  seen.said = await page.locator(".compreface-desk > [role=status]").innerText();
  await press(page, button(page, "By item"));
  await page.locator("[aria-pressed=true]", { hasText: "By item" }).waitFor();
  await card(page).waitFor();
  return seen;
}

/** Sixty decisions among a thousand faces, by keys. What opening costs, whatever the machine: answers, bytes, elements. */
export async function pace({ page, address }) {
  const answers = [];
  page.on("response", (answer) => answer.url().endsWith("/graphql") && answers.push(answer.body()));
  await open({ page, address }, "?by=item");
  await card(page).waitFor();
  const bytes = (await Promise.all(answers)).map((each) => each.length);
  const cards = await card(page).count();
  const total = await page.locator(".compreface-share span").innerText();
  const accepted = [];
  for (let n = 0; n < 60; n++) accepted.push(await say(page, "y"));
  await saved(page);
  return { total, accepted, bytes, cards, nodes: await page.locator("#root *").count() };
}

/** The plugin cannot be reached: the page goes on, says so, and another visit sends what was decided. */
export async function offline({ page, address, axe }) {
  await open({ page, address }, "?by=item");
  await card(page).waitFor();
  const refuse = (route) =>
    (route.request().postData() ?? "").includes('"decide"') ? route.abort() : route.continue();
  await page.route("**/graphql", refuse);
  const faces = [await say(page, "y"), await say(page, "n"), await say(page, "y")];
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
  const first = await say(page, "y");
  const taken = await say(page, "y");
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
  await press(page, button(page, "Accept"));
  const box = page.locator(".compreface-refusals li").first();
  await box.waitFor();
  const words = await box.innerText();
  await press(page, box.getByRole("button", { name: "Forget it" }));
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

/** Whole galleries: somebody accepted, taken back, somebody denied; then only the faces of one gallery. */
export async function galleries({ page, address, axe, given }) {
  await open({ page, address }, "?by=item");
  await pressUntilFocused(page, "Tab", page.getByRole("combobox", { name: "Where the faces are" }));
  await page.keyboard.press("w"); // Whole galleries
  const row = page.locator(".compreface-gallery-row", { hasText: given.title });
  const people = row.locator(".compreface-person");
  await people.first().waitFor();
  const violations = await axe();
  const seen = await people.allInnerTexts();
  const on = people.nth(0).getByText("on the gallery");
  await press(page, people.nth(0), "y");
  await on.waitFor();
  await page.keyboard.press("u");
  await on.waitFor({ state: "detached" });
  await page.keyboard.press("y");
  await on.waitFor();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("n");
  await people.nth(1).getByText("not in it, you said").waitFor();
  await press(page, row.getByRole("button", { name: /Decide about/ }));
  await card(page).waitFor();
  const narrowed = await total(page);
  await press(page, button(page, `Only ${given.title}`));
  await page.waitForFunction((old) => document.querySelector(".compreface-share span")?.innerText.split(" ")[2] !== old, narrowed);
  await press(page, button(page, "One gallery…"));
  await page.getByRole("textbox", { name: "Gallery" }).fill(given.title);
  await press(page, page.locator(".gallery-select button").first());
  await button(page, `Only ${given.title}`).waitFor();
  await page.waitForFunction((old) => document.querySelector(".compreface-share span")?.innerText.split(" ")[2] === old, narrowed);
  return { seen, narrowed, violations };
}

/** Groups, by keys: merged, looked through and divided, named by a name like a script, taken back, set aside. */
export async function clusters({ page, address, axe }) {
  const name = "<img src=x onerror=alert(1)>";
  await open({ page, address }, "?tab=unknown");
  const groups = page.locator(".compreface-cluster");
  await groups.first().waitFor();
  const violations = await axe();
  const read = () => page.locator(".compreface-clusters[aria-busy=false]").waitFor(); // the list as it is after the word
  const sizes = () => groups.locator("strong").allInnerTexts();
  const before = await sizes();
  await press(page, groups.nth(0).getByRole("checkbox"), "Space");
  await press(page, groups.nth(1).getByRole("checkbox"), "Space");
  await press(page, page.getByRole("button", { name: "One person: merge 2" }));
  await page.getByText("2 groups are one person now.").waitFor();
  await page.waitForFunction((n) => document.querySelectorAll(".compreface-cluster").length === n - 1, before.length);
  const merged = await sizes();
  await press(page, groups.nth(0).locator(".compreface-samples"));
  const tiles = page.locator(".compreface-member");
  await tiles.first().waitFor();
  violations.push(...(await axe()));
  await press(page, tiles.nth(0).getByRole("checkbox"), "Space");
  await press(page, button(page, "Another person: split off"), "Enter", "Shift+Tab");
  await page.getByText("The chosen faces are a group of their own.").waitFor();
  await read();
  await press(page, groups.nth(0).getByRole("button", { name: "New performer" }));
  await page.keyboard.type(name);
  await page.keyboard.press("Enter");
  await page.getByText(`${name} is on`).waitFor();
  await press(page, button(page, "Undo"));
  await page.getByText("Taken back.").waitFor();
  await read();
  const kept = await page.evaluate(() => document.querySelector(".compreface-review").contains(document.activeElement));
  await press(page, groups.nth(0).getByRole("button", { name: "Somebody of the library" }));
  await page.getByRole("textbox", { name: "Performer" }).fill("Collins");
  await press(page, page.locator(".performer-select").getByRole("button", { name: "Eileen Collins" }));
  await press(page, button(page, "Take this performer"));
  await page.getByText("Eileen Collins is on").waitFor();
  await read();
  const left = await groups.count();
  await press(page, groups.nth(0).getByRole("button", { name: "Ignore" }));
  await page.getByText("Noted: this person is ignored.").waitFor();
  await page.waitForFunction((n) => document.querySelectorAll(".compreface-cluster").length < n, left);
  return { before, merged, kept, violations };
}

/** By keys: looked through, applied in part and whole, taken back; another one deleted. */
export async function plans({ page, address, axe, given }) {
  await open({ page, address }, "?tab=plans");
  const row = (name) => page.locator(".compreface-rows > .compreface-row", { hasText: name });
  const first = row("first");
  await first.waitFor();
  await press(page, first.getByRole("button", { name: "Look through" }));
  await page.locator(".compreface-diff-item").first().waitFor();
  const violations = await axe();
  const item = page.locator(".compreface-diff-item", { hasText: given.title });
  const diff = await item.innerText();
  const apply = async () => {
    await press(page, page.getByRole("checkbox", { name: `Choose ${given.title}` }), "Space");
    await press(page, page.getByRole("button", { name: "Apply the 1 chosen" }));
    await page.getByText(/changes made/).waitFor();
    await item.waitFor({ state: "detached" });
  };
  await apply();
  const album = row("People of one gallery");
  await press(page, album.getByRole("button", { name: "Apply all" }));
  await album.waitFor({ state: "detached" });
  await press(page, first.getByRole("button", { name: "Delete plan" }));
  const ask = page.getByRole("dialog");
  violations.push(...(await axe(".modal")));
  await press(page, ask.getByRole("button", { name: "Delete plan" }));
  await page.getByText(/changes forgotten/).waitFor();
  await page.getByRole("heading", { name: "No plan waits" }).waitFor();
  return { diff, violations };
}

/** By keys: what runs, what failed and why; tried again, taken back. */
export async function runs({ page, address, axe, given }) {
  await open({ page, address }, "?tab=runs");
  const row = (name) => page.locator(".compreface-rows > .compreface-row", { hasText: name });
  await row("Identify Unscanned Images").first().waitFor();
  const failed = page.getByRole("button", { name: "1 failed" }).first();
  await press(page, failed);
  await page.locator(".compreface-failure").waitFor();
  const reason = await page.locator(".compreface-failure").innerText();
  const violations = await axe();
  renameSync(given.away, given.back);
  await press(page, button(page, "Try what failed again"));
  await row("Retry Failed").waitFor();
  await failed.waitFor({ state: "detached" });
  const learned = row("Retry Failed").first();
  await press(page, learned.getByRole("button", { name: "Undo" }));
  violations.push(...(await axe(".modal")));
  await press(page, page.getByRole("dialog").getByRole("button", { name: "Undo" }));
  await learned.getByRole("button", { name: "Undo" }).waitFor({ state: "detached" });
  return { reason, violations };
}

/** A run in progress: how far it is, stopped by keys. */
export async function stop({ page, address }) {
  await open({ page, address }, "?tab=runs");
  const row = page.locator(".compreface-rows > .compreface-row").first();
  await press(page, row.getByRole("button", { name: "Stop" }));
  await row.getByText("stopped", { exact: true }).waitFor();
  const go = row.getByRole("button", { name: "Go on" });
  return { words: await row.innerText(), canGoOn: await go.isVisible() };
}

/** Counts, the curve, and another threshold chosen by the errors it makes, by keys. */
export async function numbers({ page, address, axe }) {
  await open({ page, address }, "?tab=numbers");
  await page.locator(".compreface-number-card").first().waitFor();
  await page.locator(".compreface-plot svg").waitFor();
  const work = page.getByRole("region", { name: "Work and time" });
  const task = work.getByRole("row", { name: /^Synchronize Performers/ });
  const show = page.getByLabel("Show");
  await press(page, button(task, "Steps of Synchronize Performers"));
  const steps = await work.locator(".compreface-steps li").allInnerTexts();
  await press(page, show, "End");
  await work.locator(".compreface-steps").waitFor({ state: "detached" });
  const runs = await work.locator("tbody tr").allInnerTexts();
  await press(page, show, "Home");
  await press(page, button(task, "Steps of Synchronize Performers"));
  const violations = await axe();
  const slider = page.getByRole("slider");
  const values = [];
  await press(page, slider, "Home");
  for (let n = 0; n < 3; n++) {
    values.push(await slider.getAttribute("aria-valuetext"));
    await page.keyboard.press("ArrowRight");
  }
  await page.keyboard.press("End");
  await press(page, button(page, "Use this threshold"));
  const told = page.getByText(/From now on similarity/);
  await told.waitFor();
  const counts = await page.locator(".compreface-number-card dl").allInnerTexts();
  return { values, set: await told.innerText(), violations, steps, runs, counts };
}
