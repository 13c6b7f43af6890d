/*
 * The infusion chart, in the grammar of an anesthetic record: panels on one time axis.
 *
 * Data (times are unix seconds):
 *   now            the server's time when the data were made
 *   zone           IANA name of the clinic's zone
 *   start_at, planned_end_at   or null
 *   x              {from, to}
 *   signs          [{at, systolic, diastolic, mean, pulse, spo2, breaths, sedation, dissociation,
 *                    source: "manual" | "device", amended: bool}]; any value may be null, and null is a gap
 *   drug           [{from, to, rate_ml_per_h, rate_mg_per_min, given_mg}]; given_mg: given since the start, at `to`
 *   boluses        [{at, label}]
 *   events         [{at, kind: "start"|"pause"|"resume"|"rate"|"bag"|"stop"|"complaint"|"end"|..., label}]
 *   predicted      null or {time, level, low, high, unit, model, site, population, citation, status, note,
 *                    stopped: null or {time, level}, what would follow if the pump stood still from now on}
 *   missed         [{due_at, late_min}]; late_min null: never done
 *
 * Nothing is drawn between two readings that nobody took: points stand alone, and the saturation line breaks where
 * the time between two device readings is more than GAP_S. By hand: filled marks; from a monitor: open ones.
 */
import { colors, key, mount, onResize, Pen, plain, timeFormat } from "./chart_tools.js";

const GAP_S = 150;
const AXIS_WIDTH = 58;
const FLAG_ROOM = 44;
const DOWN = [[-6, -6], [6, -6], [0, 3]];
const UP = [[-6, 6], [6, 6], [0, -3]];
const DIAMOND = [[0, -6], [6, 0], [0, 6], [-6, 0]];

function heldValues(signs, names) {
  return signs.flatMap((sign) => names.map((name) => sign[name])).filter((value) => value !== null && value !== undefined);
}

function rangeOf(values, low, high, step) {
  return [
    Math.min(low, Math.floor(Math.min(low, ...values) / step) * step),
    Math.max(high, Math.ceil(Math.max(high, ...values) / step) * step),
  ];
}

// Panels. Each: title, height, y range, axis marks, what it draws.

function circulationPanel(data) {
  return {
    name: "circulation", title: "Pressure mmHg, pulse /min", height: 240, room: FLAG_ROOM,
    range: rangeOf(heldValues(data.signs, ["systolic", "diastolic", "pulse"]), 40, 180, 20), every: 20,
    draw(pen, palette) {
      drawFlags(pen, palette, data);
      pen.within(() => {
        for (const sign of data.signs) drawPressure(pen, palette, sign);
        for (const sign of data.signs) {
          if (sign.pulse === null) continue;
          pen.dot(pen.x(sign.at), pen.y(sign.pulse), sign.source === "manual" ? 4.5 : 2.5, palette.pulse, sign.source === "manual");
        }
      });
      for (const missed of data.missed || []) drawMissed(pen, palette, missed);
    },
  };
}

function drawPressure(pen, palette, sign) {
  if (sign.systolic === null && sign.diastolic === null) return;
  const x = pen.x(sign.at);
  const byHand = sign.source === "manual";
  if (sign.systolic !== null && sign.diastolic !== null) {
    pen.stroke(palette.pressure, byHand ? 2 : 1.25);
    pen.line([[x, pen.y(sign.systolic)], [x, pen.y(sign.diastolic)]]);
  }
  if (sign.systolic !== null) pen.shape(x, pen.y(sign.systolic), DOWN, palette.pressure, byHand);
  if (sign.diastolic !== null) pen.shape(x, pen.y(sign.diastolic), UP, palette.pressure, byHand);
  if (sign.mean !== null && sign.mean !== undefined) {
    pen.stroke(palette.pressure, 2);
    pen.line([[x - pen.size(5), pen.y(sign.mean)], [x + pen.size(5), pen.y(sign.mean)]]);
  }
  if (sign.amended) {
    const top = pen.y(sign.systolic ?? sign.diastolic) - pen.size(15);
    pen.text("amended", x, top, palette.unknown, { size: 11, bold: true, halo: palette.card });
  }
}

