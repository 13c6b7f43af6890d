/*
 * One estimate, or several models side by side, over the minutes from the start of a made-up infusion.
 *
 * Data:
 *   id        of the picture
 *   unit      as shown
 *   running   [[from, to]]: minutes in which the pump runs
 *   time      minutes
 *   lines     [{name, site, value, low, high}]; site: where it is sampled, or null; low and high: a band, or null.
 *             The first line is drawn boldest.
 *
 * Every line has a dash of its own beside its color, and the readout names each.
 */
import { colors, key, mount, onResize, Pen, plain } from "./chart_tools.js";

const HEIGHT = 260;
const DASHES = [[], [9, 4], [2, 3], [12, 3, 2, 3], [5, 5], [1, 5]];
const BAND_ALPHA = 0.16;
const RUNS_ALPHA = 0.5;

const inks = (palette) => [palette.level, palette.pressure, palette.oxygen, palette.breaths, palette.ok, palette.quiet];

function paintGround(u, data, palette) {
  const pen = new Pen(u, palette);
  const { top, height } = u.bbox;
  u.ctx.save();
  u.ctx.globalAlpha = RUNS_ALPHA;
  u.ctx.fillStyle = palette.line;
  for (const [from, to] of data.running) u.ctx.fillRect(pen.x(from), top, pen.x(to) - pen.x(from), height);
  u.ctx.restore();
}

function paintBands(u, data, palette) {
  const pen = new Pen(u, palette);
  pen.within(() => {
    data.lines.forEach((line, index) => {
      // One band to a picture keeps it readable; the tables have them all.
      if (!line.low || index) return;
      const there = data.time.map((at, i) => [pen.x(at), pen.y(line.high[i])]);
      const back = data.time.map((at, i) => [pen.x(at), pen.y(line.low[i])]).reverse();
      pen.ctx.beginPath();
      [...there, ...back].forEach(([x, y], i) => (i ? pen.ctx.lineTo(x, y) : pen.ctx.moveTo(x, y)));
      pen.ctx.globalAlpha = BAND_ALPHA;
      pen.ctx.fillStyle = inks(palette)[index];
      pen.ctx.fill();
      pen.ctx.globalAlpha = 1;
    });
  });
}

function reach(data) {
  const all = data.lines.flatMap((line, index) => [...line.value, ...(!index && line.high ? [...line.high, ...line.low] : [])]);
  return [Math.min(0, ...all), Math.max(1, ...all) * 1.05];
}

function options(data, palette, width, onTime) {
  const font = `12px ${palette.font}`;
  return {
    width, height: HEIGHT, padding: [8, 16, 0, 0], legend: { show: false },
    cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
    scales: { x: { time: false, range: () => [0, data.time.at(-1)] }, y: { range: () => reach(data) } },
    series: [
      {},
      ...data.lines.map((line, index) => ({
        stroke: inks(palette)[index % 6], width: index ? 1.75 : 2.5, dash: DASHES[index % 6], points: { show: false },
      })),
    ],
    axes: [
      {
        size: 30, font, stroke: palette.quiet, space: 36, incrs: [10, 20, 30, 60, 120], label: "minutes from the start",
        labelSize: 20, labelFont: font, grid: { show: false }, ticks: { stroke: palette.line, size: 4 },
      },
      { size: 44, font, stroke: palette.quiet, grid: { stroke: palette.grid, width: 1 }, ticks: { show: false } },
    ],
    hooks: {
      drawClear: [(u) => paintGround(u, data, palette)],
      drawAxes: [(u) => paintBands(u, data, palette)],
      setCursor: [(u) => u.cursor.left >= 0 && onTime(u.posToVal(u.cursor.left, "x"))],
    },
  };
}

function words(data, at) {
  const i = data.time.reduce((best, each, index) => (Math.abs(each - at) < Math.abs(data.time[best] - at) ? index : best), 0);
  const places = (line) => (Math.max(...line.value.map(Math.abs)) >= 20 ? 0 : 1);
  const told = data.lines.map((line) => {
    const band = line.low ? ` (${plain(line.low[i], places(line))} to ${plain(line.high[i], places(line))})` : "";
    return `${line.name} ${plain(line.value[i], places(line))}${band}`;
  });
  return `Estimate at ${plain(data.time[i], 0)} min, ${data.unit}: ${told.join("; ")}.`.replaceAll(" -", " \u2212");
}

function make(figure, first) {
  const picture = figure.querySelector("[data-chart-picture]");
  const readout = figure.querySelector("[data-chart-cursor]");
  let data = first;
  let plot = null;
  let readAt = null;

  const end = () => data.running.at(-1)[1];

  function read(at) {
    readAt = at;
    readout.textContent = words(data, at);
  }

  function draw() {
    if (!picture.clientWidth) return;
    plot?.destroy();
    const palette = colors();
    picture.replaceChildren();
    plot = new globalThis.uPlot(options(data, palette, picture.clientWidth, read), [data.time, ...data.lines.map((line) => line.value)], picture);
    const marks = data.lines.map((line, index) => [
      "M0 8h24", { stroke: inks(palette)[index % 6], "stroke-width": index ? 2 : 3, "stroke-dasharray": DASHES[index % 6].join(" ") || "none" }, [line.name, line.site].filter(Boolean).join(", "),
    ]);
    picture.append(key([
      ...marks,
      ...(data.lines[0].low ? [["M0 2h24v12h-24z", { fill: palette.level, opacity: BAND_ALPHA * 2 }, data.lines.length > 1 ? "band of the first" : "band"]] : []),
      ["M0 2h24v12h-24z", { fill: palette.line, "fill-opacity": RUNS_ALPHA, stroke: palette.line }, "pump runs"],
    ]));
    readout.textContent = words(data, readAt ?? end());
  }

  function step(direction) {
    const from = readAt ?? end();
    const last = data.time.at(-1);
    let at = Math.min(last, Math.max(0, from + direction * 10));
    if (Math.abs(direction) === Infinity) at = direction > 0 ? last : 0;
    plot?.setCursor({ left: plot.valToPos(at, "x"), top: 0 });
    read(at);
  }

  draw();
  onResize(picture, draw);
  return {
    step,
    update(fresh) {
      data = fresh;
      draw();
    },
  };
}

mount("[data-level-chart]", "levelChart", make);
