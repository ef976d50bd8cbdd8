// What an earlier visit left behind, offered beside the run that has begun meanwhile.

import { count, moment } from "../format";
import { declineOffer, offer, takeOffer } from "../store/resume";

export function OfferLine() {
  const now = offer.value;
  return (
    <div class="offer-place" role="status">
      {now && (
        <div class={now.quietly ? "offer quietly" : "offer"}>
          {now.quietly && <p>An earlier run was left at step {count(now.head.step)}.</p>}
          <button type="button" class={now.quietly ? "quiet" : "go-on"} onClick={() => void takeOffer()}>
            <span>
              Go on from step {count(now.head.step)}
              {now.head.file && ` of ${now.head.file.name}`} ({moment(now.head.saved)})
            </span>
          </button>
          <button type="button" class="quiet" onClick={() => void declineOffer()}>
            {now.quietly ? "Forget it" : "Start anew"}
          </button>
        </div>
      )}
    </div>
  );
}
