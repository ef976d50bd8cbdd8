// What explains the page: the tour, from its first stop to its last and left in the middle; the help, which lists every key that
// does something and every word; names and announcements for those who do not see the page.

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { after, before, test } from "node:test";
import { button, figure, open, pause, setUp, until, untilStep } from "./helpers.mjs";

const CHECKPOINT = fileURLToPath(new URL("../../crate/tests/checkpoints/seed_format_3000.pkl", import.meta.url));
const DESKTOP = { width: 1440, height: 900 };
const PHONE = { width: 390, height: 844 };
const TITLES = ["Train", "Read the pattern", "Put MID in the list", "Take MID away", "Shorten the list", "What is BOS for?", "What the claims say", "Your turn"];
const IDS = ["train", "read_pattern", "inject_mid", "remove_mid", "shorten", "bos", "claims", "your_turn"];

let place;
before(async () => void (place = await setUp()));
after(() => place?.stop());

const card = (page) => page.locator(".tour");
const text = async (page) => (await card(page).locator(".text").innerText()).replace(/\s+/g, " ");
const title = (page) => page.locator("#tour-title").innerText();
const next = (page) => card(page).locator(".go button").last();
const focused = (page) => page.evaluate(() => document.activeElement.id || document.activeElement.textContent);
const labels = (page, side) => page.locator(`[data-side="${side}"] .answer .token .label`).allInnerTexts();
const arrives = (page, n) => until(`stop ${n}`, async () => (await card(page).count()) === 1 && (await title(page)) === TITLES[n - 1]);

/** A model that can sort, at rest, so that what the page shows stands still. */
async function trained(options) {
  const there = await open(place, options);
  await until("a model that sorts", async () => (await figure(there.page, "sequences")) >= 88, 120_000);
  await pause(there.page);
  await until("an accuracy at rest", async () => (await figure(there.page, "sequences")) >= 85);
  return there;
}

/** The card is in the window; on a wide one beside what it points at, on a phone above the transport. */
async function placed(page, viewport) {
  const { card, target, transport } = await page.evaluate(() => {
    const box = (selector) => document.querySelector(selector).getBoundingClientRect().toJSON();
    return { card: box(".tour"), target: box("[data-toured]"), transport: box(".transport") };
  });
  assert.ok(card.left >= 0 && card.right <= viewport.width && card.top >= 0 && card.bottom <= viewport.height, "in the window");
  assert.ok(target.bottom > 0 && target.top < viewport.height, "what it points at is in the window too");
  const apart = card.right <= target.left || card.left >= target.right || card.bottom <= target.top || card.top >= target.bottom;
  if (viewport === PHONE) assert.ok(Math.abs(card.bottom - transport.top) <= 1, "upon the transport");
  return apart;
}

