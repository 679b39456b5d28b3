// Entry of the window: makes the Bridge of what the preload left and mounts the app on it.
import { mount } from 'svelte';
import type { EngineEvent } from '../shared/api.ts';
import type { Bridge, PreloadBridge, ShellEvent } from '../shared/shell-api.ts';
import App from './App.svelte';
import './app.css';
import { App as State } from './state/app.svelte.ts';

declare global {
  interface Window {
    sluice: PreloadBridge;
  }
}

const { sluice } = window;
const bridge: Bridge = {
  ...sluice,
  onEvent: (listener) => sluice.onEvent((json) => listener(JSON.parse(json) as EngineEvent | ShellEvent)),
};
const app = new State(bridge);
mount(App, { target: document.body, props: { app } });
