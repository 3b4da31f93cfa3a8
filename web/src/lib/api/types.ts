// The parts of the OpenAI chat API that the page reads and writes, and the
// page's own /api/info. Every field that a server may leave out is optional.

export interface WireMessage {
  role: 'system' | 'user' | 'assistant' | 'tool';
  content: string;
}

export interface ChatRequest {
  model: string;
  messages: WireMessage[];
  temperature?: number;
  top_p?: number;
  max_tokens?: number;
}

export interface ToolCall {
  id: string;
  name: string;
  arguments: string;
}

export interface Usage {
  prompt_tokens?: number;
  completion_tokens?: number;
  prompt_tokens_details?: { cached_tokens?: number };
  completion_tokens_details?: { reasoning_tokens?: number };
}

export interface Chunk {
  model?: string;
  choices?: {
    delta?: {
      content?: string | null;
      reasoning_content?: string | null;
      tool_calls?: { index?: number; id?: string; function?: { name?: string; arguments?: string } }[];
    };
    finish_reason?: string | null;
  }[];
  usage?: Usage | null;
  error?: { message?: string; type?: string; code?: string | null };
}

/** A model as the page shows it, put together from /v1/models and /api/info. */
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
}

export interface ServerInfo {
  version: string;
  defaultModel: string;
  models: Model[];
}
