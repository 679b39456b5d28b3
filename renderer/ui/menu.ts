// What a menu offers, and where it opens.
import type { IconName } from './icons.ts';

export type MenuItem =
  | {
      kind: 'item';
      label: string;
      icon?: IconName;
      key?: string;
      checked?: boolean;
      danger?: boolean;
      disabled?: boolean;
      run: () => void;
    }
  | { kind: 'line' };

/** A place in the window, in px; menus open below and to the right of it, or where there is room. */
export type Place = { x: number; y: number };

/** Below an element, at its left edge. */
export function below(element: Element): Place {
  const box = element.getBoundingClientRect();
  return { x: box.left, y: box.bottom + 4 };
}
