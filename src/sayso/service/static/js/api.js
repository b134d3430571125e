/**
 * The service, as functions. Every failure is a `Problem` whose message is meant for a person.
 */

export const UNREACHABLE = "The service does not answer. Is it still running?";

const LOGIN = "/login";

/** What went wrong, in words; `status` is 0 where nothing answered. */
export class Problem extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

/** The problem that an answer tells of. */
export function problemOf(status, body) {
  return new Problem(detailOf(body) ?? `The service answered ${status}.`, status);
}

function detailOf(body) {
  try {
    const { detail, title } = JSON.parse(body);
    return typeof detail === "string" && detail ? detail : (title ?? null);
  } catch {
    return null;
  }
}

let admit = null;
let admitting = null;

/** @param {() => Promise} ask resolves once the browser carries a token that works */
export function whenTokenIsAskedFor(ask) {
  admit = ask;
}

/** Asks for a token, once for all who wait for one. */
export function admitted() {
  admitting ??= admit().finally(() => (admitting = null));
  return admitting;
}

/** A response that is all right; where the service asks for a token, so does the page. Raises: Problem. */
export async function request(path, options = {}) {
  let response;
  try {
    response = await fetch(path, options);
  } catch (error) {
    throw error.name === "AbortError" ? error : new Problem(UNREACHABLE, 0);
  }
  if (response.status === 401 && path !== LOGIN) {
    await admitted();
    return request(path, options);
  }
  if (!response.ok) throw problemOf(response.status, await response.text());
  return response;
}

const get = async (path) => (await request(path)).json();

async function send(method, path, body, options = {}) {
  const json = body === undefined ? {} : { body: JSON.stringify(body) };
  const headers = body === undefined ? {} : { "content-type": "application/json" };
  const response = await request(path, { method, headers, ...json, ...options });
  return response.status === 204 ? null : response.json();
}

const of = (session) => `/sessions/${encodeURIComponent(session)}`;

export const about = () => get("/about");
export const sessions = () => get("/sessions");
export const session = (id) => get(of(id));
export const messages = (id, after = 0) => get(`${of(id)}/messages?after=${after}`);
/** Goes on after the page is closed. */
export const forget = (id) => send("DELETE", of(id), undefined, { keepalive: true });
export const rename = (id, name) => send("PATCH", of(id), { name });
export const say = (id, text, render = false) => send("POST", `${of(id)}/messages`, { text, render });
/** Goes on after the page is closed. */
export const patchDesk = (id, patch) => send("PATCH", `${of(id)}/desk`, patch, { keepalive: true });
export const undo = (id) => send("POST", `${of(id)}/undo`);
export const redo = (id) => send("POST", `${of(id)}/redo`);
/** @param {{targets?: string[], desk?: object}} what of the session; nothing is its desk */
export const render = (id, what) => send("POST", `${of(id)}/renders`, what);
export const move = (id, moves) => send("POST", `${of(id)}/moves`, { moves });
export const cuts = (id) => get(`${of(id)}/cuts`);
export const chooseCuts = (id, choice) => send("POST", `${of(id)}/cuts/choose`, choice);
export async function bringCuts(id, file, rate) {
  const body = new FormData();
  body.append("file", file, file.name);
  const query = rate ? `?${new URLSearchParams({ rate })}` : "";
  return (await request(`${of(id)}/cuts/import${query}`, { method: "POST", body })).json();
}
export const cutsUrl = (id, format) => `${of(id)}/cuts/export?${new URLSearchParams({ format })}`;
export const cancel = (url) => send("POST", `${url}/cancel`);
export const demo = () => send("POST", "/sessions/demo");
/** Has the browser carry a token from now on, in a cookie that no script can read. */
export const login = (token) => send("POST", LOGIN, { token });
/** Has the browser forget it. */
export const logout = () => send("POST", "/logout");

/**
 * The lowest and highest samples of a track over all channels.
 * @param {{start: number, stop: number}|null} part of it, in frames
 */
export async function peaks(url, buckets, part = null) {
  const query = new URLSearchParams({ buckets, ...part });
  const { peaks: channels, frames, sample_rate: rate } = await get(`${url}?${query}`);
  const count = channels[0].length;
  const low = new Float32Array(count);
  const high = new Float32Array(count);
  for (const channel of channels) {
    channel.forEach(([least, most], at) => {
      low[at] = Math.min(low[at], least);
      high[at] = Math.max(high[at], most);
    });
  }
  const start_s = (part?.start ?? 0) / rate;
  return { low, high, start_s, end_s: start_s + frames / rate };
}

/**
 * Where to download a track, or an archive of tracks, as a file of this kind.
 * @param {{format: string, encoding: string, bitrate: number|null}} kind
 */
export const fileUrl = (url, { format, encoding, bitrate }) =>
  `${url}?${new URLSearchParams({ format, ...(encoding && { encoding }), ...(bitrate && { bitrate }) })}`;

/** What a `Tape` of the recording or track at `url` reads with. */
export const reader = (url) => async (start, frames) => {
  const response = await request(`${url}/segment?${new URLSearchParams({ start, frames })}`);
  return { bytes: await response.arrayBuffer(), gain: Number(response.headers.get("sayso-gain") ?? 1) };
};

/**
 * What happens to a session, as it happens: {event: "desk" | "render", data}.
 * @param {AbortSignal} signal ends it
 */
export async function* events(id, signal) {
  const headers = { accept: "text/event-stream" };
  const response = await request(`${of(id)}/events`, { signal, headers });
  const reading = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { value, done } = await reading.read();
    if (done) return;
    const parts = (text + value).replaceAll("\r\n", "\n").split("\n\n");
    text = parts.pop();
    for (const part of parts) {
      const fields = part.split("\n").map((line) => line.split(/: ?(.*)/s));
      const field = (name) => fields.filter(([key]) => key === name).map(([, rest]) => rest).join("\n");
      if (field("data")) yield { event: field("event"), data: JSON.parse(field("data")) };
    }
  }
}
