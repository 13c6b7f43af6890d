/*
 * The panels of the infusion chart: what each draws, and its scale. The data are described in infusion_chart.js.
 *
 * Nothing is drawn between two readings that nobody took: points stand alone, and the saturation line breaks where
 * the time between two device readings is more than GAP_S. By hand: filled marks; from a monitor: open ones. What was
 * put right or taken back stays, open and struck through, with a dotted line to what took its place.
 */
import { plain } from "./chart_tools.js";

const GAP_S = 150;
const FLAG_ROOM = 48;
// On a tablet at arm's length; a phone is held nearer.
const TEXT = 14;
const TEXT_NARROW = 12;
const NARROW = 600;
// Of a step of the axis: a mark at the highest value is drawn whole.
const HEADROOM = 0.4;
const DOWN = [[-6, -6], [6, -6], [0, 3]];
const UP = [[-6, 6], [6, 6], [0, -3]];
const DIAMOND = [[0, -6], [6, 0], [0, 6], [-6, 0]];
const SQUARE = [[-4, -4], [4, -4], [4, 4], [-4, 4]];
// How each way on is drawn, in the plot and in the key: dotted, and dots between dashes.
export const WAY_DASHES = [
  { line: [1.5, 4], key: "M1 8h2M7 8h2M13 8h2M19 8h2" },
  { line: [8, 3, 1.5, 3], key: "M0 8h8M11 8h2M16 8h8" },
];

export function textSize(width) {
  return width < NARROW ? TEXT_NARROW : TEXT;
}

const sizeOn = (pen) => textSize(pen.u.width);

function struckBy(data, names) {
  return (data.struck || []).flatMap((sign) => names.map((name) => ({ at: sign.at, now_at: sign.now_at, value: sign[name], name })))
    .filter(({ value }) => value !== null && value !== undefined);
}

/* A value that does not count any more: open, struck through, and dotted to where its successor stands. */
function drawStruck(pen, palette, data, struck, shape) {
  const [x, y] = [pen.x(struck.at), pen.y(struck.value)];
  const next = struck.now_at === null ? null : data.signs.find((sign) => sign.at === struck.now_at && sign.source === "manual");
  if (next && next[struck.name] !== null) {
    pen.stroke(palette.quiet, 1.5, [2, 3]);
    pen.line([[x, y], [pen.x(next.at), pen.y(next[struck.name])]]);
  }
  if (shape) pen.shape(x, y, shape, palette.quiet, false);
  else pen.dot(x, y, 4.5, palette.quiet, false);
  const arm = pen.size(9);
  pen.stroke(palette.quiet, 2);
  pen.line([[x - arm, y + arm * 0.6], [x + arm, y - arm * 0.6]]);
}

function heldValues(signs, names) {
  return signs.flatMap((sign) => names.map((name) => sign[name])).filter((value) => value !== null && value !== undefined);
}

function rangeOf(values, low, high, step) {
  return [
    Math.min(low, Math.floor(Math.min(low, ...values) / step) * step),
    Math.max(high, Math.ceil((Math.max(0, ...values) + step * HEADROOM) / step) * step),
  ];
}

// Panels. Each: title, height, y range, axis marks, what it draws.

