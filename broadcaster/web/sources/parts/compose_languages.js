// Warnings before sending about parts that are missing in another language.

const PARTS = ["headline", "description", "instruction", "question"];

/** Return whether a language's text differs from the template's; undefined without a template. */
const changed = (draft, code) => draft.written[code] && PARTS.some((part) => draft.texts[code][part] !== draft.written[code][part]);

/**
 * Yield the warnings.
 * @param {any} given @param {any} draft @param {Record<string, any>} written texts by language
 * @param {(sentence: string, codes: Record<string, string>) => string} say fills a sentence with languages' names
 */
export function* languageWarnings(given, draft, written, say) {
  const { words, own } = given;
  const before = given.editing?.draft.texts ?? draft.written;
  const asking = Object.keys(written).find((code) => written[code].question);
  for (const code of Object.keys(written)) {
    if (asking && !written[code].question) yield say(words.warn_no_question, { language: code, own: asking });
    const stale = before[code]?.easy && before[code].easy === written[code].easy && before[code].instruction !== written[code].instruction;
    if (stale) yield say(words.warn_easy_unchanged, { language: code });
  }
  for (const code of Object.keys(written)) {
    if (code === own || !written[own]) continue;
    if (written[own].instruction.trim() && !written[code].instruction.trim()) yield say(words.warn_no_instruction, { language: code, own });
    const [mine, theirs] = [changed(draft, own), changed(draft, code)];
    if (mine === true && theirs === false) yield say(words.warn_one_changed, { changed: own, other: code });
    if (mine === false && theirs === true) yield say(words.warn_one_changed, { changed: code, other: own });
  }
}
