// Scrolling: smoothly, unless the system asks for no motion.

const reduced = matchMedia("(prefers-reduced-motion: reduce)");

export const behavior = (): ScrollBehavior => (reduced.matches ? "instant" : "smooth");
