// How far the first start is, in the place where the sequence will be.

import { megabytes } from "../format";
import { stopLoading } from "../session";
import { fetching, loading, type Loading } from "../state";

function sentence(now: Loading): string {
  switch (now.stage) {
    case "download":
      return now.total > 0 ? `Downloading the program: ${megabytes(now.received)} of ${megabytes(now.total)} MB` : "Downloading the program";
    case "compile":
      return "Compiling it for this machine";
    case "device":
      return "Opening the device";
    case "start":
      return "Starting to train";
  }
}

export function LoadingLine() {
  // A link that asks for WebGPU takes more than what every visit begins with.
  const now: Loading | null = loading.value && fetching.value ? { stage: "download", ...fetching.value } : loading.value;
  if (!now) return null;
  const known = now.stage === "download" && now.total > 0;
  return (
    <p class="loading">
      <label>
        {sentence(now)}
        <progress {...(known ? { value: now.received, max: now.total } : {})} />
      </label>
      <button type="button" onClick={stopLoading}>
        Stop
      </button>
    </p>
  );
}
