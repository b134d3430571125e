/**
 * Sending a recording: a short one at once, a long one by the protocol tus, so that a connection
 * that is lost, or a page that is closed, costs only what was on its way.
 */

import { Problem, UNREACHABLE, admitted, problemOf, request } from "./api.js";

const SHORT_BYTES = 8 * 2 ** 20;
const PAUSES_MS = [500, 1000, 2000, 4000, 8000, 16000];
const TUS = { "tus-resumable": "1.0.0" };

/**
 * Opens a session on a recording, and resolves with it.
 * @param {File} file
 * @param {(share: number) => void} onprogress 0 to 1
 * @param {AbortSignal} signal
 */
export const upload = (file, onprogress, signal) =>
  (file.size <= SHORT_BYTES ? atOnce : inPieces)(file, onprogress, signal);

async function atOnce(file, onprogress, signal) {
  const form = new FormData();
  form.append("file", file, file.name);
  return JSON.parse(await send("POST", "/sessions", {}, form, onprogress, signal));
}

async function inPieces(file, onprogress, signal) {
  const key = `sayso.upload ${file.name} ${file.size} ${file.lastModified}`;
  const known = kept(key);
  let url = known;
  let reached = 0;
  for (let failures = 0; ; failures += 1) {
    try {
      url ??= keep(key, await begin(file));
      const offset = await offsetOf(url, signal);
      if (offset > reached) failures = 0;
      reached = offset;
      if (offset < file.size) {
        const headers = {
          ...TUS,
          "content-type": "application/offset+octet-stream",
          "upload-offset": String(offset),
        };
        const rest = file.size - offset;
        const told = (share) => onprogress((offset + share * rest) / file.size);
        await send("PATCH", url, headers, file.slice(offset), told, signal);
      }
      forget(key);
      onprogress(1);
      const opened = await request(`${url}/session`, { method: "POST", signal });
      return await opened.json();
    } catch (problem) {
      if (signal.aborted) {
        forget(key);
        if (url) request(url, { method: "DELETE", headers: TUS }).catch(() => {});
        throw problem;
      }
      if (problem.status === 404 && url === known && known !== null) {
        forget(key); // it was kept for too long, or has become a session since
        url = null;
        continue;
      }
      const passing = problem.status === 0 || problem.status === 409 || problem.status >= 500;
      if (!passing || failures >= PAUSES_MS.length) throw problem;
      await pause(PAUSES_MS[failures], signal);
    }
  }
}

async function begin(file) {
  const name = btoa(String.fromCharCode(...new TextEncoder().encode(file.name)));
  const headers = {
    ...TUS,
    "upload-length": String(file.size),
    "upload-metadata": `filename ${name}`,
  };
  return (await request("/uploads", { method: "POST", headers })).headers.get("location");
}

async function offsetOf(url, signal) {
  const { headers } = await request(url, { method: "HEAD", headers: TUS, signal });
  return Number(headers.get("upload-offset"));
}

/** The text of the answer. fetch tells nothing of what has been sent, so this does not use it. */
function send(method, url, headers, body, onprogress, signal) {
  return new Promise((resolve, reject) => {
    const sending = new XMLHttpRequest();
    sending.open(method, url);
    for (const [name, value] of Object.entries(headers)) sending.setRequestHeader(name, value);
    sending.upload.onprogress = ({ loaded, total }) => onprogress(total ? loaded / total : 0);
    sending.onload = () => {
      if (sending.status < 300) resolve(sending.responseText);
      else if (sending.status === 401) {
        admitted().then(() => send(method, url, headers, body, onprogress, signal)).then(resolve, reject);
      } else reject(problemOf(sending.status, sending.responseText));
    };
    sending.onerror = () => reject(new Problem(UNREACHABLE, 0));
    sending.onabort = () => reject(new DOMException("stopped", "AbortError"));
    signal.addEventListener("abort", () => sending.abort());
    sending.send(body);
  });
}

function pause(time_ms, signal) {
  return new Promise((resolve, reject) => {
    const waiting = setTimeout(resolve, time_ms);
    signal.addEventListener("abort", () => {
      clearTimeout(waiting);
      reject(new DOMException("stopped", "AbortError"));
    });
  });
}

// A browser may refuse to keep anything; then an upload ends with its page.

function kept(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function keep(key, url) {
  try {
    localStorage.setItem(key, url);
  } catch {
    // see above
  }
  return url;
}

function forget(key) {
  try {
    localStorage.removeItem(key);
  } catch {
    // see above
  }
}
