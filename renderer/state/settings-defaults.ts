// The settings until the engine has told its own, a moment after the start; typed, so that none is forgotten.
import type { Settings } from '../../shared/settings.ts';

export const defaultSettings: Settings = {
  dir: '',
  workers: 0,
  parallel: 8,
  connectionsPerDownload: 8,
  connectionsPerHost: 16,
  limitBytesPerS: null,
  maxRetries: 8,
  connectTimeoutMs: 20_000,
  idleTimeoutMs: 30_000,
  allowInsecureRedirect: false,
  lane: 'auto',
  hash: true,
  proxy: null,
  extraCaFile: null,
  insecureHosts: [],
  coordinator: true,
  coordinatorHost: '127.0.0.1',
  coordinatorPort: 7440,
  discoverable: false,
  pythonDoor: false,
  pythonPort: 8001,
  pythonMd5: true,
  theme: 'system',
  language: 'system',
};
