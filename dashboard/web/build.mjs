// Bundles the page and writes it as C arrays, plain and packed: node build.mjs OUT.h
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const out = process.argv[2];

async function bundle(entry, loader) {
  const result = await build({
    entryPoints: [join(here, "src", entry)],
    bundle: true,
    minify: true,
    write: false,
    target: "es2021",
    legalComments: "inline",
    loader,
    outdir: "/",
  });
  return Buffer.from(result.outputFiles[0].contents);
}

const files = [
  ["INDEX_HTML", "text/html; charset=utf-8", readFileSync(join(here, "src", "index.html"))],
  ["APP_JS", "text/javascript; charset=utf-8", await bundle("main.ts")],
  ["APP_CSS", "text/css; charset=utf-8", await bundle("app.css")],
  ["ICON_SVG", "image/svg+xml", readFileSync(join(here, "src", "icon.svg"))],
];

function array(name, bytes) {
  const lines = [];
  for (let i = 0; i < bytes.length; i += 32) {
    lines.push([...bytes.subarray(i, i + 32)].join(","));
  }
  return `static const unsigned char ${name}[] = {\n${lines.join(",\n")}\n};\n`;
}

let text = `/* Made from dashboard/web by build.mjs. */
#include <stddef.h>
struct asset {
    const char *type, *etag;
    const unsigned char *plain, *packed;
    size_t plain_len, packed_len;
};
enum { ${files.map(([name]) => `ASSET_${name}`).join(", ")} };
`;
let total = 0;
const rows = [];
for (const [name, type, bytes] of files) {
  const packed = gzipSync(bytes, { level: 9 });
  const etag = createHash("sha256").update(bytes).digest("hex").slice(0, 16);
  total += packed.length;
  text += array(`plain_${name}`, bytes) + array(`packed_${name}`, packed);
  rows.push(`    [ASSET_${name}] = { "${type}", "\\"${etag}\\"", plain_${name}, packed_${name}, ` +
    `sizeof plain_${name}, sizeof packed_${name} },`);
}
text += `static const struct asset assets[] = {\n${rows.join("\n")}\n};\n`;
mkdirSync(dirname(out), { recursive: true });
writeFileSync(out, text);
console.log(`page: ${total} bytes packed`);
