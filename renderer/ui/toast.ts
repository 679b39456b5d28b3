// A short message at the bottom of the window.

export type Toast = {
  id: number;
  text: string;
  kind: 'info' | 'error';
  action: { label: string; run: () => void } | null;
};
