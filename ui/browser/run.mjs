// Clicks through flows in one headless Chromium. Orders come as lines of JSON on stdin, {flow: "image/accept", address,
// ...what the flow is given}; for each, two lines of JSON are printed: {opened} once there is a page for it, then {seen}
// or {faults}. The first line of all names the browser's process. A step that cannot be done, an error of the page and
// a breach of its content policy are faults. Ends when stdin ends, and when the browser opens no page.
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";
import { axe } from "./flows/tools.mjs";

const PATIENCE_MS = 90_000; // for one step: a busy machine loads a model in the meantime
const FLOW_MS = 200_000; // for all of them
const OPENING_MS = 30_000; // a blank page; takes 0.1 s
const CLOSING_MS = 5_000;
const SWITCHES = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"];

const server = await chromium.launchServer({ executablePath: process.env.CHROMIUM, args: SWITCHES });
const browser = await chromium.connect(server.wsEndpoint());
console.log(JSON.stringify({ browser: server.process().pid }));

function limited(promise, ms, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took longer than ${ms / 1000} s`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

function listen(page, faults) {
  page.setDefaultTimeout(PATIENCE_MS);
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (message) => {
    if (/Content.Security.Policy|^compreface/i.test(message.text())) faults.push(message.text());
  });
  page.on("dialog", (dialog) => {
    faults.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
}

async function open() {
  const context = await browser.newContext({ viewport: { width: 1300, height: 900 } });
  const page = await context.newPage();
  await page.goto("about:blank");
  return { context, page };
}

async function run({ flow, address, ...given }) {
  const faults = [];
  const { context, page } = await limited(open(), OPENING_MS, "opening a page");
  console.log(JSON.stringify({ opened: true }));
  listen(page, faults);
  const [file, name] = flow.split("/");
  try {
    const { [name]: steps } = await import(`./flows/${file}.mjs`);
    const seen = await limited(steps({ page, given, address, axe: (where) => axe(page, where) }), FLOW_MS, flow);
    return faults.length > 0 ? { faults } : { seen };
  } catch (error) {
    if (process.env.SCREENSHOT) {
      await page.screenshot({ path: process.env.SCREENSHOT, timeout: CLOSING_MS }).catch(() => undefined);
    }
    return { faults: [...faults, String(error?.stack ?? error)] };
  } finally {
    await limited(context.close(), CLOSING_MS, "closing the page").catch(() => undefined);
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await run(JSON.parse(line))));
}
await limited(server.close(), CLOSING_MS, "closing the browser").catch(() => server.process().kill("SIGKILL"));
process.exit(0);
