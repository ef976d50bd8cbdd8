// Files and texts that are taken away from the page, and the line that says what came of it. What the browser refuses to copy can be
// selected by hand.

import { signal } from "@preact/signals";
import { size } from "../format";
import type { Export, Wanted } from "../protocol";
import { exportFile } from "../session/line";
import { file } from "../state";
import { copy, save } from "../take";

/** Characters of a text that a field on the page can hold without trouble. */
const MOST_BY_HAND = 1_000_000;

/** What names of files begin with. */
export const stem = (): string => file.value?.origin.name.replace(/\.[^.]*$/, "") || "tinylens";

/** What the worker is to give, or the page makes itself. */
type Source = Wanted | (() => Export | Promise<Export>);

export class Taken {
  /** The last thing done, in a sentence. */
  readonly said = signal<{ text: string; wrong?: boolean } | null>(null);
  /** A text that was not copied. */
  readonly byHand = signal<{ name: string; text: string } | null>(null);

  async save(source: Source): Promise<void> {
    const found = await this.fetched(source);
    if (!found) return;
    save(found);
    this.said.value = { text: `Saved ${found.name} (${size(new Blob([found.content]).size)}).` };
  }

  async copy(source: Source): Promise<void> {
    const found = await this.fetched(source);
    if (!found) return;
    const text = String(found.content);
    if (await copy(text)) this.said.value = { text: `Copied what would be ${found.name} (${size(text.length)}).` };
    else if (text.length > MOST_BY_HAND) this.said.value = { text: `The browser refused to copy, and ${size(text.length)} of text are too much to select by hand: save it instead.`, wrong: true };
    else {
      this.byHand.value = { name: found.name, text };
      this.said.value = { text: "The browser refused to copy: select the text below instead.", wrong: true };
    }
  }

  private async fetched(source: Source): Promise<Export | null> {
    this.byHand.value = this.said.value = null;
    try {
      return await (typeof source === "function" ? source() : exportFile(source, stem()));
    } catch (error) {
      this.said.value = { text: error instanceof Error ? error.message : String(error), wrong: true };
      return null;
    }
  }
}

export function TakenLine({ taken: { said, byHand } }: { taken: Taken }) {
  return (
    <>
      <p class={said.value?.wrong ? "error" : "small"} role="status">
        {said.value?.text}
      </p>
      {byHand.value && <textarea readOnly rows={8} aria-label={byHand.value.name} value={byHand.value.text} onFocus={(e) => e.currentTarget.select()} />}
    </>
  );
}
