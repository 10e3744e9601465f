import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

/** What axe-core finds serious in what is ours, or in `where`. */
export async function axe(page, where = "[class*=compreface]") {
  await page.evaluate(readFileSync(AXE, "utf8"));
  const found = await page.evaluate(
    (context) => window.axe.run(context, { resultTypes: ["violations"] }),
    where,
  );
  return found.violations
    .filter((each) => ["serious", "critical"].includes(each.impact))
    .map((each) => `${each.id}: ${each.nodes.map((node) => node.html).join(" ")}`);
}

/** Presses a key until the element has the focus, at most so often. */
export async function pressUntilFocused(page, key, locator, most = 40) {
  for (let i = 0; i < most; i++) {
    if (await locator.evaluate((each) => each === document.activeElement)) return;
    await page.keyboard.press(key);
  }
  throw new Error(`${most} times ${key} did not lead to the element`);
}

/** By Tab (or back) to the element, once it can be used, and then a key: as somebody without a mouse. The focus must show. */
export async function press(page, locator, key = "Enter", tab = "Tab") {
  const most = 120;
  for (let i = 0; i < most; ) {
    const state = await locator.evaluate((each) => {
      if (each.disabled) return "off";
      if (each !== document.activeElement) return "elsewhere";
      const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(each);
      return (outlineStyle !== "none" && outlineWidth !== "0px") || boxShadow !== "none" ? "here" : "hidden";
    });
    if (state === "here") return page.keyboard.press(key);
    if (state === "hidden") throw new Error(`nothing shows that this has the focus: ${locator}`);
    if (state === "off") await page.waitForTimeout(50);
    else await page.keyboard.press(tab);
    i += state === "off" ? 0 : 1;
  }
  throw new Error(`${most} times ${tab} did not lead to ${locator}`);
}

/** A key sequence as a person types it; in no time at all, one sequence ends the next. */
export async function type(page, keys) {
  for (const key of keys.split(" ")) await page.keyboard.press(key, { delay: 30 });
  await page.waitForTimeout(50);
}

/** What has the focus, and what shows that it has. */
export function focused(page) {
  return page.evaluate(() => {
    const style = getComputedStyle(document.activeElement);
    return { text: document.activeElement.textContent.trim(), outline: style.outlineStyle, shadow: style.boxShadow };
  });
}

/** Starts to watch for tasks that hold the page up; the longest so far in ms. */
export async function watchLongTasks(page) {
  await page.evaluate(() => {
    window.longest = 0;
    new PerformanceObserver((list) => {
      for (const task of list.getEntries()) window.longest = Math.max(window.longest, task.duration);
    }).observe({ entryTypes: ["longtask"] });
  });
  return () => page.evaluate(() => window.longest);
}

/** Every task that the page starts gets these arguments too. */
export async function startWith(page, more) {
  await page.route("**/graphql", async (route) => {
    if (route.request().method() !== "POST") return route.fallback();
    const body = route.request().postDataJSON();
    if (body?.operationName === "ComprefaceTask") Object.assign(body.variables.args, more);
    await route.fallback({ postData: JSON.stringify(body) });
  });
}

/** Notes what an element says, however short; everything it said so far. Before `goto`. */
export async function noteWords(page, selector) {
  await page.addInitScript((wanted) => {
    window.words = [];
    new MutationObserver(() => {
      for (const each of document.querySelectorAll(wanted)) {
        if (window.words[window.words.length - 1] !== each.textContent) window.words.push(each.textContent);
      }
    }).observe(document, { subtree: true, childList: true, characterData: true });
  }, selector);
  return () => page.evaluate(() => window.words);
}

/** A job for Stash's queue, as when somebody presses Scan. */
export function queueScan(page) {
  return page.evaluate(async () => {
    const body = JSON.stringify({ query: "mutation { metadataScan(input: {}) }" });
    await fetch("/graphql", { method: "POST", headers: { "Content-Type": "application/json" }, body });
  });
}

/**
 * The two ways by which a page hears of jobs, each to be cut off: `way.asking`, `way.socket`. Before `goto`. Counts what
 * came over the socket.
 */
export async function jobNews(page) {
  const way = { asking: true, socket: true, told: 0 };
  const open = new Set();
  await page.routeWebSocket("**/graphql", (client) => {
    if (!way.socket) return void client.close({ code: 1012 });
    const server = client.connectToServer();
    server.onMessage((message) => {
      if (String(message).includes("jobsSubscribe")) way.told += 1;
      client.send(message);
    });
    open.add(client);
  });
  await page.route("**/graphql", async (route) => {
    const asks = route.request().method() === "POST" && route.request().postDataJSON()?.operationName === "ComprefaceJob";
    await (asks && !way.asking ? route.abort() : route.fallback());
  });
  return Object.assign(way, {
    async breakSocket() {
      way.socket = false;
      for (const client of open) await client.close({ code: 1012 });
    },
  });
}
