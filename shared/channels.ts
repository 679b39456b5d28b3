// The channels between preload and main; by themselves, so that the preload brings no schema library into the window.
export const channels = { call: 'sluice:call', shell: 'sluice:shell', event: 'sluice:event' } as const;
