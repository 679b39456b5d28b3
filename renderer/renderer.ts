// Entry of the window: takes the Bridge that the preload left and mounts the app on it.
import { mount } from 'svelte';
import type { Bridge } from '../shared/shell-api.ts';
import App from './App.svelte';
import './app.css';
import { App as State } from './state/app.svelte.ts';

declare global {
  interface Window {
    sluice: Bridge;
  }
}

const app = new State(window.sluice);
mount(App, { target: document.body, props: { app } });
