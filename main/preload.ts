// Entry: the preload. Gives the window its one object, from which it has the Bridge; runs sandboxed beside the page.
import { contextBridge, ipcRenderer, webUtils, type IpcRendererEvent } from 'electron';
import { channels } from '../shared/channels.ts';
import type { PreloadBridge } from '../shared/shell-api.ts';

const bridge: PreloadBridge = {
  call: (name, arg) => ipcRenderer.invoke(channels.call, name, arg),
  shell: (name, arg) => ipcRenderer.invoke(channels.shell, name, arg),
  onEvent(listener) {
    const relay = (_event: IpcRendererEvent, json: string) => listener(json);
    ipcRenderer.on(channels.event, relay);
    return () => ipcRenderer.off(channels.event, relay);
  },
  // Electron before 32 has no webUtils but puts the path on the file.
  pathOf: (file) =>
    (webUtils as typeof webUtils | undefined)?.getPathForFile(file as File) ?? (file as { path?: string }).path ?? '',
};

contextBridge.exposeInMainWorld('sluice', bridge);
