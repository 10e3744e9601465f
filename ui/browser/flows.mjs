// node flows.mjs FLOW ADDRESS [IMAGE_ID]: clicks through one flow in headless Chromium. What it saw is printed as one
// line of JSON; a step that cannot be done, an error of the page and a breach of its content policy end it with 1.
import { readFileSync, renameSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const PATIENCE_MS = 90_000; // a busy machine loads a model in the meantime
const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const [flow, address, imageId = ""] = process.argv.slice(2);
const faults = [];

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM,
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
});
const page = await browser.newPage({ viewport: { width: 1300, height: 900 } });
page.setDefaultTimeout(PATIENCE_MS);
page.on("pageerror", (error) => faults.push(error.message));
page.on("console", (message) => {
  if (/Content.Security.Policy|^compreface/i.test(message.text())) faults.push(message.text());
});
page.on("dialog", (dialog) => {
  faults.push(`dialog: ${dialog.message()}`);
  void dialog.dismiss();
});

const cards = page.locator(".compreface-card");
const confirmed = page.locator(".compreface-card", { hasText: "confirmed by you" });

async function open(query = "") {
  await page.goto(`${address}/images/${imageId}${query}`);
  await page.getByRole("tab", { name: /Faces|Gesichter/ }).click();
}

async function detect() {
  await page.getByRole("button", { name: /Find faces|Gesichter suchen/ }).click();
  await cards.first().waitFor();
}

const performers = () => page.locator(".performer-card").allTextContents();
const onPage = (name) => page.locator(".performer-card", { hasText: name }).waitFor({ state: "attached" });

async function axe() {
  await page.evaluate(readFileSync(AXE, "utf8"));
  const found = await page.evaluate(() => window.axe.run("[class*=compreface]", { resultTypes: ["violations"] }));
  return found.violations
    .filter((each) => ["serious", "critical"].includes(each.impact))
    .map((each) => `${each.id}: ${each.nodes.map((node) => node.html).join(" ")}`);
}

