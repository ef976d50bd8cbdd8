// What the page's words mean, for somebody who has read one blog post on attention. One text a word, wherever it is explained.
// What each setting does is said by the module's own table of settings.

import { MEASURES, type Measure } from "./experiments";

type Entry = { word: string; help: string };
const group = <Id extends string>(title: string, terms: Record<Id, Entry>) => ({ title, terms });

const TOKENS = group("Tokens and task", {
  token: { word: "Token", help: "One unit of what the model reads and writes: here a number of the list, or BOS, MID or EOS. To the model a number is only a name; that 6 comes before 20 it has to learn." },
  prompt: { word: "Prompt", help: "What the model is given: BOS, the list, MID. What comes after it is the answer." },
  position: { word: "Position", help: "A token’s place in the sequence, counted from 0. The model is told it, as a rule by a learned vector that is added to the token’s own." },
  bos: { word: "BOS", help: "Beginning of sequence: the token that every sequence starts with. Since it is always there, attention that has nothing better to do often rests on it." },
  mid: { word: "MID", help: "The token between the list and its sorted order. At MID the model has to begin its answer." },
  eos: { word: "EOS", help: "End of sequence: a token after the sorted list, where the task has one. The model then has to learn when to stop." },
  generation: { word: "Generation", help: "The model writes an answer by itself: it predicts a token, that token is appended, and the longer sequence is read again." },
  greedy: { word: "Greedy", help: "Always to take the likeliest next token. The same prompt then has the same answer every time." },
  temperature: { word: "Temperature", help: "How freely tokens are drawn. At 0 always the likeliest; at 1 each as often as the model gives it probability; above, unlikely ones more often." },
  top_k: { word: "Top-k", help: "Draws among the k likeliest tokens only." },
  top_p: { word: "Top-p", help: "Draws among the likeliest tokens only: as many as it takes for their probabilities to add up to this." },
});

const MODEL = group("Inside the model", {
  layer: { word: "Layer", help: "One round of processing: every position gathers from others by attention, then, unless the model is attention alone, goes through an MLP. What a layer finds is added to the residual stream." },
  residual: { word: "Residual stream", help: "The vector that each position carries through the model. It starts as the token’s embedding; layers read from it and add to it, and the logits are read off at its end." },
  embedding: { word: "Embedding", help: "The learned vector that stands for a token (W_E) or for a position (W_pos). The sum of both enters the residual stream." },
  attention: { word: "Attention", help: "How a position gathers information from others: it decides how much of each it takes, and adds up what they offer in those proportions." },
  head: { word: "Head", help: "One attention mechanism with weights of its own. A layer may have several side by side, each of which looks for something else." },
  pattern: { word: "Pattern", help: "A head’s attention as a table: how much each destination attends to each source, from 0 to 1. Every row adds up to 1." },
  destination: { word: "Destination", help: "The position that attends: it asks (its query), and what it gathers is added to its own residual stream. Also called query position." },
  source: { word: "Source", help: "A position that is attended to: what it offers (its value) is carried to the destination. Also called key position." },
  causal: { word: "Causal", help: "A position sees itself and what came before it, never what comes later. So half of a pattern is empty." },
  scores: { word: "Scores", help: "How well each source’s key fits the destination’s query, before the softmax turns a row of scores into shares that add up to 1." },
  value_weighted: { word: "Value-weighted", help: "Each attention weight times the size of the value vector that it fetches. Much attention to a source that has little to say then looks as small as it is." },
  output_weighted: { word: "Output-weighted", help: "As value-weighted, but with the size that the vector has once W_O has written it back to the residual stream." },
  qk: { word: "QK circuit", help: "Where a head attends: W_Q and W_K together say, for any two tokens, how well the one’s query fits the other’s key." },
  ov: { word: "OV circuit", help: "What a head does with what it attends to: W_V and W_O together say which tokens it makes likelier when it attends to a given one." },
  logits: { word: "Logits", help: "The model’s last output: a number for each token of the vocabulary. The softmax turns them into the probabilities of being next." },
  prediction: { word: "Prediction", help: "The token that the model holds likeliest to come next, and its probability. Only those from MID on are trained: before it any number may follow." },
  mlp: { word: "MLP", help: "A small network that works at each position by itself, after attention. The notebook’s model has none." },
  parameters: { word: "Parameters", help: "The numbers that training adjusts: all weights and biases of the model." },
});

