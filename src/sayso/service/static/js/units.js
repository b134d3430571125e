/** Numbers as people read them: with their units, and a real minus sign. */

const minus = (text) => text.replace("-", "\u2212");

/** "+3.0 dB" */
export function decibels(db) {
  const rounded = Math.round(db * 10) / 10;
  const sign = rounded > 0 ? "+" : "";
  return minus(`${sign}${(rounded === 0 ? 0 : rounded).toFixed(1)} dB`);
}

/** "80 Hz", "2.5 kHz" */
export function hertz(hz) {
  if (hz < 1000) return `${Math.round(hz)} Hz`;
  const digits = hz < 10_000 ? 1 : 0;
  return `${(hz / 1000).toFixed(digits).replace(/\.0$/, "")} kHz`;
}

/** "1:02.3"; with hours where there are some. */
export function clock(seconds, digits = 1) {
  const step = 10 ** digits;
  const whole = Math.floor(Math.max(0, seconds) * step + 1e-6);
  const parts = [Math.floor(whole / step / 3600), Math.floor(whole / step / 60) % 60];
  const rest = ((whole / step) % 60).toFixed(digits).padStart(digits ? digits + 3 : 2, "0");
  const [hours, minutes] = parts;
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

/** "3.4 MB" */
export function bytes(count) {
  const units = ["bytes", "kB", "MB", "GB"];
  const power = count < 1000 ? 0 : Math.min(3, Math.floor(Math.log10(count) / 3));
  return `${(count / 1000 ** power).toFixed(power ? 1 : 0)} ${units[power]}`;
}

/** "left 30", "centre" */
export function place(position) {
  const percent = Math.round(Math.abs(position) * 100);
  if (percent === 0) return "centre";
  return `${percent} ${position < 0 ? "left" : "right"}`;
}

export const percent = (share) => `${Math.round(share * 100)}%`;

/** "+4 st" */
export function semitones(steps) {
  const rounded = Math.round(steps * 10) / 10;
  return minus(`${rounded > 0 ? "+" : ""}${rounded} st`);
}

/** The first letter in upper case. */
export const titled = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** Who took a sound out of the recording: "by spleeter". */
export const madeBy = ({ made_by }) => (made_by === "the rest" ? "what the other stems leave" : `by ${made_by}`);

/** "1:20 left", "a few seconds left" */
export function left(seconds) {
  if (seconds < 5) return "a few seconds left";
  return `${clock(seconds < 60 ? Math.ceil(seconds / 5) * 5 : seconds, 0)} left`;
}
