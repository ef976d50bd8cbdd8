// Shares as shades of the accent, from paper (none) to the accent itself (all), and the legend that says so.

/** For an element that shows a share: its shade, and ink that can be read on it. */
export const heat = (share: number): { style: Record<string, string>; class: string } => ({
  style: { "--heat": `${Math.round(100 * share)}%` },
  class: share > 0.88 ? "cell dark" : share > 0.64 ? "cell mid" : "cell",
});

export function HeatLegend() {
  return (
    <p class="legend small" aria-hidden="true">
      0&nbsp;% <span class="ramp" /> 100&nbsp;%
    </p>
  );
}
