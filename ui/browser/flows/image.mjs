import { renameSync } from "node:fs";
import { focused, press, pressUntilFocused, type, watchLongTasks } from "./tools.mjs";

const cards = (page) => page.locator(".compreface-card");
const confirmed = (page) => page.locator(".compreface-card", { hasText: "confirmed by you" });
const performers = (page) => page.locator(".performer-card").allTextContents();
const onPage = (page, name) => page.locator(".performer-card", { hasText: name }).waitFor({ state: "attached" });
const offPage = (page, name) => page.locator(".performer-card", { hasText: name }).waitFor({ state: "detached" });

async function open({ page, address, given }, query = "") {
  await page.goto(`${address}/images/${given.image}${query}`);
  await page.getByRole("tab", { name: /Faces|Gesichter/ }).click();
}

async function detect(page) {
  await page.getByRole("button", { name: /Find faces|Gesichter suchen/ }).click();
  await cards(page).first().waitFor();
}

/** Frames must lie on the picture, where the boxes of the faces say. */
async function frames(page) {
  return page.evaluate(() => {
    const picture = document.querySelector(".image-image").getBoundingClientRect();
    return [...document.querySelectorAll(".compreface-frame")].map((frame) => {
      const box = frame.getBoundingClientRect();
      return [
        (box.left - picture.left) / picture.width,
        (box.top - picture.top) / picture.height,
        (box.right - picture.left) / picture.width,
        (box.bottom - picture.top) / picture.height,
      ];
    });
  });
}

/** Detect, accept all that is sure, take one back. */
export async function accept(stage) {
  const { page, given } = stage;
  await open(stage, `?plugins=${given.plugins ?? "compreface"}`);
  await detect(page);
  const wide = await frames(page);
  await page.setViewportSize({ width: 1000, height: 600 });
  await page.waitForTimeout(300);
  const narrow = await frames(page);
  await page.locator(".compreface-crop img").first().waitFor();
  const violations = await stage.axe();
  const first = cards(page).first();
  const name = await first.locator(".compreface-name a").innerText();
  await first.getByRole("button", { name: /^Accept/ }).click();
  await confirmed(page).first().waitFor();
  await onPage(page, name);
  const after = await performers(page);
  await cards(page)
    .nth(1)
    .getByRole("button", { name: /^Accept/ })
    .click();
  await confirmed(page).nth(1).waitFor();
  await first.getByRole("button", { name: "Undo" }).click();
  await first.getByRole("button", { name: /^Accept/ }).waitFor();
  await offPage(page, name);
  return { wide, narrow, name, after, left: await performers(page), violations };
}

/** The same with keys only: to the tab, to the button, over the cards. */
export async function keyboard({ page, address, given }) {
  await page.goto(`${address}/images/${given.image}?plugins=${given.plugins ?? "compreface"}`);
  const tab = page.getByRole("tab", { name: "Faces" });
  await pressUntilFocused(page, "Tab", page.getByRole("tab", { name: "Info" }));
  await pressUntilFocused(page, "ArrowRight", tab, 2);
  const first = await focused(page);
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Find faces" }).waitFor();
  await page.keyboard.press("Tab");
  const second = await focused(page);
  await page.keyboard.press("Enter");
  await cards(page).first().waitFor();
  await pressUntilFocused(page, "Tab", cards(page).first());
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("y");
  await confirmed(page).first().waitFor();
  return { first, second, second_confirmed: (await cards(page).nth(1).innerText()).includes("confirmed by you") };
}

/** From anywhere on the page: the shortcut, all that is sure at once and back; not while the edit form is changed. */
export async function together(stage) {
  const { page, address, given } = stage;
  await page.goto(`${address}/images/${given.image}`);
  await page.getByRole("tab", { name: "Edit" }).click();
  await page.getByLabel("Title").fill("Two presidents");
  await page.getByRole("button", { name: "Show the faces of this picture" }).click();
  await detect(page);
  await type(page, "x a");
  await page.locator(".compreface-refused").nth(1).waitFor();
  const refused = await page.locator(".compreface-refused").first().innerText();
  const untouched = await performers(page);
  await page.getByRole("tab", { name: "Edit" }).click();
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("heading", { level: 3 }).click(); // out of the field, where letters are letters
  await type(page, "x f");
  await type(page, "x n");
  await cards(page).first().and(page.locator(":focus")).waitFor();
  await type(page, "x a");
  await confirmed(page).nth(1).waitFor();
  await onPage(page, "Joe Biden");
  const after = await performers(page);
  await page.getByRole("button", { name: "Take back all 2" }).click();
  await offPage(page, "Joe Biden");
  await offPage(page, "Barack Obama");
  return { refused, untouched, after };
}

/**
 * With keys alone: all strangers become performers, and are taken back; whoever has the name of a script becomes a
 * performer by that very name; not a face, and taken back; somebody of the library.
 */
