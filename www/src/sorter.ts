// The page shows sorters only so far: these are the package's records with that task in them. Another task is refused where it
// would come in, in worker/begin.ts and worker/link.ts.

import type * as tinylens from "tinylens";

export type TaskConfig = tinylens.SortTask;
export type Experiment = tinylens.Experiment & { task: TaskConfig };
export type ExperimentRecord = tinylens.ExperimentRecord & { task: TaskConfig };
export type AblationName = Exclude<tinylens.AblationName, "ans_replacement" | "sep_replacement">;

/** What `checkExperiment` says of a sorter. */
export type Checked = Omit<ReturnType<typeof tinylens.checkExperiment>, "experiment"> & { experiment: Experiment | null };

/** Whether a record's task is the one that the page shows. */
export const isSorter = (record: tinylens.ExperimentRecord): record is ExperimentRecord => record.task.name === "sort";

/** The experiment of a run that the page has taken in. */
export const experimentOf = (run: tinylens.Run): Experiment => run.experiment as Experiment;