for (const [name, viewport] of [["desktop", DESKTOP], ["phone", PHONE]])
  test(`the tour from its first to its last stop, on a ${name}: it drives the page and says what is there`, async () => {
    const { page, context, record } = await open(place, { viewport });
    await page.locator("#list").fill("7, 8, 9, 10, 11");
    await button(page, "Take the tour, 3 minutes").click();
    await arrives(page, 1);
    assert.equal(await focused(page), "tour-title");
    assert.equal(await page.locator("#list").inputValue(), "6, 2, 59, 50, 20", "the notebook’s list");
    // It says how far training is, and when that is far enough.
    assert.equal(await next(page).innerText(), "Go on anyway");
    await until("progress", async () => (await card(page).locator("progress").getAttribute("value")) !== null);
    await until("the tour to be able to go on", async () => (await next(page).innerText()) === "Next", 120_000);
    assert.ok((await figure(page, "sequences")) >= 85);
    assert.equal(await card(page).locator("progress").count(), 0);
    await pause(page);
    const guesses = await page.locator('[data-side="clean"] .answer .guess').allInnerTexts();
    assert.match(await text(page), new RegExp(`it says ${guesses.map((guess) => guess.trim()).join(" ")}:`));
    await placed(page, viewport);

    for (let stop = 2; stop <= 8; stop++) {
      await next(page).click();
      await arrives(page, stop);
      assert.equal(await focused(page), "tour-title");
      await until("the stop in the address", () => new URL(page.url()).hash.includes(`tour=${IDS[stop - 1]}`));
      assert.match(await card(page).innerText(), new RegExp(`${stop} of 8`));
      await until("the scroll to end", () => page.evaluate(() => new Promise((done) => { const at = scrollY; setTimeout(() => done(scrollY === at), 120); })));
      const apart = await placed(page, viewport);
      if (viewport === DESKTOP && [2, 3, 4, 5, 6].includes(stop)) assert.ok(apart, `stop ${stop} hides nothing of what it speaks of`);

      if (stop === 2) {
        const said = await page.locator('[data-claim="next_larger"] .rate').innerText();
        assert.ok((await text(page)).includes(said.replace(/\s+/g, " ").trim().slice(0, 4).trim()), `${said} is said`);
      }
      for (const tried of stop === 3 ? [null] : stop === 4 ? [null, "MID deleted"] : stop === 5 ? [null] : stop === 6 ? [null, "BOS deleted", "BOS injection", "BOS only"] : []) {
        if (tried) await card(page).getByRole("button", { name: tried }).click();
        await until("the edited answer to be told", async () => {
          const answer = (await labels(page, "edited")).filter((_, i, all) => i >= all.length - (tried === "BOS only" ? 11 : stop === 5 ? 7 : 5));
          return answer.length > 0 && (await text(page)).includes(`This model writes ${answer.join(" ")}`);
        });
        const given = await page.locator('[data-side="edited"] [data-position]').allInnerTexts();
        const expected = { 3: "BOS 6 2 59 MID 20 MID", 4: tried ? "BOS 6 2 59 50 20" : "BOS 6 2 59 50 20 27", 5: "BOS 6 2 59 MID" }[stop];
        if (expected) assert.equal(given.join(" "), expected);
      }
      if (stop === 7) {
        const verdicts = await page.locator(".claim").evaluateAll((all) => all.map((one) => one.dataset.verdict));
        const words = ["none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
        const number = (verdict) => verdicts.filter((one) => one === verdict).length;
        assert.ok((await text(page)).includes(`Of ${verdicts.length} claims about this model, ${words[number("holds")]} hold, ${words[number("mixed")]} `), await text(page));
        assert.equal(await page.locator('[data-side="edited"]').count(), 0, "the edits are gone");
      }
    }
    assert.equal(await page.locator("details.presets").getAttribute("open") !== null, true, "the experiments are unfolded");
    await next(page).click();
    await card(page).waitFor({ state: "detached" });
    await until("an address without a stop", () => !new URL(page.url()).hash.includes("tour="));
    assert.deepEqual(await page.locator("[data-toured]").evaluateAll((all) => all.map((one) => one.className)), []);
    assert.equal(await focused(page), "help-button", "the invitation is gone, so the help has the focus");
    // Whatever it did can be taken back, to the list that was there before.
    while (await button(page, "Undo").isEnabled()) await button(page, "Undo").click();
    await until("the list of before", async () => (await page.locator("#list").inputValue()) === "6, 2, 59, 50, 20");
    assert.deepEqual(record, { errors: [], elsewhere: [] });
    await context.close();
  });

test("left in the middle, by Escape or by its button: what it did stays, the focus goes back, and undo takes it back", async () => {
  for (const viewport of [DESKTOP, PHONE]) {
    const { page, context, record } = await open(place, { viewport });
    await untilStep(page, 1);
    await page.keyboard.press("?");
    await page.locator("dialog.help[open]").waitFor();
    await page.keyboard.press("Escape");
    await page.locator("#help-button").focus();
    await page.keyboard.press("Enter");
    await button(page, "Take the tour").click();
    await arrives(page, 1);
    await next(page).click();
    await next(page).click();
    await arrives(page, 3);
    await until("the edit", async () => (await page.locator('[data-side="edited"]').count()) === 1);
    if (viewport === DESKTOP) await page.keyboard.press("Escape");
    else await button(page, "Leave the tour").click();
    await card(page).waitFor({ state: "detached" });
    assert.equal(await focused(page), "help-button");
    assert.equal(await page.locator('[data-side="edited"]').count(), 1, "the edit stays");
    await page.keyboard.press("z");
    await page.locator('[data-side="edited"]').waitFor({ state: "detached" });
    assert.deepEqual(record, { errors: [], elsewhere: [] });
    await context.close();
  }
});

test("the help and the share dialog, pressed for again before the browser has told of their closing, open", async () => {
  const { page, context, record } = await open(place);
  await untilStep(page, 1);
  for (const [name, opener] of [["help", "#help-button"], ["sharing", "button.share"]]) {
    await page.locator(opener).click();
    await page.locator(`dialog.${name}[open]`).waitFor();
    // As Escape does it, and then the press, in one task: the event of the closing comes in a later one.
    await page.evaluate(async ([name, opener]) => {
      const dialog = document.querySelector(`dialog.${name}`);
      dialog.dispatchEvent(new Event("cancel"));
      dialog.close();
      for (let turn = 0; turn < 10; turn++) await null;
      document.querySelector(opener).click();
      await new Promise((done) => setTimeout(done, 300));
    }, [name, opener]);
    assert.equal(await page.locator(`dialog.${name}[open]`).count(), 1, name);
    await page.keyboard.press("Escape");
    await until(`${name} to be closed`, async () => (await page.locator("dialog[open]").count()) === 0);
  }
  assert.deepEqual(record, { errors: [], elsewhere: [] });
  await context.close();
});

test("each stop is a link, by its name or its number; Escape elsewhere does not leave the tour, arrows in it move nothing", async () => {
  const { page, context, record } = await open(place);
  await page.goto(`${place.url}#tour=3`);
  await page.reload();
  await arrives(page, 3);
  await until("MID in the list", async () => (await page.locator('[data-side="edited"] [data-position="4"]').innerText()) === "MID");
  await page.evaluate(() => (location.hash = "#tour=shorten"));
  await arrives(page, 5);
  await page.locator(".tour ol a").nth(5).click();
  await arrives(page, 6);
  await page.locator('[data-position="2"]').focus();
  await page.keyboard.press("Escape");
  assert.equal(await title(page), TITLES[5]);
  await page.locator("#tour-title").focus();
  const cursor = () => page.locator('[data-position][tabindex="0"]').getAttribute("data-position");
  const before = await cursor();
  for (const key of ["ArrowRight", "ArrowDown", "ArrowLeft", "Home"]) await page.keyboard.press(key);
  assert.equal(await cursor(), before);
  assert.equal(await title(page), TITLES[5]);
  // An explanation is closed first, and the tour after it.
  await card(page).locator(".term").first().click();
  await page.locator(".term-help:popover-open").waitFor();
  await page.keyboard.press("Escape");
  assert.equal(await page.locator(".term-help:popover-open").count(), 0);
  assert.equal(await title(page), TITLES[5]);
  await page.keyboard.press("Escape");
  await card(page).waitFor({ state: "detached" });
  await page.evaluate(() => (location.hash = "#tour=nowhere"));
  assert.equal(await card(page).count(), 0);
  assert.deepEqual(record, { errors: [], elsewhere: [] });
  await context.close();
});

test("a stop that there is not, in the address of a live page: the tour stays where it is, and the page says which stops there are", async () => {
  const { page, context, record } = await open(place, { link: "v=1&device=cpu&train.steps=5&tour=shorten" });
  await arrives(page, 5);
  const note = page.locator(".warnings");
  for (const nonsense of ["nonsense", "9", "no%20such"]) {
    await page.evaluate((nonsense) => (location.hash = `#tour=${nonsense}`), nonsense);
    await note.getByText(`tour is "${decodeURIComponent(nonsense)}"`).waitFor({ state: "attached" });
    assert.equal(await title(page), TITLES[4]);
    await until("the page’s own link in the address", () => /train\.steps=5&.*tour=shorten/.test(page.url()));
  }
  assert.equal(await figure(page, "step"), 5, "the run stays too");
  await note.locator("summary").click();
  assert.match(await note.innerText(), /3 things in the link were ignored[^]*it must be train, read_pattern, .*, your_turn, or a number from 1 to 8/);
  await page.evaluate(() => (location.hash = "#tour=none"));
  await card(page).waitFor({ state: "detached" });
  assert.deepEqual(record, { errors: [], elsewhere: [] });
  await context.close();
});

test("of a model that can’t sort nothing is said that only a trained one does", async () => {
  const { page, context } = await open(place);
  await untilStep(page, 1);
  await button(page, "Pause").click();
  await button(page, "Reset to step 0").click();
  await until("an accuracy at step 0", async () => (await figure(page, "step")) === 0 && (await figure(page, "sequences")) < 5);
  await page.evaluate(() => (location.hash = "#tour=inject_mid"));
  await arrives(page, 3);
  await until("what it writes", async () => /This model writes \d/.test(await text(page)));
  assert.match(await text(page), /this model sorts only 0\.0\s% of lists/);
  assert.doesNotMatch(await text(page), /repeats the largest/);
  assert.match(await card(page).innerText(), /At rest: 0\s% of lists sorted/);
  await button(page, "Train on").click();
  await untilStep(page, 5);
  await context.close();
});

test("a task without BOS and MID, and an opened file: what makes no sense says why, and the tour goes on", async () => {
  const { page, context, record } = await open(place);
  await untilStep(page, 1);
  await page.locator("details.settings > summary").click();
  for (const path of ["task.bos_token", "task.mid_token"]) await page.locator(".control", { has: page.locator(`[data-path="${path}"]`) }).getByLabel("none").check();
  await until("the start to be offered", () => button(page, "Start a new run with these settings").isEnabled());
  await button(page, "Start a new run with these settings").click();
  await until("no BOS", async () => (await page.locator(".token .label").first().innerText()) === "6");
  await page.evaluate(() => (location.hash = "#tour=train"));
  for (let stop = 1; stop <= 8; stop++) {
    await arrives(page, stop);
    const said = await text(page);
    if (stop === 3 || stop === 4) assert.match(said, /This task has no MID\. So there is nothing to try/);
    if (stop === 6) assert.match(said, /This task has no BOS\. So there is nothing to try/);
    if (stop < 8) await next(page).click();
  }
  await button(page, "Leave the tour").click();

  await page.locator("input[type=file]").setInputFiles(CHECKPOINT);
  await page.locator("section.file").waitFor();
  await page.evaluate(() => (location.hash = "#tour=train"));
  await arrives(page, 1);
  assert.match(await text(page), /opened from seed_format_3000\.pkl/);
  assert.equal(await figure(page, "step"), 0, "a file’s weights are left as they are");
  await page.evaluate(() => (location.hash = "#tour=inject_mid"));
  await until("its answer", async () => /This model writes 2 6 20 59 59: sorted, and the largest again\. One number is missing/.test(await text(page)));
  assert.deepEqual(record, { errors: [], elsewhere: [] });
  await context.close();
});

test("the invitation: for newcomers, until it is dismissed; without storage too", async () => {
  const { page, context } = await open(place);
  await button(page, "No tour, thank you").click();
  await page.locator(".invitation").waitFor({ state: "detached" });
  await page.reload();
  await untilStep(page, 1);
  assert.equal(await page.locator(".invitation").count(), 0);
  await context.close();

  const barred = await place.browser.newContext();
  await barred.addInitScript(() => Object.defineProperty(window, "localStorage", { get: () => { throw new DOMException("no", "SecurityError"); } }));
  const bare = await barred.newPage();
  await bare.goto(place.url);
  await button(bare, "No tour, thank you").click();
  await bare.locator(".invitation").waitFor({ state: "detached" });
  await barred.close();
});

test("no motion where none is wanted", async () => {
  const { page, context } = await open(place);
  await page.emulateMedia({ reducedMotion: "reduce" });
  await page.goto(`${place.url}#tour=claims`);
  await page.reload();
  await arrives(page, 7);
  assert.equal(await card(page).evaluate((one) => getComputedStyle(one).animationName), "none");
  await context.close();
});

test("the help lists the keys that do something, and no others", async () => {
  const { page, context } = await open(place);
  await untilStep(page, 20);
  await pause(page);
  /** The keys that whoever listens at `selector` takes, with Alt or without. */
  const taken = (selector) =>
    page.evaluate(async (selector) => {
      const printable = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i));
      const named = ["Enter", "Escape", "Tab", "Backspace", "Delete", "Insert", "Home", "End", "PageUp", "PageDown", "ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "F1", "F2"];
      const found = [];
      for (const altKey of [false, true])
        for (const key of [...printable, ...named]) {
          const target = selector ? document.querySelector(selector) : document.body;
          const event = new KeyboardEvent("keydown", { key, altKey, bubbles: true, cancelable: true });
          target.dispatchEvent(event);
          if (event.defaultPrevented) found.push(altKey ? `Alt ${key}` : key);
          if (key !== "?") continue;
          for (let i = 0; i < 20; i++) {
            await new Promise(requestAnimationFrame);
            document.querySelector("dialog.help[open]")?.close();
          }
        }
      return found;
    }, selector);
  const spelt = { ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", " ": "Space", "Alt ArrowLeft": "Alt ←", "Alt ArrowRight": "Alt →", PageDown: "Page Down", PageUp: "Page Up" };
  const spell = (keys) => keys.map((key) => spelt[key] ?? key).sort();

  const page_ = await taken(null);
  const token = (await taken('[data-position="1"]')).filter((key) => !page_.includes(key));
  const cell = (await taken("canvas[data-canvas=clean]")).filter((key) => !page_.includes(key));
  const curve = (await taken(".chart")).filter((key) => !page_.includes(key));
  await page.locator("#help-button").click();
  const listed = async (where) =>
    (await page.locator("dialog.help table", { hasText: where }).locator("kbd").allInnerTexts())
      .flatMap((name) => (name === "0 to 9" ? [..."0123456789"] : [name]))
      .sort();
  assert.deepEqual(await listed("Anywhere but in a field"), spell(page_));
  // A letter means the same small and large, Backspace what Delete does; Enter presses the token, as the browser has it. Escape is
  // taken while there is something to close.
  const once = new Set(token.map((key) => (/^[bme]$/.test(key) ? key.toUpperCase() : key)));
  once.delete("Backspace");
  assert.deepEqual((await listed("On a token")).filter((key) => key !== "Enter" && key !== "Escape"), spell([...once].filter((key) => key !== "Escape")));
  // Escape is taken while something is pinned: as Enter comes before it here, a cell is.
  assert.deepEqual(await listed("On an attention picture"), spell(cell));
  assert.deepEqual(await listed("On the loss curve"), spell(curve));
  await context.close();
});

test("the help opens by its key and its button, holds the focus, and gives it back; keys rest while it is open", async () => {
  const { page, context } = await open(place);
  await untilStep(page, 1);
  await pause(page);
  await button(page, "One step").focus();
  const step = await figure(page, "step");
  await page.keyboard.press("?");
  await page.locator("dialog.help[open]").waitFor();
  await page.keyboard.press(".");
  for (let i = 0; i < 6; i++) await page.keyboard.press("Tab");
  assert.ok(await page.evaluate(() => document.activeElement === document.body || document.activeElement.closest("dialog.help") !== null), "the focus stays in it");
  await page.keyboard.press("Escape");
  await page.locator("dialog.help[open]").waitFor({ state: "detached" });
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute("aria-label")), "One step");
  assert.equal(await figure(page, "step"), step);
  await context.close();
});

