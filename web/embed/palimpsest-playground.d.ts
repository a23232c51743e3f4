/** What the form holds; values are texts by the name of their parameter, the prompt among them. */
export interface PlaygroundState {
  mode: 'generate' | 'edit';
  model: string;
  values: Record<string, string>;
}

export interface RunDetail { run: number }
export interface ProgressDetail extends RunDetail { job: string; step: number; steps: number; left_ms?: number }
export interface PartialDetail extends ProgressDetail { blob: Blob }
export interface ResultDetail extends RunDetail {
  /** Of this picture among those of its run; `more` is false for the last one. */
  index: number;
  more: boolean;
  blob: Blob;
  /** Exact, in decimal. */
  seed?: string;
  size: string;
  answered_by: string;
}
export interface ErrorDetail { run?: number; message: string; code?: string; status?: number }
export interface ConnectDetail { base_url: string; models: string[] }
export interface SubmitDetail extends PlaygroundState {}

export interface PlaygroundEvents {
  'pg-ready': CustomEvent<{}>;
  'pg-connect': CustomEvent<ConnectDetail>;
  'pg-change': CustomEvent<PlaygroundState>;
  /** Cancelable: preventDefault() vetoes the run, changes of `detail.values` are for this run. */
  'pg-submit': CustomEvent<SubmitDetail>;
  'pg-queue': CustomEvent<RunDetail>;
  'pg-progress': CustomEvent<ProgressDetail>;
  'pg-partial': CustomEvent<PartialDetail>;
  'pg-result': CustomEvent<ResultDetail>;
  'pg-error': CustomEvent<ErrorDetail>;
  'pg-cancel': CustomEvent<RunDetail>;
  'pg-fullscreen': CustomEvent<{fullscreen: boolean}>;
}

export interface PlaygroundResult extends ResultDetail {
  mode: 'generate' | 'edit';
  model: string;
  prompt: string;
}

export class PalimpsestPlayground extends HTMLElement {
  /** Settles once it runs. */
  readonly ready: Promise<void>;

  assets: string;
  baseUrl: string;
  controls: string;
  examples: string;
  gestures: '' | 'cooperative' | 'capture';
  guidance: string;
  image: string;
  integrityWasm: string;
  isolate: '' | 'none' | 'iframe';
  layout: '' | 'auto' | 'full' | 'medium' | 'split' | 'compact' | 'result';
  mask: string;
  mode: '' | 'auto' | 'generate' | 'edit';
  model: string;
  params: string;
  persist: '' | 'none' | 'session' | 'local';
  poster: string;
  preset: string;
  prompt: string;
  readonly: boolean;
  seed: string;
  size: string;
  /** The attribute `start`. */
  startWhen: '' | 'click' | 'visible' | 'eager';
  steps: string;
  theme: '' | 'inherit' | 'light' | 'dark';
  wholePage: boolean;

  start(): Promise<void>;
  /** Fails with an Error that has `code`, or with an AbortError where the run was cancelled. */
  run(overrides?: Record<string, string | number | boolean>): Promise<ResultDetail>;
  /** One run, or all of them. */
  cancel(run?: number): Promise<void>;
  getState(): Promise<PlaygroundState>;
  setState(state: Partial<PlaygroundState>): Promise<void>;
  setImage(source: Blob | string | null): Promise<void>;
  setMask(source: Blob | string | null): Promise<void>;
  getResult(index?: number): Promise<PlaygroundResult>;
  exportPng(): Promise<Blob>;
  snippet(language?: 'curl' | 'javascript' | 'python'): Promise<string>;
  setCredentials(credentials: string | (() => string | Promise<string>)): Promise<void>;
  inspect(): {fields: Array<{id: string; kind: string; label: string; text: string; x: number; y: number; width: number; height: number}>; frames: number};
  destroy(): void;

  addEventListener<K extends keyof PlaygroundEvents>(
      type: K, listener: (event: PlaygroundEvents[K]) => void, options?: boolean | AddEventListenerOptions): void;
  addEventListener(type: string, listener: EventListenerOrEventListenerObject, options?: boolean | AddEventListenerOptions): void;
}

declare global {
  interface HTMLElementTagNameMap { 'palimpsest-playground': PalimpsestPlayground }
}
