/** The page: goes from the welcome to a session and back, and draws while something moves. */

import * as api from "./api.js";
import { Cuts } from "./cuts.js";
import { Listening } from "./listening.js";
import { keepMade } from "./making.js";
import { Session } from "./session.js";
import { announce } from "./view/announce.js";
import { Arrived } from "./view/arrived.js";
import { ChatView } from "./view/chat.js";
import { CutsView } from "./view/cuts.js";
import { DeskView } from "./view/desk.js";
import { byId } from "./view/dom.js";
import { DownloadsView } from "./view/downloads.js";
import { listKeys } from "./view/help.js";
import { placeIcons } from "./view/icons.js";
import { NameView } from "./view/name.js";
import { listenForKeys } from "./view/shortcuts.js";
import { turnTheme } from "./view/theme.js";
import { say } from "./view/toast.js";
import { TransportView } from "./view/transport.js";
import { WelcomeView } from "./view/welcome.js";

const SHORTEST_LOOP_S = 0.1;
const BROKEN_LINK = "This link is not whole: no session can be told from it. Here are those that there are.";
const GONE = "There is no such session: it was deleted, or belongs to another token. Here are those that there are.";

/** All that belongs to one session. */
class App {
  constructor(about, session) {
    this.session = session;
    this.cuts = new Cuts(session);
    this.listening = new Listening(session, this.cuts);
    const all = { about, session, listening: this.listening, cuts: this.cuts };
    this.desk = new DeskView(all);
    this.cutting = new CutsView({ ...all, desk: this.desk });
    this.chat = new ChatView(session, this.desk);
    this.transport = new TransportView(all);
    this.downloads = new DownloadsView(all);
    this.name = new NameView(session);
    this.desk.whenSelected = () => this.chat.showSelection();
    byId("undo").onclick = () => session.undo();
    byId("redo").onclick = () => session.redo();
    byId("download").onclick = () => this.downloads.open();
    byId("save-now").onclick = () => session.saveNow();
    for (const part of [session, this.listening, this.cuts]) {
      part.addEventListener("change", () => this.#later());
      part.addEventListener("problem", ({ detail }) => say(detail.message));
    }
    for (const note of session.source.notes) say(note);
    this.stopMaking = keepMade(session, this.listening);
    this.#update();
    this.#paint();
  }

  close() {
    this.closed = true;
    this.stopMaking();
    this.listening.close();
    this.cuts.close();
    this.session.close();
  }

  nudge(seconds) {
    this.listening.seek(Math.max(0, this.listening.position_s + seconds));
  }

  loopFrom() {
    const { loop, position_s: start_s, duration_s: duration } = this.listening;
    const end_s = loop && loop.end_s > start_s + SHORTEST_LOOP_S ? loop.end_s : duration;
    this.listening.setLoop({ start_s, end_s, on: true });
  }

  loopTo() {
    const { loop, position_s: end_s } = this.listening;
    const start_s = loop && loop.start_s < end_s - SHORTEST_LOOP_S ? loop.start_s : 0;
    if (end_s - start_s > SHORTEST_LOOP_S) this.listening.setLoop({ start_s, end_s, on: true });
  }

  turn(which) {
    const strip = this.desk.focused;
    if (strip === null || strip.target === "mix") announce("Go to a strip first, with J and K");
    else this.listening.turn(strip.target, which);
  }

  talk() {
    showSide("talk");
    byId("say").focus();
  }

  turnTheme() {
    turnTheme();
  }

  /** Many changes at once are shown once. */
  #later() {
    if (this.waiting) return;
    this.waiting = true;
    queueMicrotask(() => {
      this.waiting = false;
      if (!this.closed) this.#update();
    });
  }

  #update() {
    const { canUndo, canRedo, unsaved } = this.session;
    byId("unsaved").hidden = !unsaved;
    byId("undo").disabled = !canUndo;
    byId("redo").disabled = !canRedo;
    const views = [this.name, this.desk, this.cutting, this.chat, this.transport, this.downloads];
    for (const view of views) view.update();
  }

  #paint() {
    if (this.closed) return;
    this.desk.paint();
    this.cutting.paint();
    this.transport.paint();
    requestAnimationFrame(() => this.#paint());
  }
}

let app = null;
let about = null;
let turns = 0;
const welcome = new WelcomeView(
  (id) => (location.hash = id),
  (files) => arrived.take(files),
);
const arrived = new Arrived({
  current: () => app?.session.name ?? null,
  openOne: async (file) => {
    // It arrives on the start page, and its session opens from there.
    if (app) {
      history.pushState(null, "", location.pathname);
      await go();
    }
    await welcome.send(file);
  },
});

/** On a narrow page: the desk, or the conversation. */
function showSide(side) {
  byId("session").dataset.side = side;
  for (const name of ["desk", "talk"]) byId(`show-${name}`).setAttribute("aria-pressed", name === side);
  byId("log-scroll").scrollTop = byId("log-scroll").scrollHeight;
}

/** Goes where the address says. */
async function go() {
  const turn = (turns += 1);
  app?.close();
  app = null;
  const id = location.hash.slice(1);
  try {
    if (id && !/^[0-9a-f]{32}$/.test(id)) throw new api.Problem(BROKEN_LINK, 404);
    about ??= await api.about();
    byId("forget-token").hidden = !about.tokens;
    const session = id ? await Session.open(id) : null;
    if (turn !== turns) return session?.close(); // gone elsewhere meanwhile
    if (session) app = new App(about, session);
  } catch (problem) {
    if (turn !== turns) return undefined;
    say(problem.status === 404 && problem.message !== BROKEN_LINK ? GONE : problem.message);
    if (id) history.replaceState(null, "", location.pathname);
  }
  const open = app !== null;
  byId("welcome").hidden = open;
  byId("session").hidden = !open;
  byId("transport").hidden = !open;
  document.body.classList.toggle("is-open", open);
  if (!open) document.title = "Sayso";
  if (open) byId("say").focus({ preventScroll: true });
  else await welcome.update();
  return undefined;
}

/** Resolves once a token was given that works. */
function askForToken() {
  const dialog = byId("token");
  const field = byId("token-secret");
  field.value = "";
  byId("token-problem").textContent = "";
  // Nothing here can be done without one.
  dialog.oncancel = (event) => event.preventDefault();
  dialog.showModal();
  return new Promise((resolve) => {
    byId("token-form").onsubmit = async (event) => {
      event.preventDefault();
      try {
        await api.login(field.value.trim());
        field.value = "";
        dialog.close();
        resolve();
      } catch (problem) {
        byId("token-problem").textContent = problem.message;
      }
    };
  });
}

async function forgetToken() {
  try {
    await api.logout();
  } catch (problem) {
    say(problem.message);
    return;
  }
  history.replaceState(null, "", location.pathname);
  await go();
}

function warnOfLoss(event) {
  if (app?.session.unsaved) event.preventDefault();
}

placeIcons();
listKeys();
api.whenTokenIsAskedFor(askForToken);
listenForKeys(() => app);
showSide("desk");
byId("show-desk").onclick = () => showSide("desk");
byId("show-talk").onclick = () => showSide("talk");
byId("show-help").onclick = () => byId("help").showModal();
byId("turn-theme").onclick = turnTheme;
byId("forget-token").onclick = forgetToken;
for (const button of document.querySelectorAll("[data-close]")) {
  button.onclick = () => button.closest("dialog").close();
}
addEventListener("themechange", () => {
  app?.desk.refresh();
  app?.cutting.refresh();
});
addEventListener("beforeunload", warnOfLoss);
addEventListener("hashchange", go);
go();
