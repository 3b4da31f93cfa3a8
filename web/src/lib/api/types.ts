// What our server says and hears, as it is on the wire. Every field that a
// server may leave out is optional. Times are ms since 1970.

/** A model, as /api/info describes it. */
export interface Model {
  id: string;
  title: string;
  parameters: string;
  quant: string;
  bytes: number;
  context: number;
  licence: string;
  licenceURL: string;
  note: string;
  chat: boolean;
  reasoning: boolean;
  loaded: boolean;
  remote: boolean; // runs on another server: what is asked leaves this one
  server: string; // what that server is called, '' for none
  masked: boolean; // personal numbers are hidden in what is sent there
}

export interface ServerInfo {
  version: string;
  defaultModel: string;
  models: Model[];
}

export interface Chat {
  id: string;
  title: string;
  model: string;
  folder: string; // '' is none
  preset: string;
  system: string;
  leaf: string; // the last message of the branch on screen, '' when empty
  pinned: boolean;
  archived: boolean;
  created: number;
  updated: number;
  messages: number;
  live: boolean; // an answer is being made
  /** Whether answers may use tools; left out: as the settings say. */
  skills?: Skills;
  /** With 'on', the tools that may be used; left out: all. */
  skill_names?: string[];
}

export type Skills = '' | 'on' | 'off';

export interface ToolCall {
  id: string;
  name: string;
  arguments: string;
  result?: string;
  /** How far it is; left out for calls that nobody runs. */
  state?: 'ask' | 'page' | 'running' | 'done' | 'failed' | 'refused' | 'unknown';
  title?: string; // what people call the tool
  tainted?: boolean; // asked when text of strangers was in play
  outside?: boolean; // the result is text of strangers
}

/** How an answer ended; 'live' while the server makes it. */
export type Status = 'live' | 'done' | 'length' | 'stopped' | 'interrupted' | 'error';

export interface Failure {
  kind: string;
  detail: string;
  retry_after: number; // seconds
}

export interface Usage {
  prompt_tokens: number;
  cached_tokens: number;
  completion_tokens: number;
  reasoning_tokens: number;
  first_ms: number; // from the question to the first token
  total_ms: number;
}

export interface Message {
  id: string;
  chat: string;
  parent: string; // '' for the first question
  role: 'user' | 'assistant';
  content: string;
  reasoning?: string;
  tool_calls?: ToolCall[];
  model?: string;
  status: Status;
  failure?: Failure;
  usage?: Usage;
  vote?: 'up' | 'down';
  compare?: string; // the same for two answers that are compared
  /** How much of a question's beginning was pasted, in UTF-16 units: editing leaves it alone. */
  pasted?: number;
  created: number;
  /** Only here: the server does not have it yet. */
  unsent?: 'sending' | Failure;
}

/** What is appended to an answer. */
export interface Delta {
  content?: string;
  reasoning?: string;
  tool_call?: { index: number } & Partial<ToolCall>;
}

export interface Params {
  temperature?: number;
  top_p?: number;
  max_tokens?: number;
}

export interface Folder {
  id: string;
  name: string;
  instructions: string;
  color: string;
  created: number;
}

export interface FolderFile {
  id: string;
  folder: string;
  name: string;
  type: string;
  size: number;
  created: number;
}

export interface Share {
  id: string;
  token?: string; // only when it is made
  path?: string;
  created: number;
  expires: number; // 0: never
}

export interface Shared {
  title: string;
  created: number;
  model: string;
  messages: Message[];
}

export interface Hit {
  chat: string;
  title: string;
  message: string; // '' when the title was found
  role: '' | 'user' | 'assistant';
  snippet: string;
  marks: [number, number][] | null; // UTF-16 units
  created: number;
}

export interface Imported {
  chats: number;
  messages: number;
  skipped: { title: string; why: string }[] | null;
}

/** /api/settings: what a user wants in every chat. */
export interface Prefs {
  default_model: string;
  system: string;
  tone: '' | 'haeyo' | 'hapsyo' | 'english';
  memory: boolean;
  params: Params;
  language: string;
  skills?: Skills;
  skill_names?: string[];
  /** Answers may have this page run code; left out by a server that has no such thing. */
  code_interpreter?: boolean;
}
