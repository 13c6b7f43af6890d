/*
 * One scale's total over the course. One scale to a picture, the same y range at every visit.
 *
 * Data (times are unix seconds):
 *   title, scale, zone
 *   x             {from, to}
 *   y             {from, to}: the whole range of the scale
 *   points        [{at, total, label}]; label: what to call the total, or null
 *   bands         [{from, to, label}]: severity, from the scale's own definition
 *   response_at_or_below    number or null (half of the baseline, or what the scale says)
 *   partial_at_or_below     number or null
 *   remission_below         number or null
 *   infusions     [{at, label}]
 *   missing       [{due_at}]: asked for and not answered
 *
 * A line joins two answers only if no missing answer lies between them.
 */
import { colors, dayFormat, key, mount, onResize, Pen, plain } from "./chart_tools.js";

const HEIGHT = 300;
const INFUSION_ROOM = 24;

function drawBands(pen, palette, data) {
  const { left, width } = pen.u.bbox;
  (data.bands || []).forEach((band, index) => {
    const top = pen.y(Math.min(band.to + 0.5, data.y.to));
    const bottom = pen.y(Math.max(band.from - 0.5, data.y.from));
    if (index % 2) {
      pen.ctx.globalAlpha = 0.6;
      pen.ctx.fillStyle = palette.sunk;
      pen.ctx.fillRect(left, top, width, bottom - top);
      pen.ctx.globalAlpha = 1;
    }
    pen.text(band.label, left + width - pen.size(6), (top + bottom) / 2, palette.quiet, { align: "right" });
  });
}

function drawLimit(pen, palette, value, words, dash, below) {
  const { left, width } = pen.u.bbox;
  const y = pen.y(value);
  pen.stroke(palette.ok, 1.75, dash);
  pen.line([[left, y], [left + width, y]]);
  pen.text(words, left + pen.size(6), y + pen.size(below ? 9 : -9), palette.ok, { align: "left", bold: true, halo: palette.card });
}

function drawInfusions(pen, palette, infusions) {
  const { top, height } = pen.u.bbox;
  let lastEnd = -Infinity;
  for (const infusion of infusions || []) {
    const x = pen.x(infusion.at);
    pen.stroke(palette.line, 1, [2, 3]);
    pen.line([[x, top], [x, top + height]]);
    pen.shape(x, top - pen.size(3), [[-4, -7], [4, -7], [0, 0]], palette.ink, true);
    if (x - lastEnd > pen.size(14)) {
      pen.text(infusion.label, x, top - pen.size(17), palette.ink, { size: 11 });
      lastEnd = x;
    }
  }
}

function drawAnswers(pen, palette, data) {
  const missing = (data.missing || []).map((each) => each.due_at);
  const points = [...data.points].sort((a, b) => a.at - b.at);
  points.forEach((point, index) => {
    const last = points[index - 1];
    if (last && !missing.some((at) => at > last.at && at < point.at)) {
      pen.stroke(palette.action, 2);
      pen.line([[pen.x(last.at), pen.y(last.total)], [pen.x(point.at), pen.y(point.total)]]);
    }
  });
  for (const point of points) {
    pen.dot(pen.x(point.at), pen.y(point.total), 5, palette.action, true);
    pen.text(plain(point.total), pen.x(point.at), pen.y(point.total) - pen.size(14), palette.ink, { bold: true, halo: palette.card });
  }
  for (const at of missing) {
    const [x, y] = [pen.x(at), pen.y(data.y.from) - pen.size(12)];
    pen.stroke(palette.late, 2);
    pen.line([[x - pen.size(5), y - pen.size(5)], [x + pen.size(5), y + pen.size(5)]]);
    pen.line([[x - pen.size(5), y + pen.size(5)], [x + pen.size(5), y - pen.size(5)]]);
    pen.text("no answer", x, y - pen.size(14), palette.late, { size: 11, bold: true, halo: palette.card });
  }
}