function drawMissed(pen, palette, missed) {
  const { top, height } = pen.u.bbox;
  const x = pen.x(missed.due_at);
  const y = top + height - pen.size(12);
  pen.vertical(missed.due_at, palette.late, 1.5, [3, 3]);
  pen.shape(x, y, DIAMOND, palette.late, false);
  const words = missed.late_min === null ? "check missed" : `check ${plain(missed.late_min)} min late`;
  pen.text(words, x + pen.size(10), y, palette.late, { align: "left", bold: true, halo: palette.card });
}

/* Flags stand above the plot in two rows, so that neighbors do not cover each other. */
function drawFlags(pen, palette, data) {
  const { left, top, width } = pen.u.bbox;
  const rowEnds = [left, left];
  const flags = [];
  for (const event of [...(data.events || [])].sort((a, b) => a.at - b.at)) {
    const x = pen.x(event.at);
    if (x < left || x > left + width) continue;
    const wide = pen.width(event.label, 12, true) + pen.size(14);
    const row = rowEnds[0] <= x ? 0 : rowEnds[1] <= x ? 1 : rowEnds.indexOf(Math.min(...rowEnds));
    // Where both rows are taken the flag moves to the right of its line; the line stays at its time.
    const start = Math.min(Math.max(x, rowEnds[row]), left + width - wide);
    rowEnds[row] = start + wide + pen.size(4);
    flags.push({ event, wide, start, y: top - pen.size(row ? 12 : 32) });
    pen.vertical(event.at, palette.strong, 1, [], row ? 12 : 32);
  }
  for (const { event, wide, start, y } of flags) {
    pen.ctx.fillStyle = palette.sunk;
    pen.stroke(palette.strong, 1);
    pen.ctx.beginPath();
    pen.ctx.rect(start, y - pen.size(9), wide, pen.size(18));
    pen.ctx.fill();
    pen.ctx.stroke();
    pen.text(event.label, start + pen.size(7), y, palette.ink, { align: "left", bold: true });
  }
}

function oxygenPanel(data) {
  return {
    name: "oxygen", title: "SpO2 %", height: 76, every: 5,
    range: [rangeOf(heldValues(data.signs, ["spo2"]), 90, 100, 5)[0], 100.5],
    draw(pen, palette) {
      pen.within(() => {
        let last = null;
        for (const sign of data.signs) {
          if (sign.spo2 === null) continue;
          const here = [pen.x(sign.at), pen.y(sign.spo2)];
          if (sign.source === "device") {
            if (last && sign.at - last.at <= GAP_S) {
              pen.stroke(palette.oxygen, 1.75);
              pen.line([last.here, here]);
            } else {
              pen.dot(...here, 1.5, palette.oxygen, true);
            }
            last = { at: sign.at, here };
          } else {
            pen.shape(...here, [[-4, -4], [4, -4], [4, 4], [-4, 4]], palette.oxygen, true);
          }
        }
      }, 5);
    },
  };
}

function breathingPanel(data) {
  return {
    name: "breathing", title: "Breathing /min", height: 62, every: 10,
    range: rangeOf(heldValues(data.signs, ["breaths"]), 0, 25, 5),
    draw(pen, palette) {
      pen.within(() => {
        for (const sign of data.signs) {
          if (sign.breaths === null) continue;
          const byHand = sign.source === "manual";
          const [x, y, arm] = [pen.x(sign.at), pen.y(sign.breaths), pen.size(byHand ? 5 : 3)];
          pen.stroke(palette.breaths, byHand ? 2.5 : 1.25);
          pen.line([[x - arm, y], [x + arm, y]]);
          pen.line([[x, y - arm], [x, y + arm]]);
        }
      });
    },
  };
}

function scoresPanel(data) {
  return {
    name: "scores", title: "Scores", height: 46, range: [0, 2],
    marks: [[1.5, "sedation"], [0.5, "dissoc."]],
    draw(pen, palette) {
      for (const sign of data.signs) {
        for (const [value, y] of [[sign.sedation, 1.5], [sign.dissociation, 0.5]]) {
          if (value !== null && value !== undefined) pen.text(String(value), pen.x(sign.at), pen.y(y), palette.ink, { bold: true, size: 14 });
        }
      }
    },
  };
}

function drugPanel(data) {
  return {
    name: "drug", title: "ketamine: rate, and mg given since the start", height: 72, range: [0, 2], marks: [[1.45, "rate"], [0.4, "other"]],
    draw(pen, palette) {
      pen.within(() => {
        if (data.planned_end_at) drawPlannedEnd(pen, palette, data);
        for (const run of data.drug || []) drawRun(pen, palette, run);
        for (const bolus of data.boluses || []) {
          const x = pen.x(bolus.at);
          pen.shape(x, pen.y(0.4), DOWN, palette.ink, true);
          pen.text(bolus.label, x + pen.size(10), pen.y(0.4), palette.ink, { align: "left", bold: true, halo: palette.card });
        }
      });
    },
  };
}

