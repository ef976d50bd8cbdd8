// One sentence about something that went wrong, and, for whoever wants to report it, what the machine said.

import { useEffect, useRef } from "preact/hooks";
import { notice } from "../state";

export function NoticeLine() {
  const now = notice.value;
  const place = useRef<HTMLDivElement>(null);
  // Whoever has scrolled down, and drops a file there, must see why it is not opened.
  useEffect(() => {
    if (now) place.current!.scrollIntoView({ block: "nearest" });
  }, [now]);
  return (
    <div class="notice-place" role="alert" ref={place}>
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
