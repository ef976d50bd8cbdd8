// One sentence about something that went wrong, and, for whoever wants to report it, what the machine said.

import { notice } from "../state";

export function NoticeLine() {
  const now = notice.value;
  return (
    <div class="notice-place" role="alert">
      {now && (
        <div class="notice">
          <p>{now.text}</p>
          {now.detail && (
            <details>
              <summary>What the machine said</summary>
              <pre>{now.detail}</pre>
            </details>
          )}
          <div class="notice-actions">
            {now.retry && (
              <button type="button" class="primary" onClick={now.retry}>
                Try again
              </button>
            )}
            {/* What must be tried again must not be put out of sight. */}
            {!now.retry && (
              <button type="button" onClick={() => (notice.value = null)}>
                Dismiss
              </button>
            )}
          </div>
        </div>
      )}
    </div>
  );
}
