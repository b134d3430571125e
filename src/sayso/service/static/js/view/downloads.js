/** The download sheet: what, in which format; made first where it is not there yet. */

import * as api from "../api.js";
import { MIX } from "../desk.js";
import { BITRATES, USUAL_BITRATE, sizeOf } from "../sizes.js";
import { bytes, madeBy, percent, titled } from "../units.js";
import { announce } from "./announce.js";
import { byId, el } from "./dom.js";
import { icon } from "./icons.js";

const WORDS = {
  pcm16: "16 bits",
  pcm24: "24 bits",
  float32: "32-bit float",
};

export class DownloadsView {
  #about;
  #session;
  #listening;
  #dialog = byId("downloads");
  #render = null;
  #asking = 0;

  /** @param {{about: object, session: Session, listening: Listening}} given */
  constructor({ about, session, listening }) {
    this.#about = about;
    this.#listening = listening;
    this.#session = session;
    byId("download-format").replaceChildren(
      ...Object.keys(about.formats).map((name) => el("option", { value: name, text: name.toUpperCase() })),
    );
    byId("download-format").onchange = () => this.#offerEncodings();
    byId("download-encoding").onchange = () => this.#list();
    for (const name of ["mix", "sounds", "stems"]) byId(`download-${name}`).onchange = () => this.#make();
    this.#offerEncodings();
  }

  open() {
    const none = this.#tracks().length === 0;
    for (const name of ["sounds", "stems"]) byId(`download-${name}`).disabled = none;
    if (none) byId("download-mix").checked = true;
    byId("download-sounds-words").textContent = this.#listening.asked.length
      ? "what was asked for, with its effects"
      : "each with its fader and effects";
    this.#dialog.showModal();
    this.#make();
  }

  update() {
    if (!this.#dialog.open || this.#render === null) return;
    const known = this.#session.known(this.#render.id);
    if (known !== this.#render) {
      this.#render = known;
      this.#list();
    }
  }

  #offerEncodings() {
    const format = byId("download-format").value;
    const encodings = this.#about.formats[format].filter((name) => name in WORDS);
    const choice = byId("download-encoding");
    const bitrates = BITRATES[format] ?? [];
    const option = (value, text) => el("option", { value, text, selected: value === String(USUAL_BITRATE[format]) });
    choice.replaceChildren(
      ...(bitrates.length ? [] : [option("", "Standard")]),
      ...encodings.map((name) => option(name, WORDS[name])),
      ...bitrates.map((kbits) => option(String(kbits), `${kbits} kbit/s`)),
    );
    byId("download-encoding-words").textContent = bitrates.length ? "Bitrate" : "Depth";
    byId("download-encoding-row").hidden = choice.options.length === 1;
    this.#list();
  }

  /** The format, and its encoding or its bitrate in kbit/s. */
  get #choice() {
    const format = byId("download-format").value;
    const { value } = byId("download-encoding");
    const bitrate = format in BITRATES ? Number(value) : null;
    return { format, encoding: bitrate === null ? value : "", bitrate };
  }

  /** Has made what was chosen. */
  async #make() {
    const session = this.#session;
    const asking = (this.#asking += 1);
    this.#render = null;
    this.#list();
    let render;
    if (byId("download-stems").checked) render = await session.renderStems(session.sounds(this.#about.stems));
    else if (byId("download-sounds").checked) render = await session.renderDesk({ ...session.desk, deliver: this.#tracks() });
    else render = await session.renderDesk(this.#listening.desk);
    if (asking !== this.#asking) return; // something else was chosen meanwhile
    this.#render = render;
    this.#list();
  }

  /** The tracks that are asked for, or else all sounds that have a strip. */
  #tracks() {
    const { asked } = this.#listening;
    return asked.length > 0 ? asked : this.#session.sounds(this.#about.stems);
  }

  #list() {
    const list = byId("download-list");
    const render = this.#render;
    const all = byId("download-all");
    all.hidden = true;
    if (render === null || render.state !== "done") {
      list.replaceChildren(el("li", { class: "dim", text: this.#waiting(render) }));
      return;
    }
    const choice = this.#choice;
    list.replaceChildren(
      ...render.tracks.map((track) => {
        const name = track.target === MIX ? "Mix" : titled(track.target);
        const told = [...(track.made_by ? [madeBy(track)] : []), ...track.notes];
        const facts = told.length ? ` (${told.join(", ")})` : "";
        const size = sizeOf(track, choice);
        return el(
          "li",
          {},
          el(
            "a",
            { href: api.fileUrl(track.url, choice), download: "", class: "file" },
            icon("download"),
            el("span", { text: `${name}.${choice.format}` }),
            el("span", { class: "dim", text: facts }),
            size && el("span", { class: "dim file-size", text: `${size.isMost ? "up to " : ""}${bytes(size.bytes)}` }),
          ),
        );
      }),
    );
    all.hidden = render.tracks.length < 2;
    all.href = api.fileUrl(render.archive_url, choice);
    announce("Ready to download");
  }

  #waiting(render) {
    if (render === null) return "One moment…";
    if (render.state === "failed") return render.error?.detail ?? "That did not work.";
    if (render.state === "cancelled") return "Stopped.";
    return render.state === "queued" ? "Waiting its turn…" : `Rendering ${percent(render.progress)}`;
  }
}
