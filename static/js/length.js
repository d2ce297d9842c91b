// The length of a text as its network counts it: the server's rules (networks/x/length.py), so that the number under an
// answer is right while somebody types. The patterns are in weights.js.
(() => {
  "use strict";
  const MAX_LABEL = 63;
  const MAX_LINK = 4096;
  let patterns = null;

  function compile() {
    const { domains, link, asciiDomain, shortLink, emoji } = window.horseshoe.weights;
    const fill = (pattern) => new RegExp(pattern.replace("{domains}", () => domains), "gi");
    patterns = { link: fill(link), asciiDomain: fill(asciiDomain), shortLink: new RegExp(shortLink, "i"), emoji: new RegExp(emoji, "gu") };
  }

  // The length of a label in the form that name servers use (RFC 3492, "Punycode").
  function punycodeLength(label) {
    const codes = [...label].map((letter) => letter.codePointAt(0));
    const basic = codes.filter((code) => code < 128).length;
    if (basic === codes.length) return basic;
    if (label.startsWith("xn--")) return 0;
    let [length, done, last, delta, bias] = [4 + basic + (basic ? 1 : 0), basic, 128, 0, 72];
    while (done < codes.length) {
      const next = Math.min(...codes.filter((code) => code >= last));
      delta += (next - last) * (done + 1);
      for (const code of codes) {
        if (code < next) delta += 1;
        if (code !== next) continue;
        let rest = delta;
        for (let k = 36; ; k += 36) {
          length += 1;
          const limit = Math.min(Math.max(k - bias, 1), 26);
          if (rest < limit) break;
          rest = Math.floor((rest - limit) / (36 - limit));
        }
        let shrunk = Math.floor(delta / (done === basic ? 700 : 2));
        shrunk += Math.floor(shrunk / (done + 1));
        for (bias = 0; shrunk > 455; bias += 36) shrunk = Math.floor(shrunk / 35);
        bias += Math.floor((36 * shrunk) / (shrunk + 38));
        delta = 0;
        done += 1;
      }
      delta += 1;
      last = next + 1;
    }
    return length;
  }

  function isSound(url, protocol, domain) {
    const lengths = domain.split(".").map(punycodeLength);
    const whole = protocol.length + url.length - domain.length + lengths.reduce((sum, length) => sum + length + 1, -1);
    return whole <= MAX_LINK && lengths.every((length) => length > 0 && length <= MAX_LABEL);
  }

  function linksWithoutProtocol(match, start) {
    const [, , before, url, , domain, , path] = match;
    if (/[-_./]$/.test(before)) return [];
    const links = [...domain.matchAll(patterns.asciiDomain)].map((found) => ({ start: start + found.index, url: found[0] }));
    const last = links.at(-1);
    if (last && path) last.url = url.replace(domain, () => last.url);
    return links;
  }

  function findLinks(text) {
    const links = [];
    for (const match of text.matchAll(patterns.link)) {
      const [whole, , , url, protocol, domain] = match;
      const start = match.index + whole.length - url.length;
      if (!isSound(url, protocol || "https://", domain)) continue;
      if (!protocol) links.push(...linksWithoutProtocol(match, start));
      else {
        const short = patterns.shortLink.exec(url);
        if (short && short[1].length > 40) continue;
        links.push({ start, url: short ? short[0] : url });
      }
    }
    return links;
  }

  function weighPlain(text) {
    const { light, emojiWeight } = window.horseshoe.weights;
    let length = 0;
    const rest = text.replace(patterns.emoji, () => {
      length += emojiWeight;
      return "";
    });
    for (const letter of rest) {
      const code = letter.codePointAt(0);
      length += light.some(([low, high]) => low <= code && code <= high) ? 1 : 2;
    }
    return length;
  }

  function weigh(text) {
    const { linkWeight, longest } = window.horseshoe.weights;
    const count = [...text].length;
    if (count > longest) return count;
    if (!patterns) compile();
    const plain = text.normalize("NFC").replace(/\r\n/g, "\n");
    let length = 0;
    let end = 0;
    for (const { start, url } of plain.includes(".") ? findLinks(plain) : []) {
      length += weighPlain(plain.slice(end, start)) + linkWeight;
      end = start + url.length;
    }
    return length + weighPlain(plain.slice(end));
  }

  window.horseshoe = window.horseshoe || {};
  window.horseshoe.measure = (text, unit) => (unit === "x_weighted" ? weigh(text) : [...text].length);
})();