export async function create(stage) {
  const { page } = stage;
  const name = "<img src=x onerror=alert(1)>";
  await open(stage);
  await detect(page);
  const all = page.getByRole("button", { name: /^New performers of \d unknown faces/ });
  await pressUntilFocused(page, "Tab", all, 60);
  const offered = await all.innerText();
  await page.keyboard.press("Enter");
  const back = page.getByRole("button", { name: /^Take back all \d new performers/ });
  await back.waitFor();
  await page.locator(".performer-card").nth(1).waitFor({ state: "attached" });
  const made = await performers(page);
  const violations = await stage.axe();
  await pressUntilFocused(page, "Tab", back, 60);
  await page.keyboard.press("Enter");
  await page.locator(".performer-card").first().waitFor({ state: "detached" });
  await all.waitFor();
  const card = cards(page).first();
  const idle = () => page.locator(".compreface-card[aria-busy=true]").waitFor({ state: "detached" });
  await press(page, card.getByRole("button", { name: /^New performer/ }));
  await page.keyboard.type(name);
  await press(page, card.getByRole("button", { name: "Create", exact: true }));
  await confirmed(page).first().waitFor();
  await onPage(page, name);
  const heading = await card.locator(".compreface-name a").innerText();
  await idle();
  await page.keyboard.press("u"); // the card has the focus again
  await offPage(page, name);
  await idle();
  await press(page, card.getByRole("button", { name: /^Not a face/ }));
  await card.getByRole("button", { name: "Undo" }).waitFor();
  await idle();
  await page.keyboard.press("u");
  await card.getByRole("button", { name: "Undo" }).waitFor({ state: "detached" });
  await idle();
  await page.keyboard.press("s");
  await pressUntilFocused(page, "Tab", card.getByRole("textbox", { name: "Performer" }));
  await page.keyboard.type("Collins");
  await press(page, card.getByRole("button", { name: "Eileen Collins" }));
  await press(page, card.getByRole("button", { name: "Take this performer" }));
  await confirmed(page).first().waitFor();
  await onPage(page, "Eileen Collins");
  return { offered, made, heading, violations };
}

/** Whoever is in the library, or on a stash-box, comes first, with a link; both can be taken back. */
export async function known(stage) {
  const { page } = stage;
  await open(stage);
  await detect(page);
  const card = cards(page).first();
  await card.getByRole("button", { name: /^New performer/ }).click();
  await card.locator("input").fill("eileen collins");
  await card.getByRole("button", { name: "Use Eileen Collins" }).waitFor();
  const links = [await card.locator(".compreface-elsewhere").getAttribute("href")];
  await card.locator("input").fill("Jane Doe");
  await card.getByRole("button", { name: "Create" }).click();
  await card.getByRole("button", { name: "Create without a link" }).waitFor();
  links.push(await card.locator(".compreface-elsewhere").getAttribute("href"));
  const violations = await stage.axe();
  await card.getByRole("button", { name: "Jane Doe (writer)" }).click();
  await confirmed(page).first().waitFor();
  await onPage(page, "Jane Doe");
  await page.locator(".compreface-card[aria-busy=true]").waitFor({ state: "detached" });
  const linked = await page.evaluate(async () => {
    const query = '{ findPerformers(filter: {q: "Jane Doe"}) { performers { stash_ids { endpoint stash_id } } } }';
    const body = JSON.stringify({ query });
    const answer = await fetch("/graphql", { method: "POST", headers: { "Content-Type": "application/json" }, body });
    return (await answer.json()).data.findPerformers.performers[0].stash_ids;
  });
  await card.getByRole("button", { name: /^Undo/ }).click();
  await offPage(page, "Jane Doe");
  return { links, linked, violations };
}

/** Nothing on it; an image that is gone; the words in another language. */
export async function empty(stage) {
  const { page } = stage;
  await open(stage, "?locale=de-DE");
  await page.getByRole("button", { name: "Gesichter suchen" }).click();
  await page.getByRole("heading", { name: "Kein Gesicht gefunden" }).waitFor();
  return { violations: await stage.axe() };
}

/** The picture cannot be read: said so, with the plugin's state; once it is back, another try finds the faces. */
export async function failed(stage) {
  const { page, given } = stage;
  await open(stage);
  await page.getByRole("button", { name: "Find faces" }).click();
  const box = page.locator(".compreface-failed");
  await box.waitFor();
  const message = await box.innerText();
  await box.getByRole("button", { name: "Check the plugin" }).click();
  await box.locator(".compreface-check").first().waitFor();
  const violations = await stage.axe();
  renameSync(given.away, given.back);
  await box.getByRole("button", { name: "Try again" }).click();
  await cards(page).first().waitFor();
  return { message, violations };
}

/** Many faces: all there, and the page stays quick. */
export async function crowd(stage) {
  const { page } = stage;
  await open(stage);
  await cards(page).last().waitFor();
  const longest = await watchLongTasks(page);
  const count = await cards(page).count();
  await cards(page).last().scrollIntoViewIfNeeded();
  await cards(page).last().focus();
  for (let i = 0; i < 10; i++) await page.keyboard.press("ArrowUp");
  const focused = await cards(page).evaluateAll((all) => all.indexOf(document.activeElement) + 1);
  return { count, frames: (await frames(page)).length, focused, longest: await longest() };
}