function circulationPanel(data) {
  return {
    name: "circulation", title: "Pressure mmHg, pulse /min", height: 240, room: FLAG_ROOM,
    range: rangeOf(heldValues([...data.signs, ...(data.struck || [])], ["systolic", "diastolic", "pulse"]), 40, 180, 20), every: 20,
    draw(pen, palette) {
      drawFlags(pen, palette, data);
      pen.within(() => {
        for (const struck of struckBy(data, ["systolic"])) drawStruck(pen, palette, data, struck, DOWN);
        for (const struck of struckBy(data, ["diastolic"])) drawStruck(pen, palette, data, struck, UP);
        for (const struck of struckBy(data, ["pulse"])) drawStruck(pen, palette, data, struck, null);
        for (const sign of data.signs) drawPressure(pen, palette, sign);
        nameAmended(pen, palette, data.signs);
        for (const sign of data.signs) {
          if (sign.pulse === null) continue;
          pen.dot(pen.x(sign.at), pen.y(sign.pulse), sign.source === "manual" ? 4.5 : 2.5, palette.pulse, sign.source === "manual");
        }
      });
      for (const deferred of data.deferred || []) drawDeferred(pen, palette, deferred);
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
}

/* The word stands once where marks are so close that it would cover itself. */
function nameAmended(pen, palette, signs) {
  let end = -Infinity;
  const half = pen.width("amended", sizeOn(pen), true) / 2;
  for (const sign of signs) {
    const highest = sign.systolic ?? sign.diastolic ?? sign.pulse;
    const x = pen.x(sign.at);
    if (!sign.amended || highest === null || x - half < end) continue;
    pen.text("amended", x, pen.y(highest) - pen.size(17), palette.unknown, { size: sizeOn(pen), bold: true, halo: palette.card });
    end = x + half + pen.size(6);
  }
}

function drawMissed(pen, palette, missed) {
  const { top, height } = pen.u.bbox;
  const x = pen.x(missed.due_at);
  if (!pen.shows(missed.due_at)) return;
  const y = top + height - pen.size(12);
  pen.vertical(missed.due_at, palette.late, 1.5, [3, 3]);
  pen.shape(x, y, DIAMOND, palette.late, false);
  const words = missed.late_min === null ? "check missed" : `check ${plain(missed.late_min)} min late`;
  pen.text(words, x + pen.size(10), y, palette.late, { align: "left", bold: true, size: sizeOn(pen), halo: palette.card });
}

/* From when a check was due to when it was put off to, with the reason above the line. */
function drawDeferred(pen, palette, deferred) {
  const { top, height } = pen.u.bbox;
  const [from, to, y] = [pen.x(deferred.due_at), pen.x(deferred.until_at), top + height - pen.size(30)];
  const arm = pen.size(5);
  pen.within(() => {
    pen.stroke(palette.low, 2.25);
    pen.line([[from, y - arm], [from, y + arm]]);
    pen.line([[from, y], [to, y]]);
    pen.line([[to - arm, y - arm], [to, y], [to - arm, y + arm]]);
    pen.text(deferred.label, from, y - pen.size(13), palette.low, { align: "left", bold: true, size: sizeOn(pen), halo: palette.card });
  });
}

/* Flags stand above the plot in two rows, so that neighbors do not cover each other. */
function drawFlags(pen, palette, data) {
  const { left, top, width } = pen.u.bbox;
  const rowEnds = [left, left];
  const flags = [];
  for (const event of [...(data.events || [])].sort((a, b) => a.at - b.at)) {
    const x = pen.x(event.at);
    if (x < left || x > left + width) continue;
    const wide = pen.width(event.label, sizeOn(pen), true) + pen.size(14);
    const row = rowEnds[0] <= x ? 0 : rowEnds[1] <= x ? 1 : rowEnds.indexOf(Math.min(...rowEnds));
    // Where both rows are taken the flag moves to the right of its line; the line stays at its time.
    const start = Math.min(Math.max(x, rowEnds[row]), left + width - wide);
    rowEnds[row] = start + wide + pen.size(4);
    flags.push({ event, wide, start, y: top - pen.size(row ? 13 : 35) });
    pen.vertical(event.at, palette.strong, 1, [], row ? 13 : 35);
  }
  for (const { event, wide, start, y } of flags) {
    pen.ctx.fillStyle = palette.sunk;
    pen.stroke(palette.strong, 1);
    pen.ctx.beginPath();
    pen.ctx.rect(start, y - pen.size(10), wide, pen.size(20));
    pen.ctx.fill();
    pen.ctx.stroke();
    pen.text(event.label, start + pen.size(7), y, palette.ink, { align: "left", bold: true, size: sizeOn(pen) });
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
            pen.shape(...here, SQUARE, palette.oxygen, true);
          }
        }
        for (const struck of struckBy(data, ["spo2"])) drawStruck(pen, palette, data, struck, SQUARE);
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
        for (const struck of struckBy(data, ["breaths"])) drawStruck(pen, palette, data, struck, null);
      });
    },
  };
}

function scoresPanel(data) {
  return {
    name: "scores", title: "Scores", height: 54, range: [0, 2],
    marks: [[1.5, "sedation"], [0.5, "dissoc."]],
    draw(pen, palette) {
      for (const struck of struckBy(data, ["sedation", "dissociation"])) drawStruckScore(pen, palette, struck);
      for (const sign of data.signs) {
        for (const [value, y] of [[sign.sedation, 1.5], [sign.dissociation, 0.5]]) {
          if (value !== null && value !== undefined && pen.shows(sign.at)) pen.text(String(value), pen.x(sign.at), pen.y(y), palette.ink, { bold: true, size: sizeOn(pen) + 2 });
        }
      }
    },
  };
}

