// The page's entry: puts the parts in their places and starts the session.

import { render } from "preact";
import { linked, watchAddress } from "./address";
import { announcement, watch } from "./announce";
import { watchArrival } from "./arrival";
import { watchFacts } from "./facts";
import { listen } from "./keys";
import { listenToDrops } from "./incoming";
import { keepOffline } from "./offline";
import { watchPanels } from "./panels";
import { ArrivalLine } from "./parts/arrival";
import { Ablations } from "./parts/ablations";
import { Attention } from "./parts/attention/attention";
import { Claims } from "./parts/claims";
import { ComparisonPanel } from "./parts/comparison";
import { DeviceChip } from "./parts/device";
import { ExportPanel } from "./parts/export";
import { FilePanel } from "./parts/file";
import { Help, HelpButton } from "./parts/help";
import { DropPlace, OpenButton, Tagline } from "./parts/incoming";
import { LossCurve } from "./parts/loss";
import { NoticeLine } from "./parts/notice";
import { OfferLine } from "./parts/offer";
import { Runs } from "./parts/runs/panel";
import { SequenceRow } from "./parts/sequence";
import { Settings } from "./parts/settings";
import { ShareButton } from "./parts/share";
import { ThemeChoice } from "./parts/theme";
import { Invitation, Tour } from "./parts/tour";
import { Readouts, Transport } from "./parts/transport";
import { UpdateLine } from "./parts/update";
import { start } from "./session";
import { startStore } from "./store/runs";
import { follow } from "./tour/tour";

function App() {
  return (
    <>
      <NoticeLine />
      <UpdateLine />
      <OfferLine />
      <ArrivalLine />
      <SequenceRow />
      {/* As high as its row: the pattern stays in view beside the instruments, and not over what comes after them. */}
      <div class="watch">
        <Attention />
      </div>
      <div class="side">
        <FilePanel />
        <Transport />
        <Readouts />
        <LossCurve />
        <ExportPanel />
      </div>
      <div class="lab">
        <Ablations />
        <Claims />
        <ComparisonPanel />
        <Runs />
      </div>
      <Settings />
      <DropPlace />
    </>
  );
}

/** Over the page, and no part of it. */
function Over() {
  return (
    <>
      <Tour />
      <Help />
      <p class="unseen" role="status" aria-live="polite">
        {announcement}
      </p>
    </>
  );
}

function Tools() {
  return (
    <>
      <OpenButton />
      <ShareButton />
      <DeviceChip />
      <ThemeChoice />
      <HelpButton />
    </>
  );
}

function place(id: string, content: preact.ComponentChild): void {
  const holder = document.getElementById(id)!;
  holder.textContent = "";
  render(content, holder);
}

start(linked());
watch();
watchPanels();
watchFacts();
watchArrival();
listen();
listenToDrops();
follow();
void startStore();
place(
  "tagline",
  <>
    <Tagline />
    <Invitation />
  </>,
);
place("tools", <Tools />);
place("main", <App />);
place("over", <Over />);
// The address is not for it: what stands there describes the page.
document.querySelector(".skip")!.addEventListener("click", (event) => {
  event.preventDefault();
  document.getElementById("main")!.focus();
});
watchAddress();
keepOffline();
