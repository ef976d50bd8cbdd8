// That a newer build of the page is there. Quiet, and beside what has gone wrong, which has its own place.

import { useState } from "preact/hooks";
import { update } from "../offline";

export function UpdateLine() {
  const [later, setLater] = useState(false);
  return (
    <div class="notice-place" role="status">
      {update.value && !later && (
        <div class="notice">
          <p>A new version of this page is ready; reloading starts it.</p>
          <div class="notice-actions">
            <button type="button" onClick={update.value}>
              Reload
            </button>
            <button type="button" onClick={() => setLater(true)}>
              Later
            </button>
          </div>
        </div>
      )}
    </div>
  );
}
