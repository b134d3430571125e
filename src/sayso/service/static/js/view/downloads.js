/** The download sheet: what, in which format; made first where it is not there yet. */

import * as api from "../api.js";
import { MIX } from "../desk.js";
import { madeBy, percent, titled } from "../units.js";
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
  #dialog = byId("downloads");
  #render = null;

  /** @param {{about: object, session: Session}} given */
  constructor({ about, session }) {
    this.#about = about;
    this.#session = session;
    byId("download-format").replaceChildren(
      ...Object.keys(about.formats).map((name) => el("option", { value: name, text: name.toUpperCase() })),
    );
    byId("download-format").onchange = () => this.#offerEncodings();
    byId("download-encoding").onchange = () => this.#list();
    for (const name of ["mix", "stems"]) byId(`download-${name}`).onchange = () => this.#make();
    this.#offerEncodings();
  }

  open() {
    const strips = this.#session.strips(this.#about.stems);
    byId("download-stems").disabled = strips.length === 0;
    if (strips.length === 0) byId("download-mix").checked = true;
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
    const encodings = this.#about.formats[byId("download-format").value];
    const choice = byId("download-encoding");
    choice.replaceChildren(
      el("option", { value: "", text: "Standard" }),
      ...encodings.filter((name) => name in WORDS).map((name) => el("option", { value: name, text: WORDS[name] })),
    );
    byId("download-encoding-row").hidden = choice.options.length === 1;
    this.#list();
  }

  /** Has made what was chosen. */
  async #make() {
    const stems = byId("download-stems").checked;
    const targets = this.#session.strips(this.#about.stems).filter((name) => !name.startsWith("no "));
    this.#render = null;
    this.#list();
    const made = stems ? this.#session.renderStems(targets) : this.#session.renderDesk();
    this.#render = await made;
    this.#list();
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
    const format = byId("download-format").value;
    const encoding = byId("download-encoding").value;
    list.replaceChildren(
      ...render.tracks.map((track) => {
        const name = track.target === MIX ? "Mix" : titled(track.target);
        const told = [...(track.made_by ? [madeBy(track)] : []), ...track.notes];
        const facts = told.length ? ` (${told.join(", ")})` : "";
        return el(
          "li",
          {},
          el(
            "a",
            { href: api.fileUrl(track.url, format, encoding), download: "", class: "file" },
            icon("download"),
            el("span", { text: `${name}.${format}` }),
            el("span", { class: "dim", text: facts }),
          ),
        );
      }),
    );
    all.hidden = render.tracks.length < 2;
    all.href = api.fileUrl(render.archive_url, format, encoding);
    announce("Ready to download");
  }

  #waiting(render) {
    if (render === null) return "One moment…";
    if (render.state === "failed") return render.error?.detail ?? "That did not work.";
    if (render.state === "cancelled") return "Stopped.";
    return render.state === "queued" ? "Waiting its turn…" : `Rendering ${percent(render.progress)}`;
  }
}
