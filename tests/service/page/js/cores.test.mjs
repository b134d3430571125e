/** The page's pure cores, by node's own runner: `node --test tests/service/page/js/`. */

import assert from "node:assert/strict";
import test from "node:test";

const js = new URL("../../../../src/sayso/service/static/js/", import.meta.url);
const load = (name) => import(new URL(name, js));
const [scale, outline, desk, routing, timeline, units, presence, sizes, pace] = await Promise.all(
  ["scale.js", "outline.js", "desk.js", "audio/routing.js", "timeline.js", "units.js", "presence.js", "sizes.js", "pace.js"].map(load),
);

const near = (a, b, within = 1e-9) => assert.ok(Math.abs(a - b) <= within, `${a} is not ${b}`);
const strip = (changed = {}) => ({ gain_db: 0, mute: false, solo: false, effects: [], ...changed });
const deskOf = (strips, deliver = ["mix"]) => ({ strips, deliver, clean: null, edits: [] });

test("a fader has half of its way around 0 and comes back to where it was", () => {
  for (let db = -60; db <= 24; db += 0.5) near(scale.valueAt(scale.shareOf(db, -60, 24), -60, 24), db);
  assert.ok(scale.shareOf(6, -60, 24) - scale.shareOf(-6, -60, 24) > 0.44);
  assert.equal(scale.shareOf(-99, -60, 24), 0);
  assert.equal(scale.valueAt(2, -60, 24), 24);
});

test("what is asked for is heard together, as solos of the mix", () => {
  const given = deskOf({ bass: strip({ mute: true, gain_db: -3 }), vocals: strip({ solo: true }) }, ["bass", "drums"]);
  const heard = routing.together(given);
  assert.deepEqual(heard.deliver, ["mix"]);
  assert.deepEqual(heard.strips.bass, strip({ solo: true, gain_db: -3 }));
  const names = ["bass", "drums", "vocals", "rest"];
  assert.deepEqual(names.filter((name) => routing.isHeard(heard, name)), ["bass", "drums"]);
  assert.equal(given.strips.vocals.solo, true); // the one before stays as it was
});

test("without a sound everything else is heard; with it, all", () => {
  const without = routing.together(deskOf({}, ["no bass"]));
  assert.equal(routing.isHeard(without, "bass"), false);
  assert.equal(routing.isHeard(without, "drums"), true);
  for (const deliver of [["no bass", "bass"], ["no bass", "no drums"]]) {
    const all = routing.together(deskOf({}, deliver));
    assert.ok(["bass", "drums", "rest"].every((name) => routing.isHeard(all, name)));
  }
});

test("the rest needs all sounds that have a strip", () => {
  assert.deepEqual(desk.targetsOf(deskOf({ drums: strip(), rest: strip({ mute: true }) })), ["drums"]);
  assert.deepEqual(desk.targetsOf(deskOf({ drums: strip(), rest: strip() })), []);
  assert.ok(desk.sameDesk({ a: 1, b: null }, { a: 1 }));
});

test("outlines of a mix: silence, one alone, and power for several", () => {
  const of = (...high) => ({ low: Float32Array.from(high, (x) => -x), high: Float32Array.from(high), start_s: 0, end_s: 1 });
  const whole = of(0.5, 0.5);
  const part = (gain) => ({ outline: of(0.3, 0), gain });
  assert.deepEqual([...outline.mixed(whole, [part(0)], 0, 1).high], [0, 0]);
  near(outline.mixed(whole, [part(1)], 0, 1).high[0], 0.3, 1e-6);
  near(outline.mixed(whole, [part(1)], 1, 1).high[0], 0.5, 1e-6);
  near(outline.mixed(whole, [part(0)], 1, 0.5).high[0], 0.2, 1e-6);
  assert.deepEqual(outline.columns(of(0.1, 0.2, 0.3, 0.4), { start_s: 0.5, end_s: 1 }, 2).map(([, high]) => Math.round(high * 10)), [3, 4]);
  assert.equal(outline.covers(null, { start_s: 0, end_s: 1 }), false);
});

test("moments are found in a timeline and back", () => {
  const cut = { spans: [{ start_s: 2, end_s: 4 }, { start_s: 6, end_s: 8, speed: 2, gap_s: 1 }] };
  near(timeline.lengthOf(cut), 4);
  near(timeline.heardAt(cut, 3), 1);
  near(timeline.sourceAt(cut, 3.5), 7);
  near(timeline.heardAt(cut, timeline.sourceAt(cut, 3.25)), 3.25);
});

test("numbers and absences are read as people say them", () => {
  assert.equal(units.decibels(-3.2), "\u22123.2 dB");
  assert.equal(units.clock(62.34, 2), "1:02.34");
  const note = "drums is not heard in this recording: 44 dB below it";
  assert.equal(presence.absenceOf({ notes: ["silent", note] }), note);
  assert.deepEqual(presence.soundsIn([{ targets: ["a", "b"] }, { target: "a" }]), ["a", "b"]);
});

test("sizes of files are told before they are fetched", () => {
  const track = { frames: 44_100, channels: 2, duration_s: 1, peak: 0.5 };
  const of = (format, encoding = "", bitrate = null, changed = {}) => sizes.sizeOf({ ...track, ...changed }, { format, encoding, bitrate });
  assert.deepEqual(of("wav"), { bytes: 264_600, isMost: false });
  assert.deepEqual(of("wav", "", null, { peak: 1.2 }), { bytes: 352_800, isMost: false });
  assert.deepEqual(of("flac", "pcm16"), { bytes: 176_400, isMost: true });
  assert.deepEqual(of("mp3", "", 320), { bytes: 40_000, isMost: false });
  assert.equal(of("ogg"), null);
});

test("the time that is left is told once it can be", () => {
  const paces = new pace.Paces();
  const render = (progress, state = "running") => ({ id: "a", state, progress });
  paces.note(render(0, "queued"), 0);
  assert.equal(paces.left_s(render(0, "queued"), 1), null);
  paces.note(render(0.1), 10);
  assert.equal(paces.left_s(render(0.11), 11), null);
  near(paces.left_s(render(0.5), 14), 5);
  assert.equal(units.left(5), "0:05 left");
  assert.equal(units.left(81), "1:21 left");
  assert.equal(units.left(2), "a few seconds left");
});