function drawRun(pen, palette, run) {
  const [from, to, top, bottom] = [pen.x(run.from), pen.x(run.to), pen.y(1.95), pen.y(0.95)];
  pen.ctx.fillStyle = palette.drug;
  pen.ctx.fillRect(from, top, to - from, bottom - top);
  pen.stroke("#000000", 2);
  pen.ctx.strokeRect(from, top, to - from, bottom - top);
  const given = `${plain(run.given_mg)} mg`;
  const room = to - from - pen.size(14);
  const rates = [
    `${plain(run.rate_ml_per_h)} mL/h · ${plain(run.rate_mg_per_min, 3)} mg/min`, `${plain(run.rate_ml_per_h)} mL/h`, plain(run.rate_ml_per_h),
  ];
  const rate = rates.find((words) => pen.width(words, 12, true) <= room) || "";
  pen.text(rate, from + pen.size(7), (top + bottom) / 2 - pen.size(8), palette.drugInk, { align: "left", bold: true });
  if (pen.width(given, 12) <= room) {
    pen.text(given, to - pen.size(7), (top + bottom) / 2 + pen.size(8), palette.drugInk, { align: "right" });
  }
}

function drawPlannedEnd(pen, palette, data) {
  const running = (data.drug || []).some((run) => Math.abs(run.to - data.now) < 90);
  const last = Math.max(data.start_at || data.now, ...(data.drug || []).map((run) => run.to));
  if (running && data.planned_end_at > last) {
    pen.stroke(palette.strong, 1.5, [4, 4]);
    pen.ctx.strokeRect(pen.x(last), pen.y(1.95), pen.x(data.planned_end_at) - pen.x(last), pen.y(0.95) - pen.y(1.95));
    pen.text("planned end", pen.x(data.planned_end_at) + pen.size(6), pen.y(1.45), palette.quiet, { align: "left" });
  }
}

function levelPanel(data) {
  const { time, level, low, high, unit, model, site, stopped } = data.predicted;
  const top = Math.max(50, ...(high || []), ...level);
  return {
    name: "level", height: 116, range: [0, Math.ceil(top / 50) * 50], every: top > 300 ? 100 : 50,
    title: `Predicted ketamine, ${unit || "ng/mL"} · ${model} · ${site} · estimate`,
    draw(pen, palette) {
      pen.within(() => {
        if (low && high) {
          pen.ctx.globalAlpha = 0.18;
          pen.ctx.fillStyle = palette.level;
          pen.ctx.beginPath();
          time.forEach((at, index) => pen.ctx[index ? "lineTo" : "moveTo"](pen.x(at), pen.y(high[index])));
          for (let index = time.length - 1; index >= 0; index -= 1) pen.ctx.lineTo(pen.x(time[index]), pen.y(low[index]));
          pen.ctx.closePath();
          pen.ctx.fill();
          pen.ctx.globalAlpha = 1;
        }
        const points = time.map((at, index) => [at, pen.x(at), pen.y(level[index])]);
        const cut = points.findIndex(([at]) => at > data.now);
        const past = cut < 0 ? points : points.slice(0, cut);
        const future = cut < 0 ? [] : points.slice(Math.max(0, cut - 1));
        pen.stroke(palette.level, 2.25);
        pen.line(past.map(([, x, y]) => [x, y]));
        pen.stroke(palette.level, 2.25, [6, 5]);
        pen.line(future.map(([, x, y]) => [x, y]));
        if (!stopped) return;
        pen.stroke(palette.level, 1.5, [1.5, 4]);
        pen.line(stopped.time.map((at, index) => [pen.x(at), pen.y(stopped.level[index])]));
      });
    },
  };
}

function panelsOf(data) {
  const panels = [circulationPanel(data), oxygenPanel(data), breathingPanel(data), scoresPanel(data), drugPanel(data)];
  if (data.predicted) panels.push(levelPanel(data));
  return panels;
}

// One uPlot each, bound together by the time axis.

