// How sequences go on after their prompts.

import { scene, type Sampling } from "../../document";
import { answerLength, clean, compared, edited, endTyping, own, room, setGeneration } from "../../edit";
import { experiment } from "../../state";
import { Term } from "../term";
import { Field } from "./field";

const LARGEST_SEED = 0xffffffff;

export function Generation() {
  const { sampling, newTokens } = scene.value;
  const most = Math.max(room(clean.value), compared.value ? room(compared.value) : 0);
  const wanted = newTokens ?? answerLength.value;
  const greedy = sampling.temperature === 0;
  const sample = (next: Partial<Sampling>, what: string, key: string) => setGeneration({ sampling: { ...sampling, ...next } }, what, `sampling:${key}`);
  const config = experiment.value?.model;
  if (!config) return null;
  const short = (edited.value ?? clean.value).length + wanted > config.n_ctx;
  return (
    <details class="fold generation">
      <summary>
        Generation{" "}
        <span class="small">
          {own.value ? `${greedy ? "greedy" : `temperature ${sampling.temperature}`}, ${wanted} new ${wanted === 1 ? "token" : "tokens"}` : "after MID stands the sorted list"}
        </span>
      </summary>
      <fieldset class="choices" disabled={compared.value !== null}>
        <legend class="unseen">After MID</legend>
        <label class="check">
          <input type="radio" name="follow" checked={!own.value} onChange={() => setGeneration({ own: false, newTokens: null, sampling: { ...sampling, temperature: 0 } }, "After MID, the sorted list", "own")} />
          After MID the sorted list, as in training
        </label>
        <label class="check">
          <input type="radio" name="follow" checked={own.value} onChange={() => setGeneration({ own: true }, "After MID, what the model writes", "own")} />
          what the model writes
        </label>
      </fieldset>
      {compared.value && <p class="small">While something is edited, both sequences go on with what the model writes.</p>}
      <div class="fields" onFocusOut={endTyping}>
        <Field name="New tokens" value={wanted} least={0} most={Math.max(0, most)} onChange={(n) => setGeneration({ newTokens: n === answerLength.value ? null : n }, `${n} new tokens`, "newTokens")} />
        <Field name="Temperature" value={sampling.temperature} least={0} most={100} whole={false} onChange={(n) => sample({ temperature: n ?? 0 }, `Temperature ${n}`, "temperature")} />
        {!greedy && (
          <>
            <Field name="Top-k" value={sampling.topK} least={1} most={config.d_vocab_out} none="all" onChange={(n) => sample({ topK: n }, `Top-k ${n ?? "off"}`, "topK")} />
            <Field name="Top-p" value={sampling.topP} least={0.001} most={1} whole={false} none="all" onChange={(n) => sample({ topP: n }, `Top-p ${n ?? "off"}`, "topP")} />
            <Field name="Seed" value={sampling.seed} least={0} most={LARGEST_SEED} onChange={(n) => sample({ seed: n ?? 0 }, `Seed ${n}`, "seed")} />
          </>
        )}
      </div>
      <p class="small">
        {greedy ? (
          <>
            <Term id="temperature">Temperature</Term> 0 takes the likeliest token each time. Above 0 tokens are drawn.
          </>
        ) : (
          <>
            Tokens are drawn, by <Term id="temperature">temperature</Term>, <Term id="top_k">top-k</Term> and <Term id="top_p">top-p</Term>: under each stands the likeliest next one, in the box after it the one that was drawn.
            {sampling.topK !== null && sampling.topP !== null ? " Where both are given, top-k is used." : ""}
          </>
        )}{" "}
        This model has room for {config.n_ctx} tokens, prompt included (n_ctx){short ? ", so fewer are written here" : ""}.
      </p>
    </details>
  );
}
