import { focused, press, pressUntilFocused } from "./tools.mjs";

const toggle = (page) => page.getByRole("button", { name: "Faces", exact: true });
const section = (page) => page.locator(".compreface-performer-body");
const status = (page, words) => section(page).getByRole("status").filter({ hasText: words }).first();
const heading = (page) => section(page).locator("h6").first();

async function open({ page, address, given }) {
  await page.goto(`${address}/performers/${given.performer}?plugins=${given.plugins ?? "compreface"}`);
  await toggle(page).click();
  await section(page).waitFor();
}

/** What she is recognised by and where; a face learned, taken back, learned from another image; one example removed. */
export async function examples(stage) {
  const { page, given } = stage;
  await open(stage);
  const before = await heading(page).innerText();
  const where = await section(page).locator(".compreface-where").innerText();
  const links = await section(page)
    .locator(".compreface-where a")
    .evaluateAll((all) => all.map((each) => each.getAttribute("href")));
  const violations = await stage.axe();
  await section(page).getByRole("button", { name: /^Learn: / }).first().click();
  await status(page, "Learned").waitFor();
  const learned = await heading(page).innerText();
  await section(page).getByRole("button", { name: "Undo" }).click();
  await status(page, "Taken back").waitFor();
  const undone = await heading(page).innerText();
  await section(page).getByLabel("Learn a face from another image").fill(`http://localhost:9999/images/${given.image}?sort=1`);
  await section(page).getByRole("button", { name: "Find faces" }).click();
  await section(page).getByRole("button", { name: /^This is them/ }).first().click();
  await status(page, "Learned").waitFor();
  const added = await heading(page).innerText();
  const odd = await section(page).getByText("odd one out").count();
  await section(page)
    .getByRole("button", { name: `Remove: on image ${given.image}` })
    .click();
  await status(page, "Removed").waitFor();
  return { before, where, links, learned, undone, added, odd, removed: await heading(page).innerText(), violations };
}

/** The same with keys alone: open, learn, take back. */
export async function keyboard({ page, address, given }) {
  await page.goto(`${address}/performers/${given.performer}`);
  await pressUntilFocused(page, "Tab", toggle(page));
  const first = await focused(page);
  await page.keyboard.press("Enter");
  await section(page).waitFor();
  const learn = section(page).getByRole("button", { name: /^Learn: / }).first();
  await pressUntilFocused(page, "Tab", learn);
  const second = await focused(page);
  await page.keyboard.press("Enter");
  await status(page, "Learned").waitFor();
  const learned = await heading(page).innerText();
  await press(page, section(page).getByRole("button", { name: "Undo" }));
  await status(page, "Taken back").waitFor();
  return { first, second, heading: learned, undone: await heading(page).innerText() };
}

/** Two performers who look like one, with keys alone: side by side, told apart, and that taken back. */
export async function doubles(stage) {
  const { page, given } = stage;
  await open(stage);
  await press(page, section(page).getByRole("button", { name: "Look for look-alikes" }));
  await press(page, section(page).getByRole("button", { name: `Compare: ${given.twin}` }));
  await section(page).locator(".compreface-sides").waitFor();
  const sides = await section(page).locator(".compreface-side > a").allInnerTexts();
  const words = await section(page).locator(".compreface-comparison > p").innerText();
  const violations = await stage.axe();
  await press(page, section(page).getByRole("button", { name: "Different people" }));
  await status(page, "Noted: not").waitFor();
  const apart = await section(page).getByRole("button", { name: /^Compare/ }).count();
  await press(page, section(page).getByRole("button", { name: "Undo" }));
  await section(page).getByRole("button", { name: `Compare: ${given.twin}` }).waitFor();
  return { sides, words, apart, violations };
}

/** Whom the plugin made twice becomes one by two clicks, and two again by a third; at last they are merged for good. */
export async function merge(stage) {
  const { page, given } = stage;
  await open(stage);
  await section(page).getByRole("button", { name: "Look for look-alikes" }).click();
  await section(page).getByRole("button", { name: `Compare: ${given.twin}` }).click();
  const button = section(page).getByRole("button", { name: `Merge ${given.twin} into Barack Obama` });
  await button.click();
  const words = await section(page).locator(".compreface-comparison .compreface-box").innerText();
  const violations = await stage.axe();
  await page.keyboard.press("Enter"); // the second click has the focus
  await status(page, "Merged into Barack Obama").waitFor();
  await section(page).getByRole("button", { name: "Undo" }).click();
  await section(page).getByRole("button", { name: `Compare: ${given.twin}` }).click();
  await button.click();
  await section(page).getByRole("button", { name: "Merge them" }).click();
  await status(page, "Merged into Barack Obama").waitFor();
  return { words, violations };
}