test("every word on the page that has dots explains itself, and stands in the list of words", async () => {
  const { page, context } = await open(place);
  await untilStep(page, 1);
  await page.locator("#help-button").click();
  const words = await page.locator("dialog.help [data-word]").evaluateAll((all) => Object.fromEntries(all.map((one) => [one.dataset.word, one.textContent])));
  assert.ok(Object.keys(words).length >= 45);
  for (const [id, said] of Object.entries(words)) assert.ok(said.length > 30, id);
  await page.keyboard.press("Escape");
  const terms = page.locator(".term:visible");
  assert.ok((await terms.count()) >= 12);
  const seen = new Set();
  for (const term of await terms.all()) {
    const id = await term.getAttribute("data-term");
    if (seen.has(id)) continue;
    seen.add(id);
    await term.focus();
    await page.keyboard.press("Enter");
    const shown = page.locator(".term-help:popover-open");
    await shown.waitFor();
    assert.equal((await shown.textContent()).replace(/\s+/g, ""), words[id].replace(/\s+/g, ""), id);
    const box = await shown.boundingBox();
    const at = await term.boundingBox();
    assert.ok(box.x >= 0 && box.x + box.width <= 1280, `${id} is in the window`);
    assert.ok(box.y >= at.y + at.height || box.y + box.height <= at.y, `${id} does not hide its word`);
    assert.equal(await term.getAttribute("aria-expanded") ?? "true", "true");
    await page.keyboard.press("Escape");
    await shown.waitFor({ state: "detached" });
  }
  for (const id of ["loss", "held_out", "seed", "claim", "interval", "ablation", "token", "learning_rate"]) assert.ok(seen.has(id), id);
  await context.close();
});

