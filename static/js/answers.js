// What answers mean to those who ask again and again: a sentence for people, and when to try once more.

const SOON = 400; // milliseconds, where the server does not say when
const LONGEST = 8000;
const PASSING = new Set([409, 429, 503]); // refusals that pass by themselves

// Of a refusal. A whole page is no sentence, and none comes where the connection is gone.
export async function sentenceOf(response, otherwise) {
  const isPlain = response?.headers.get("Content-Type")?.startsWith("text/plain");
  return isPlain ? response.text() : otherwise;
}

// Milliseconds after which to ask again; 0 where there is nothing more to be done.
export function pauseAfter(response) {
  if (!response) return 2 * SOON;
  return PASSING.has(response.status) ? 1000 * Number(response.headers.get("Retry-After")) || SOON : 0;
}

// Longer with each failure.
export function sleep(pause, nFailures) {
  return new Promise((wake) => setTimeout(wake, Math.min(LONGEST, pause * 2 ** (nFailures - 1))));
}

// What was asked about was cleared away meanwhile: the page says so when it is loaded again, and nobody goes on here.
export async function leaveIfGone(response) {
  if (response?.status !== 404) return;
  location.reload();
  await new Promise(() => {});
}
