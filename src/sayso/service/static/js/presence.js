/** Sounds that a separator was asked for and did not find, as the notes of their tracks say it. */

const ABSENT = " is not heard in this recording";

/** What is said of a track whose sound is not there, with its level; null of one that is. */
export const absenceOf = (track) => track?.notes?.find((note) => note.includes(ABSENT)) ?? null;

/** The sounds that moves are about. */
export const soundsIn = (moves) => [
  ...new Set(moves.flatMap(({ targets = [], target }) => [...targets, ...(target ? [target] : [])])),
];
