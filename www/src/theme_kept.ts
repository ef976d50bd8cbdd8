// The choice of colours that an earlier visit left behind.

export const CHOICES = ["auto", "light", "dark"] as const;
export type Choice = (typeof CHOICES)[number];

export const KEY = "tinylens.theme";

export function kept(): Choice {
  try {
    const value = localStorage.getItem(KEY);
    return CHOICES.find((choice) => choice === value) ?? "auto";
  } catch {
    return "auto"; // storage is forbidden
  }
}