function paint(u, data, palette) {
  const pen = new Pen(u, palette);
  u.ctx.save();
  drawBands(pen, palette, data);
  drawInfusions(pen, palette, data.infusions);
  if (data.response_at_or_below !== null && data.response_at_or_below !== undefined) {
    drawLimit(pen, palette, data.response_at_or_below, `response: ${plain(data.response_at_or_below)} or less`, [7, 4], false);
  }
  if (data.partial_at_or_below !== null && data.partial_at_or_below !== undefined) {
    drawLimit(pen, palette, data.partial_at_or_below, `partial: ${plain(data.partial_at_or_below)} or less`, [1, 4], false);
  }
  if (data.remission_below !== null && data.remission_below !== undefined) {
    drawLimit(pen, palette, data.remission_below, `remission: below ${plain(data.remission_below)}`, [2, 3], true);
  }
  drawAnswers(pen, palette, data);
  u.ctx.restore();
}

function options(data, palette, width, onTime) {
  const day = dayFormat(data.zone);
  const font = `12px ${palette.font}`;
  return {
    width, height: HEIGHT, padding: [INFUSION_ROOM + 6, 12, 0, 0], legend: { show: false },
    cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
    scales: { x: { range: () => [data.x.from, data.x.to] }, y: { range: () => [data.y.from, data.y.to] } },
    series: [{}, { paths: () => null, points: { show: false } }],
    axes: [
      {
        size: 30, font, stroke: palette.quiet, space: 60, values: (u, splits) => splits.map(day),
        incrs: [7, 14, 28, 56, 84, 182].map((days) => days * 86400), grid: { show: false }, ticks: { stroke: palette.line, size: 4 },
      },
      { size: 40, font, stroke: palette.quiet, grid: { stroke: palette.grid, width: 1 }, ticks: { show: false } },
    ],
    hooks: {
      draw: [(u) => paint(u, data, palette)],
      setCursor: [(u) => u.cursor.left >= 0 && onTime(u.posToVal(u.cursor.left, "x"))],
    },
  };
}

function words(data, at) {
  const day = dayFormat(data.zone);
  const told = [
    ...data.points.map((point) => ({ at: point.at, words: `${data.scale} ${plain(point.total)}${point.label ? `, ${point.label}` : ""}` })),
    ...(data.missing || []).map((each) => ({ at: each.due_at, words: `${data.scale} not answered` })),
  ];
  const best = told.reduce((found, each) => (!found || Math.abs(each.at - at) < Math.abs(found.at - at) ? each : found), null);
  return best ? `${day(best.at)}: ${best.words}` : "No answers yet.";
}

function make(figure, first) {
  const picture = figure.querySelector("[data-chart-picture]");
  const readout = figure.querySelector("[data-chart-cursor]");
  let data = first;
  let plot = null;
  let readAt = null;

  function read(at) {
    readAt = at;
    readout.textContent = words(data, at);
  }

  function draw() {
    plot?.destroy();
    const palette = colors();
    picture.replaceChildren();
    plot = new globalThis.uPlot(options(data, palette, picture.clientWidth, read), [[data.x.from, data.x.to], [null, null]], picture);
    picture.append(key([
      ["M12 4a4 4 0 1 0 .1 0", { fill: palette.action }, `${data.scale} total`],
      ["M8 4h8l-4 7z", { fill: palette.ink }, "infusion"],
      ["M8 4l8 8M16 4l-8 8", { stroke: palette.late, "stroke-width": 2 }, "no answer"],
    ]));
    readout.textContent = words(data, readAt ?? data.x.to);
  }

  function step(direction) {
    const times = [...data.points.map((point) => point.at), ...(data.missing || []).map((each) => each.due_at)].sort((a, b) => a - b);
    if (!times.length) return;
    const from = readAt ?? data.x.to;
    const ahead = times.filter((at) => (direction > 0 ? at > from + 1 : at < from - 1));
    let at = direction > 0 ? ahead[0] : ahead.at(-1);
    if (Math.abs(direction) === Infinity) at = direction > 0 ? times.at(-1) : times[0];
    if (at === undefined) return;
    plot.setCursor({ left: plot.valToPos(at, "x"), top: 0 });
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

mount("[data-outcome-chart]", "outcomeChart", make);