/** Frames must lie on the picture, where the boxes of the faces say. */
async function frames() {
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

const flows = {
  /** Detect, accept all that is sure, take one back. */
  async accept() {
    await open(`?plugins=${process.env.PLUGINS ?? "compreface"}`);
    await detect();
    const wide = await frames();
    await page.setViewportSize({ width: 1000, height: 600 });
    await page.waitForTimeout(300);
    const narrow = await frames();
    await page.locator(".compreface-crop img").first().waitFor();
    const violations = await axe();
    const first = cards.first();
    const name = await first.locator(".compreface-name a").innerText();
    await first.getByRole("button", { name: /^Accept/ }).click();
    await confirmed.first().waitFor();
    await onPage(name);
    const after = await performers();
    await cards.nth(1).getByRole("button", { name: /^Accept/ }).click();
    await confirmed.nth(1).waitFor();
    await first.getByRole("button", { name: "Undo" }).click();
    await first.getByRole("button", { name: /^Accept/ }).waitFor();
    await page.locator(".performer-card", { hasText: name }).waitFor({ state: "detached" });
    return { wide, narrow, name, after, left: await performers(), violations };
  },

  /** The same with keys only: to the tab, to the button, over the cards. */
  async keyboard() {
    await page.goto(`${address}/images/${imageId}`);
    const tab = page.getByRole("tab", { name: "Faces" });
    await tab.waitFor();
    for (let i = 0; i < 20 && !(await tab.evaluate((each) => each === document.activeElement)); i++) {
      await page.keyboard.press("Tab");
      if (await page.getByRole("tab", { name: "Info" }).evaluate((each) => each === document.activeElement)) {
        await page.keyboard.press("ArrowRight");
      }
    }
    const focused = () =>
      page.evaluate(() => {
        const style = getComputedStyle(document.activeElement);
        return { text: document.activeElement.textContent.trim(), outline: style.outlineStyle, shadow: style.boxShadow };
      });
    const first = await focused();
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Find faces" }).waitFor();
    await page.keyboard.press("Tab");
    const second = await focused();
    await page.keyboard.press("Enter");
    await cards.first().waitFor();
    for (let i = 0; i < 20 && !(await cards.first().evaluate((each) => each === document.activeElement)); i++) {
      await page.keyboard.press("Tab");
    }
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("y");
    await confirmed.first().waitFor();
    return { first, second, second_confirmed: (await cards.nth(1).innerText()).includes("confirmed by you") };
  },

  /** Whoever has the name of a script becomes a performer by that very name. */
  async create() {
    const name = "<img src=x onerror=alert(1)>";
    await open();
    await detect();
    const card = cards.first();
    await card.getByRole("button", { name: "New performer" }).click();
    await card.locator("input").fill(name);
    await card.getByRole("button", { name: "Create" }).click();
    await confirmed.first().waitFor();
    await onPage(name);
    const heading = await card.locator(".compreface-name a").innerText();
    await card.getByRole("button", { name: "Undo" }).click();
    await page.locator(".performer-card", { hasText: name }).waitFor({ state: "detached" });
    await card.getByRole("button", { name: "Not a face" }).click();
    await card.getByRole("button", { name: "Undo" }).waitFor();
    await card.getByRole("button", { name: "Undo" }).click();
    await card.getByRole("button", { name: "Someone else" }).click();
    await card.getByRole("textbox", { name: "Performer" }).fill("Collins");
    await card.getByRole("button", { name: "Eileen Collins" }).click();
    await card.getByRole("button", { name: "Put on this picture" }).click();
    await confirmed.first().waitFor();
    await onPage("Eileen Collins");
    return { heading };
  },

  /** Nothing on it; an image that is gone; the words in another language. */
  async empty() {
    await open("?locale=de-DE");
    await page.getByRole("button", { name: "Gesichter suchen" }).click();
    await page.getByRole("heading", { name: "Kein Gesicht gefunden" }).waitFor();
    return { violations: await axe() };
  },

  /** The picture cannot be read: said so, with the plugin's state; once it is back, another try finds the faces. */
  async failed() {
    await open();
    await page.getByRole("button", { name: "Find faces" }).click();
    const box = page.locator(".compreface-failed");
    await box.waitFor();
    const message = await box.innerText();
    await box.getByRole("button", { name: "Check the plugin" }).click();
    await box.locator(".compreface-check").first().waitFor();
    const violations = await axe();
    renameSync(process.env.AWAY, process.env.BACK);
    await box.getByRole("button", { name: "Try again" }).click();
    await cards.first().waitFor();
    return { message, violations };
  },

  /** Many faces: all there, and the page stays quick. */
  async crowd() {
    await open();
    await detect();
    await page.evaluate(() => {
      window.longest = 0;
      new PerformanceObserver((list) => {
        for (const task of list.getEntries()) window.longest = Math.max(window.longest, task.duration);
      }).observe({ entryTypes: ["longtask"] });
    });
    const count = await cards.count();
    await cards.last().scrollIntoViewIfNeeded();
    await cards.last().focus();
    for (let i = 0; i < 10; i++) await page.keyboard.press("ArrowUp");
    return { count, frames: (await frames()).length, longest: await page.evaluate(() => window.longest) };
  },

  async health() {
    await page.goto(`${address}/settings`);
    await page.locator(".compreface-check").first().waitFor();
    const panels = await page.locator(".compreface-health-panel").count();
    return { panels, checks: await page.locator(".compreface-check strong").allTextContents(), violations: await axe() };
  },
};

try {
  const seen = await flows[flow]();
  console.log(JSON.stringify(seen));
} catch (error) {
  faults.push(String(error?.message ?? error));
  if (process.env.SCREENSHOT) await page.screenshot({ path: process.env.SCREENSHOT });
}
await browser.close();
if (faults.length > 0) {
  console.error(faults.join("\n"));
  process.exit(1);
}
