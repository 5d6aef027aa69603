// A browser that does what it is told, a line of JSON each: `[what, ...arguments]` comes in, the
// answer or an error goes out. Started by browser.py.
//   node browser.mjs TOOLS_FOLDER CHROMIUM
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const [tools, executablePath] = process.argv.slice(2);
const require = createRequire(`${tools}/`);
const { chromium } = require("playwright-core");
const PATIENCE_MS = 10_000;

const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
let context;
let page;
let trouble; // what the page complained about since it was opened

const does = {
  // Somebody new, who has never seen the page.
  async visitor(options = {}) {
    await context?.close();
    context = await browser.newContext({ reducedMotion: "reduce", ...options });
    context.setDefaultTimeout(PATIENCE_MS);
    page = await context.newPage();
    trouble = [];
    page.on("pageerror", (error) => trouble.push(error.message));
    page.on("console", (line) => line.type() === "error" && trouble.push(line.text()));
  },
  open: async (address) => void (await page.goto(address)),
  reload: async () => void (await page.reload()),
  click: (selector) => page.locator(selector).click(),
  check: (selector) => page.locator(selector).check({ force: true }),
  fill: (selector, text) => page.locator(selector).fill(text),
  choose: async (selector, value) => void (await page.locator(selector).selectOption(value)),
  press: (selector, key) => page.locator(selector).press(key),
  key: (key) => page.keyboard.press(key),
  texts: (selector) => page.locator(selector).allInnerTexts(),
  value: (selector) => page.locator(selector).inputValue(),
  attributes: (selector, name) =>
    page
      .locator(selector)
      .evaluateAll((all, name) => all.map((each) => each.getAttribute(name)), name),
  shown: (selector) => page.locator(selector).waitFor(),
  hidden: (selector) => page.locator(selector).waitFor({ state: "hidden" }),
  evaluate: (script) => page.evaluate(script),
  offline: (off) => context.setOffline(off),
  // From the middle of one to that share of the height of another.
  async drag(from, to, share) {
    const within = async (selector, share) => {
      const { x, y, width, height } = await page.locator(selector).boundingBox();
      return [x + width / 2, y + height * share];
    };
    await page.mouse.move(...(await within(from, 0.5)));
    await page.mouse.down();
    await page.mouse.move(...(await within(to, share)), { steps: 12 });
    await page.mouse.up();
  },
  // The violations that axe calls serious or worse, as `rule: element`.
  async axe() {
    await page.evaluate(require("axe-core").source);
    const { violations } = await page.evaluate(() => globalThis.axe.run());
    return violations
      .filter(({ impact }) => ["serious", "critical"].includes(impact))
      .flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target}`));
  },
  // What was asked for since the page was opened: address and uncompressed bytes.
  loaded: () =>
    page.evaluate(() =>
      ["navigation", "resource"]
        .flatMap((kind) => performance.getEntriesByType(kind))
        .map(({ name, decodedBodySize }) => [name, decodedBodySize]),
    ),
  trouble: () => trouble.splice(0),
};

for await (const line of createInterface({ input: process.stdin })) {
  const [what, ...given] = JSON.parse(line);
  try {
    console.log(JSON.stringify({ answer: (await does[what](...given)) ?? null }));
  } catch (error) {
    const shown = await page
      ?.locator("body")
      .innerText()
      .catch(() => "");
    console.log(JSON.stringify({ error: `${error.message}\n${shown}` }));
  }
}
await browser.close();