test("every control has a name of its own, the page has its landmarks, and the first stop of Tab skips to the model", async () => {
  const { page, context } = await open(place);
  await untilStep(page, 1);
  await page.keyboard.press("Tab");
  assert.equal(await focused(page), "To the model");
  await page.keyboard.press("Enter");
  assert.equal(await focused(page), "main");
  assert.equal(new URL(page.url()).hash, "");
  for (let again = 0; again < 3; again++) await page.locator("details:not([open]) > summary:visible").evaluateAll((all) => all.forEach((one) => one.click()));
  await page.locator('[data-position="1"]').click();
  const session = await context.newCDPSession(page);
  const { nodes } = await session.send("Accessibility.getFullAXTree");
  const property = (node, name) => node.properties?.find((one) => one.name === name)?.value.value;
  const controls = nodes.filter((node) => !node.ignored && property(node, "focusable") && node.role.value !== "RootWebArea");
  assert.ok(controls.length > 100, `${controls.length} controls`);
  assert.deepEqual(controls.filter((node) => !node.name?.value?.trim() && node.role.value !== "main").map((node) => node.role.value), []);
  const roles = (role) => nodes.filter((node) => !node.ignored && node.role.value === role);
  assert.equal(roles("banner").length, 1);
  assert.equal(roles("main").length, 1);
  const regions = roles("region").map((node) => node.name.value);
  for (const name of ["Sequence", "Attention", "Transport", "Figures", "Loss", "Ablations", "Claims"]) assert.ok(regions.includes(name), `${name} in ${regions}`);
  await context.close();
});

test("what is said aloud comes at a civil pace", async () => {
  const { page, context } = await open(place);
  await untilStep(page, 5);
  await page.evaluate(() => {
    document.body.said = [];
    const region = [...document.querySelectorAll('#over [aria-live="polite"]')].at(-1);
    new MutationObserver(() => document.body.said.push(region.textContent)).observe(region, { childList: true, characterData: true, subtree: true });
  });
  const from = await figure(page, "step");
  await new Promise((done) => setTimeout(done, 4000));
  assert.ok((await figure(page, "step")) > from + 20, "it trains meanwhile");
  const said = () => page.evaluate(() => document.body.said);
  assert.ok((await said()).length <= 1, `${await said()}`);
  await pause(page);
  await until("the pause to be said", async () => /^Paused\. Step [\d,]+, loss/.test((await said()).at(-1)));
  await context.close();
});
