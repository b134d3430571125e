/**
 * WAV files as the desk plays them: a header read once, and samples decoded from any stretch.
 *
 * RIFF and RF64, PCM of 16, 24 and 32 bits and IEEE floats of 32 bits.
 * Layout: Microsoft "Multiple Channel Audio Data and WAVE Files"; EBU Tech 3306 (RF64).
 */

export const HEADER_BYTES = 4096;
const PCM = 1;
const FLOAT = 3;
const EXTENSIBLE = 0xfffe;

const name = (view, at) =>
  String.fromCharCode(...[0, 1, 2, 3].map((step) => view.getUint8(at + step)));

/**
 * Where the samples of a file lie, from its first bytes.
 * @param {ArrayBuffer} bytes at least up to the beginning of the samples
 * @returns {{offset: number, frames: number, channels: number, sampleRate: number,
 *   bits: number, float: boolean}} `offset` in bytes
 */
export function parseHeader(bytes) {
  const view = new DataView(bytes);
  if (view.byteLength < 12 || name(view, 8) !== "WAVE") throw new Error("not a WAV file");
  let format = null;
  let longData = null;
  for (let at = 12; at + 8 <= view.byteLength; ) {
    const kind = name(view, at);
    const size = view.getUint32(at + 4, true);
    if (kind === "ds64") longData = Number(view.getBigUint64(at + 16, true));
    if (kind === "fmt ") format = parseFormat(view, at + 8);
    if (kind === "data") {
      if (format === null) throw new Error("a WAV file without a format");
      const length = size === 0xffffffff && longData !== null ? longData : size;
      const frameBytes = (format.channels * format.bits) / 8;
      return { ...format, offset: at + 8, frames: Math.floor(length / frameBytes) };
    }
    at += 8 + size + (size % 2);
  }
  throw new Error("a WAV file whose samples do not begin in its first bytes");
}

function parseFormat(view, at) {
  let code = view.getUint16(at, true);
  if (code === EXTENSIBLE) code = view.getUint16(at + 24, true);
  const bits = view.getUint16(at + 14, true);
  const known = (code === PCM && [16, 24, 32].includes(bits)) || (code === FLOAT && bits === 32);
  if (!known) throw new Error(`WAV of kind ${code} with ${bits} bits cannot be played here`);
  return {
    channels: view.getUint16(at + 2, true),
    sampleRate: view.getUint32(at + 4, true),
    bits,
    float: code === FLOAT,
  };
}

/**
 * Interleaved bytes as one Float32Array a channel, full scale at 1.
 * @param {ArrayBuffer} bytes whole frames
 */
export function decode(bytes, { channels, bits, float }) {
  const sample = reader(bytes, bits, float);
  const frames = Math.floor(bytes.byteLength / ((channels * bits) / 8));
  return Array.from({ length: channels }, (_, channel) => {
    const out = new Float32Array(frames);
    for (let i = 0, at = channel; i < frames; i += 1, at += channels) out[i] = sample(at);
    return out;
  });
}

function reader(bytes, bits, float) {
  if (float) {
    const floats = new Float32Array(bytes, 0, bytes.byteLength >> 2);
    return (at) => floats[at];
  }
  if (bits === 16) {
    const shorts = new Int16Array(bytes, 0, bytes.byteLength >> 1);
    return (at) => shorts[at] / 32768;
  }
  const view = new DataView(bytes);
  if (bits === 32) return (at) => view.getInt32(4 * at, true) / 2147483648;
  return (at) => (view.getInt16(3 * at + 1, true) * 256 + view.getUint8(3 * at)) / 8388608;
}
