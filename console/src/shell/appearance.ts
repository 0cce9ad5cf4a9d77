// Light or dark: the person's choice, else the system's.

import { applyMode, Mode } from '@cloudscape-design/global-styles';

const KEPT_AS = 'usher-appearance';

export type Appearance = 'light' | 'dark';

export function rememberedAppearance(): Appearance {
  const kept = localStorage.getItem(KEPT_AS);
  if (kept === 'light' || kept === 'dark') {
    return kept;
  }
  return window.matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
}

export function rememberAppearance(appearance: Appearance): void {
  localStorage.setItem(KEPT_AS, appearance);
}

export function show(appearance: Appearance): void {
  applyMode(appearance === 'dark' ? Mode.Dark : Mode.Light);
}