function options(panel, { data, palette, width, isLast, sync, onTime }) {
  const clock = timeFormat(data.zone);
  const narrow = width < 600;
  const axisFont = `12px ${palette.font}`;
  const marks = panel.marks;
  return {
    width, height: panel.height + (isLast ? 26 : 0), title: panel.title,
    padding: [panel.room || 6, narrow ? 8 : 16, isLast ? 0 : 6, 0],
    legend: { show: false },
    cursor: {
      sync: { key: sync, scales: ["x", null] }, y: false, points: { show: false }, drag: { x: false, y: false },
    },
    scales: {
      x: { time: true, range: () => [data.x.from, data.x.to] },
      y: { range: () => panel.range },
    },
    series: [{}, { show: true, paths: () => null, points: { show: false } }],
    axes: [
      {
        show: true, size: isLast ? 26 : 0, font: axisFont, stroke: palette.quiet, gap: 4,
        incrs: [300, 600, 900, 1800, 3600, 7200], space: narrow ? 48 : 60,
        values: (u, splits) => splits.map((at) => (isLast ? clock(at) : "")),
        grid: { stroke: palette.grid, width: 1 }, ticks: { show: false },
      },
      {
        size: AXIS_WIDTH, font: axisFont, stroke: palette.quiet, gap: 4, space: 14,
        splits: marks ? () => marks.map(([at]) => at) : (u, axis, min, max) => steps(min, max, panel.every),
        values: marks ? () => marks.map(([, words]) => words) : (u, splits) => splits.map(String),
        grid: { show: !marks, stroke: palette.grid, width: 1 }, ticks: { show: false },
      },
    ],
    hooks: {
      draw: [(u) => drawPanel(u, panel, data, palette)],
      setCursor: [(u) => u.cursor.left >= 0 && onTime(u.posToVal(u.cursor.left, "x"))],
    },
  };
}

function steps(min, max, every) {
  const found = [];
  for (let at = Math.ceil(min / every) * every; at <= max; at += every) found.push(at);
  return found;
}

function drawPanel(u, panel, data, palette) {
  const pen = new Pen(u, palette);
  const { left, top, width, height } = u.bbox;
  u.ctx.save();
  const now = Math.min(Math.max(pen.x(data.now), left), left + width);
  u.ctx.globalAlpha = 0.45;
  u.ctx.fillStyle = palette.sunk;
  u.ctx.fillRect(now, top, left + width - now, height);
  u.ctx.globalAlpha = 1;
  for (const event of data.events || []) pen.within(() => pen.vertical(event.at, palette.line, 1, [2, 3]));
  if (data.now < data.x.to) pen.vertical(data.now, palette.ink, 1.25, []);
  panel.draw(pen, palette);
  pen.stroke(palette.line, 1);
  u.ctx.strokeRect(left, top, width, height);
  u.ctx.restore();
}

/* What the cursor reads: the last set of signs at or before it, and what ran then. */
function words(data, at, clock) {
  const parts = [];
  const sign = nearest(data.signs, at);
  if (sign) {
    const by = sign.source === "manual" ? "by hand" : "from the monitor";
    const values = [];
    if (sign.systolic !== null) values.push(`${sign.systolic}/${sign.diastolic ?? "–"} mmHg${sign.mean ? ` (mean ${sign.mean})` : ""}`);
    if (sign.pulse !== null) values.push(`pulse ${sign.pulse} /min`);
    if (sign.spo2 !== null) values.push(`SpO2 ${sign.spo2} %`);
    if (sign.breaths !== null) values.push(`breathing ${sign.breaths} /min`);
    if (sign.sedation !== null && sign.sedation !== undefined) values.push(`sedation ${sign.sedation}`);
    if (sign.dissociation !== null && sign.dissociation !== undefined) values.push(`dissociation ${sign.dissociation}`);
    parts.push(`${clock(sign.at)} ${by}${sign.amended ? ", amended" : ""}: ${values.join(", ") || "no values"}`);
  }
  const run = (data.drug || []).find((each) => each.from <= at && at <= each.to);
  if (run) parts.push(`at ${clock(at)} ketamine ${plain(run.rate_ml_per_h)} mL/h (${plain(run.rate_mg_per_min, 3)} mg/min)`);
  if (data.predicted) {
    const index = data.predicted.time.findLastIndex((each) => each <= at);
    if (index >= 0) {
      const { level, low, high, unit } = data.predicted;
      const range = low && high ? ` (${plain(low[index], 0)} to ${plain(high[index], 0)})` : "";
      parts.push(`estimated level ${plain(level[index], 0)}${range} ${unit || "ng/mL"}`);
      const { stopped } = data.predicted;
      const after = stopped && at > data.now ? stopped.time.findLastIndex((each) => each <= at) : -1;
      if (after >= 0) parts.push(`if stopped now ${plain(stopped.level[after], 0)} ${unit || "ng/mL"}`);
    }
  }
  return parts.join(" · ");
}