/* A score that was put right stands struck through to the left of the one that counts. */
function drawStruckScore(pen, palette, struck) {
  if (!pen.shows(struck.at)) return;
  const isMoved = struck.now_at !== struck.at;
  const [x, y] = [pen.x(struck.at) - (isMoved ? 0 : pen.size(17)), pen.y(struck.name === "sedation" ? 1.5 : 0.5)];
  const arm = pen.size(7);
  pen.text(String(struck.value), x, y, palette.quiet, { size: sizeOn(pen) });
  pen.stroke(palette.quiet, 2);
  pen.line([[x - arm, y + arm * 0.6], [x + arm, y - arm * 0.6]]);
}

function drugPanel(data) {
  return {
    name: "drug", title: "ketamine: rate, and mg given since the start", height: 80, range: [0, 2], marks: [[1.45, "rate"], [0.4, "other"]],
    draw(pen, palette) {
      pen.within(() => {
        if (data.planned_end_at) drawPlannedEnd(pen, palette, data);
        for (const run of data.drug || []) drawRun(pen, palette, run);
        for (const bolus of data.boluses || []) {
          const x = pen.x(bolus.at);
          pen.shape(x, pen.y(0.4), DOWN, palette.ink, true);
          pen.text(bolus.label, x + pen.size(10), pen.y(0.4), palette.ink, { align: "left", bold: true, size: sizeOn(pen), halo: palette.card });
        }
      });
    },
  };
}

function drawRun(pen, palette, run) {
  const { left, width } = pen.u.bbox;
  // What ran before the time that is shown, or after it, is cut off at the edge, so that its words are seen.
  const [from, to] = [run.from, run.to].map((at) => Math.min(Math.max(pen.x(at), left - 1), left + width + 1));
  const [top, bottom] = [pen.y(1.95), pen.y(0.95)];
  if (to <= from) return;
  pen.ctx.fillStyle = palette.drug;
  pen.ctx.fillRect(from, top, to - from, bottom - top);
  pen.stroke("#000000", 2);
  pen.ctx.strokeRect(from, top, to - from, bottom - top);
  const given = `${plain(run.given_mg)} mg`;
  const room = to - from - pen.size(14);
  const rates = [
    `${plain(run.rate_ml_per_h)} mL/h · ${plain(run.rate_mg_per_min, 3)} mg/min`, `${plain(run.rate_ml_per_h)} mL/h`, plain(run.rate_ml_per_h),
  ];
  const rate = rates.find((words) => pen.width(words, sizeOn(pen), true) <= room) || "";
  pen.text(rate, from + pen.size(7), (top + bottom) / 2 - pen.size(8), palette.drugInk, { align: "left", bold: true, size: sizeOn(pen) });
  if (pen.width(given, sizeOn(pen)) <= room) {
    pen.text(given, to - pen.size(7), (top + bottom) / 2 + pen.size(8), palette.drugInk, { align: "right", size: sizeOn(pen) });
  }
}

function drawPlannedEnd(pen, palette, data) {
  const running = (data.drug || []).some((run) => Math.abs(run.to - data.now) < 90);
  const last = Math.max(data.start_at || data.now, ...(data.drug || []).map((run) => run.to));
  if (running && data.planned_end_at > last) {
    pen.stroke(palette.strong, 1.5, [4, 4]);
    pen.ctx.strokeRect(pen.x(last), pen.y(1.95), pen.x(data.planned_end_at) - pen.x(last), pen.y(0.95) - pen.y(1.95));
    pen.text("planned end", pen.x(data.planned_end_at) + pen.size(6), pen.y(1.45), palette.quiet, { align: "left", size: sizeOn(pen) });
  }
}

function levelPanel(data) {
  const { time, level, low, high, unit, model, site, ways_on: waysOn } = data.predicted;
  const top = Math.max(50, ...(high || []), ...level, ...waysOn.flatMap((way) => way.level));
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
        for (const [way, { time: ahead, level: then }] of waysOn.entries()) {
          pen.stroke(palette.level, 1.5, WAY_DASHES[way].line);
          pen.line(ahead.map((at, index) => [pen.x(at), pen.y(then[index])]));
        }
      });
    },
  };
}

export function panelsOf(data) {
  const panels = [circulationPanel(data), oxygenPanel(data), breathingPanel(data), scoresPanel(data), drugPanel(data)];
  if (data.predicted) panels.push(levelPanel(data));
  return panels;
}
