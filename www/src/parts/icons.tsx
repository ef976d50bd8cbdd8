// The page's few icons, 20 by 20, in the colour of the text around them.

import type { ComponentChildren } from "preact";

function Icon({ children }: { children: ComponentChildren }) {
  return (
    <svg viewBox="0 0 20 20" width="20" height="20" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round">
      {children}
    </svg>
  );
}

export const Play = () => (
  <Icon>
    <path d="M6 4v12l10-6z" fill="currentColor" />
  </Icon>
);

export const Pause = () => (
  <Icon>
    <path d="M7 4.5v11M13 4.5v11" stroke-width="3" />
  </Icon>
);

export const Step = () => (
  <Icon>
    <path d="M4.5 4.5v11l8-5.5z" fill="currentColor" />
    <path d="M15.5 4.5v11" stroke-width="2.5" />
  </Icon>
);

export const Reset = () => (
  <Icon>
    <path d="M4.2 7.2a6.5 6.5 0 1 1-.6 4.4" />
    <path d="M3.6 3.6v4h4" />
  </Icon>
);

export const Right = () => (
  <Icon>
    <path d="M4.5 10.5l4 4 7-9" stroke-width="2.25" />
  </Icon>
);

export const Wrong = () => (
  <Icon>
    <path d="M5 5l10 10M15 5L5 15" stroke-width="2.25" />
  </Icon>
);

export const Copy = () => (
  <Icon>
    <path d="M7.5 7.5h8v8h-8z" />
    <path d="M4.5 12.5v-8h8" />
  </Icon>
);

export const Undo = () => (
  <Icon>
    <path d="M4 8h7.5a4.5 4.5 0 0 1 0 9H8" />
    <path d="M7.5 4L3.5 8l4 4" />
  </Icon>
);

export const Redo = () => (
  <Icon>
    <path d="M16 8H8.5a4.5 4.5 0 0 0 0 9H12" />
    <path d="M12.5 4l4 4-4 4" />
  </Icon>
);