function nearest(signs, at) {
  return signs.reduce((best, sign) => (!best || Math.abs(sign.at - at) < Math.abs(best.at - at) ? sign : best), null);
}

function keyOf(palette, data) {
  const entries = [
    ["M12 3v10M6 1h12l-6 6zM6 15h12l-6-6z", { fill: palette.pressure, stroke: palette.pressure }, "pressure by hand"],
    ["M12 3v10M7 1h10l-5 5zM7 15h10l-5-5z", { fill: "none", stroke: palette.pressure }, "pressure, monitor"],
    ["M7.5 8a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0-9 0", { fill: palette.pulse }, "pulse by hand"],
    ["M9.5 8a2.5 2.5 0 1 0 5 0a2.5 2.5 0 1 0-5 0", { fill: "none", stroke: palette.pulse, "stroke-width": 1.5 }, "pulse, monitor"],
    ["M0 8h16M17 4h7v8h-7z", { fill: palette.oxygen, stroke: palette.oxygen, "stroke-width": 1.75 }, "SpO2: monitor, by hand"],
  ];
  if (data.missed?.length) entries.push(["M12 2l6 6-6 6-6-6z", { fill: "none", stroke: palette.late, "stroke-width": 2 }, "check late or missed"]);
  if (data.predicted) entries.push(["M0 8h10M14 8h4M20 8h4", { stroke: palette.level, "stroke-width": 2.5 }, "estimate: run, planned"]);
  if (data.predicted?.stopped) entries.push(["M1 8h2M7 8h2M13 8h2M19 8h2", { stroke: palette.level, "stroke-width": 2 }, "estimate: if stopped now"]);
  return key(entries);
}

let count = 0;

function make(figure, first) {
  const picture = figure.querySelector("[data-chart-picture]");
  const readout = figure.querySelector("[data-chart-cursor]");
  const sync = `infusion-${(count += 1)}`;
  let data = first;
  let plots = [];
  let readAt = null;

  function draw() {
    for (const plot of plots) plot.destroy();
    const palette = colors();
    const panels = panelsOf(data);
    const clock = timeFormat(data.zone);
    const onTime = (at) => {
      readAt = at;
      readout.textContent = words(data, at, clock);
    };
    picture.replaceChildren();
    plots = panels.map((panel, index) => {
      const isLast = index === panels.length - 1;
      const setup = options(panel, { data, palette, width: picture.clientWidth, isLast, sync, onTime });
      return new globalThis.uPlot(setup, [[data.x.from, data.x.to], [null, null]], picture);
    });
    picture.append(keyOf(palette, data));
    if (data.predicted) picture.append(estimate(data.predicted));
    readout.textContent = readAt === null ? words(data, data.now, clock) : words(data, readAt, clock);
  }

  function step(direction) {
    const times = [...new Set(data.signs.map((sign) => sign.at))].sort((a, b) => a - b);
    if (!times.length) return;
    const from = readAt ?? data.now;
    const ahead = times.filter((at) => (direction > 0 ? at > from + 0.5 : at < from - 0.5));
    let at = direction > 0 ? ahead[0] : ahead.at(-1);
    if (Math.abs(direction) === Infinity) at = direction > 0 ? times.at(-1) : times[0];
    if (at === undefined) return;
    plots[0].setCursor({ left: plots[0].valToPos(at, "x"), top: 0 });
    readAt = at;
    readout.textContent = words(data, at, timeFormat(data.zone));
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

function estimate(predicted) {
  const note = document.createElement("p");
  note.className = "ek-chart__estimate";
  const parts = [`Estimate after ${predicted.citation || predicted.model}`];
  if (predicted.population) parts.push(`Population: ${predicted.population}`);
  if (predicted.status && predicted.status !== "ok") parts.push(predicted.status);
  if (predicted.note) parts.push(predicted.note);
  note.textContent = `${parts.join(". ")}. It decides nothing; measured signs do.`;
  return note;
}

mount("[data-infusion-chart]", "infusionChart", make);