const TRAINING = group("Training", {
  step: { word: "Step", help: "One round of learning: the model reads a batch of lists, and its weights move a little so that it would have answered better." },
  loss: { word: "Loss", help: "How surprised the model is by the right answers, on average over the tokens that count: 0 if it is sure and right, about 4.2 if it guesses among 67 tokens. Training lowers it." },
  held_out: { word: "Held-out", help: "Measured on lists that the model is never trained on: whether it has learnt to sort, rather than learnt the lists by heart." },
  token_accuracy: { word: "Token accuracy", help: "The share of the answer’s tokens that are predicted right, each with the right ones before it." },
  sequence_accuracy: { word: "Sequence accuracy", help: "The share of lists whose whole answer is right. One wrong token spoils a list, so this is lower than token accuracy." },
  learning_rate: { word: "Learning rate", help: "How far the weights move in a step. Too small takes for ever; too large never settles." },
  seed: { word: "Seed", help: "The number that all chance is drawn from: the first weights, the lists and their order. The same seed gives the same run, so that others can repeat it." },
  checkpoint: { word: "Checkpoint", help: "A file with a model’s weights. Drop one on the page to look into it; the page’s own model can be saved as one." },
  fingerprint: { word: "Fingerprint", help: "A short code computed from every byte of the weights. Two models with the same one are the same model." },
});

/** The rates of the ablation table, which says what each means. */
const measures = Object.fromEntries(MEASURES.map(({ id, name, help }) => [id, { word: name[0]!.toUpperCase() + name.slice(1), help }])) as Record<Measure, Entry>;

const EXPERIMENTS = group("Experiments", {
  ablation: { word: "Ablation", help: "To take something away, or to put something else in its place, and see what breaks. What still works did not need it." },
  mean_ablation: { word: "Mean ablation", help: "To give a head’s output the value that it has on average over many lists: the head is still there, but knows nothing of this one. Gentler than zero, which the rest of the model has never seen." },
  resample: { word: "Resampling", help: "To give a head’s output the value that it has for another list: normal in every respect, and about something else." },
  edge: { word: "Edge", help: "One cell of a pattern: one source that one destination attends to. It can be cut by itself." },
  renormalise: { word: "Renormalise", help: "After an edge is cut, the rest of its row is scaled to add up to 1 again, as if the source had never been there." },
  battery: { word: "Battery", help: "One experiment over many random lists, since what happens on one list may be chance." },
  site: { word: "Site", help: "The place in the list at which an experiment edits: list[0] is the first number." },
  interval: { word: "95 % interval", help: "Lists are drawn at random, so a measured share is a little off. In 95 of 100 such measurements, the interval in brackets contains what all lists together would give." },
  ...measures,
  claim: { word: "Claim", help: "A statement about the model that can be counted: on so many of so many random lists it was true." },
  verdict: { word: "Verdict", help: "A claim holds if its whole interval is at 90 % or above, fails if it is at 50 % or below, and is mixed otherwise." },
  comparison: { word: "Comparison", help: "Models trained in two ways, several seeds of each: a difference counts if it is larger than that between seeds." },
});

const MACHINE = group("The machine", {
  device: { word: "Device", help: "What computes: the processor (CPU) or, through WebGPU, the graphics card. On the CPU a run comes out the same, bit for bit, on every machine." },
  webgpu: { word: "WebGPU", help: "A way for web pages to compute on the graphics card. Faster for large models; its last digits differ from one card to another." },
  worker: { word: "Worker", help: "A second thread of the page, in which the model lives and trains, so that the page itself never freezes." },
});

export const GROUPS: readonly { title: string; terms: Record<string, Entry> }[] = [TOKENS, MODEL, TRAINING, EXPERIMENTS, MACHINE];

export const TERMS = { ...TOKENS.terms, ...MODEL.terms, ...TRAINING.terms, ...EXPERIMENTS.terms, ...MACHINE.terms };
export type TermId = keyof typeof TERMS;
