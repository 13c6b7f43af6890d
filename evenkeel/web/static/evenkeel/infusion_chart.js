/*
 * The infusion chart, in the grammar of an anesthetic record: panels on one time axis.
 *
 * Data (times are unix seconds):
 *   now            the server's time when the data were made
 *   zone           IANA name of the clinic's zone
 *   start_at, planned_end_at   or null
 *   x              {from, to}
 *   signs          [{at, systolic, diastolic, mean, pulse, spo2, breaths, sedation, dissociation,
 *                    source: "manual" | "device", amended: bool, was: words or null}]; any value may be null: a gap
 *   signs_from     from when on the device's signs are among them: later than x.from in an answer to `?since=`
 *   struck         [{at, now_at, systolic, ...}] what was put right (now_at: where it stands now) or taken back (null)
 *   drug           [{from, to, rate_ml_per_h, rate_mg_per_min, given_mg}]; given_mg: given since the start, at `to`
 *   boluses        [{at, label}]
 *   events         [{at, kind: "start"|"pause"|"resume"|"rate"|"bag"|"stop"|"complaint"|"end"|..., label}]
 *   predicted      null or {time, level, low, high, unit, model, site, population, citation, status, note,
 *                    ways_on: [{words, time, level}] what else might follow from now on; empty when nothing runs}
 *   missed         [{due_at, late_min}]; late_min null: never done
 *   deferred       [{due_at, until_at, label}]
 */
import { colors, key, mount, onResize, Pen, plain, timeFormat } from "./chart_tools.js";
import { panelsOf, textSize, WAY_DASHES } from "./infusion_panels.js";

const AXIS_WIDTH = 64;
const AXIS_WIDTH_NARROW = 52;
// What the buttons for the time axis show: all of it, or the last so many seconds; no closer than the shortest.
const LAST_S = 1200;
const SPAN_MIN_S = 300;
// Values of a monitor may come late, so a page asks for all of them again from time to time.
const WHOLE_EVERY_MS = 60000;

// One uPlot each, bound together by the time axis.

/* `chart` holds what changes while the plots stay: data, panels, palette and what part of the time is shown. */
function options(chart, index, { width, isLast, sync, onTime }) {
  const panel = () => chart.panels[index];
  const narrow = width < 600;
  const axisFont = `${textSize(width)}px ${chart.palette.font}`;
  const { marks, title, height, room } = panel();
  return {
    width, height: height + (isLast ? 28 : 0), title,
    padding: [room || 6, narrow ? 8 : 16, isLast ? 0 : 6, 0],
    legend: { show: false },
    cursor: {
      sync: { key: sync, scales: ["x", null] }, y: false, points: { show: false }, drag: { x: false, y: false },
    },
    scales: {
      x: { time: true, range: () => [chart.shown().from, chart.shown().to] },
      y: { range: () => panel().range },
    },
    series: [{}, { show: true, paths: () => null, points: { show: false } }],
    axes: [
      {
        show: true, size: isLast ? 28 : 0, font: axisFont, stroke: chart.palette.quiet, gap: 4,
        incrs: [60, 120, 300, 600, 900, 1800, 3600, 7200], space: narrow ? 48 : 64,
        values: (u, splits) => splits.map((at) => (isLast ? chart.clock(at) : "")),
        grid: { stroke: chart.palette.grid, width: 1 }, ticks: { show: false },
      },
      {
        size: narrow ? AXIS_WIDTH_NARROW : AXIS_WIDTH, font: axisFont, stroke: chart.palette.quiet, gap: 4, space: 14,
        splits: marks ? () => marks.map(([at]) => at) : (u, axis, min, max) => steps(min, max, panel().every),
        values: marks ? () => marks.map(([, words]) => words) : (u, splits) => splits.map(String),
        grid: { show: !marks, stroke: chart.palette.grid, width: 1 }, ticks: { show: false },
      },
    ],
    hooks: {
      draw: [(u) => drawPanel(u, panel(), chart.data, chart.palette)],
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
  if (data.now < data.x.to && now > left && now < left + width) pen.vertical(data.now, palette.ink, 1.25, []);
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
    const was = sign.was ? ` (was ${sign.was})` : "";
    parts.push(`${clock(sign.at)} ${by}${sign.amended ? ", amended" : ""}: ${values.join(", ") || "no values"}${was}`);
  }
  const back = nearest((data.struck || []).filter((each) => each.now_at === null), at);
  if (back && Math.abs(back.at - at) < 60) parts.push(`${clock(back.at)} taken back, does not count`);
  const run = (data.drug || []).find((each) => each.from <= at && at <= each.to);
  if (run) parts.push(`at ${clock(at)} ketamine ${plain(run.rate_ml_per_h)} mL/h (${plain(run.rate_mg_per_min, 3)} mg/min)`);
  if (data.predicted) {
    const index = data.predicted.time.findLastIndex((each) => each <= at);
    if (index >= 0) {
      const { level, low, high, unit } = data.predicted;
      const range = low && high ? ` (${plain(low[index], 0)} to ${plain(high[index], 0)})` : "";
      parts.push(`estimated level ${plain(level[index], 0)}${range} ${unit || "ng/mL"}`);
      for (const way of at > data.now ? data.predicted.ways_on : []) {
        const after = way.time.findLastIndex((each) => each <= at);
        if (after >= 0) parts.push(`${way.words} ${plain(way.level[after], 0)} ${unit || "ng/mL"}`);
      }
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
  if (data.struck?.length) entries.push(["M7.5 8a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0-9 0M3 13L21 3", { fill: "none", stroke: palette.quiet, "stroke-width": 2 }, "put right or taken back"]);
  if (data.deferred?.length) entries.push(["M2 3v10M2 8h18M16 4l4 4l-4 4", { fill: "none", stroke: palette.low, "stroke-width": 2 }, "check put off"]);
  if (data.predicted) entries.push(["M0 8h10M14 8h4M20 8h4", { stroke: palette.level, "stroke-width": 2.5 }, "estimate: run, planned"]);
  for (const [index, { words }] of (data.predicted?.ways_on || []).entries()) {
    entries.push([WAY_DASHES[index].key, { stroke: palette.level, "stroke-width": 2 }, `estimate: ${words}`]);
  }
  return key(entries);
}

let count = 0;

/* Fresh data beside what is held: an answer to `?since=` holds no values of the monitor from before `signs_from`. */
function merged(held, fresh) {
  if (fresh.signs_from === undefined || fresh.signs_from <= fresh.x.from) return fresh;
  const isKept = (sign) => sign.source === "device" && sign.at < fresh.signs_from && sign.at >= fresh.x.from;
  return { ...fresh, signs: [...held.signs.filter(isKept), ...fresh.signs].sort((a, b) => a.at - b.at) };
}

/* What part of the time axis is shown: all of it, the last so many seconds, or a span that stands still. */
class View {
  constructor() {
    this.span = null;
    this.last = null;
  }

  of(data) {
    if (this.last) return { from: Math.max(data.x.from, data.now - this.last), to: Math.min(data.x.to, data.now + this.last / 6) };
    return this.span || data.x;
  }

  all() {
    this.span = this.last = null;
  }

  follow(seconds) {
    this.span = null;
    this.last = seconds;
  }

  zoom(data, factor, around) {
    const { from, to } = this.of(data);
    const wide = Math.max(SPAN_MIN_S, (to - from) * factor);
    if (wide >= data.x.to - data.x.from) return this.all();
    const middle = around !== null && around >= from && around <= to ? around : (from + to) / 2;
    return this.place(data, middle - (wide * (middle - from)) / (to - from), wide);
  }

  place(data, from, wide) {
    this.last = null;
    const first = Math.min(Math.max(from, data.x.from), data.x.to - wide);
    this.span = { from: first, to: first + wide };
  }

  /* Move just far enough that a moment is inside; whether it had to. */
  reach(data, at) {
    const { from, to } = this.of(data);
    if (at >= from && at <= to) return false;
    this.place(data, at - (to - from) / 2, to - from);
    return true;
  }
}

function make(figure, first) {
  const picture = figure.querySelector("[data-chart-picture]");
  const readout = figure.querySelector("[data-chart-cursor]");
  const sync = `infusion-${(count += 1)}`;
  const view = new View();
  const chart = {
    data: first, panels: [], palette: null, clock: timeFormat(first.zone), shown: () => view.of(chart.data),
  };
  const foot = document.createElement("div");
  let plots = [];
  let readAt = null;
  let wholeAt = Date.now();
  let explained = "";

  function read(at) {
    readAt = at;
    const said = words(chart.data, at ?? chart.data.now, chart.clock);
    if (readout.textContent !== said) readout.textContent = said;
  }

  function draw() {
    for (const plot of plots) plot.destroy();
    chart.palette = colors();
    explained = "";
    chart.panels = panelsOf(chart.data);
    picture.replaceChildren();
    plots = chart.panels.map((panel, index) => {
      const isLast = index === chart.panels.length - 1;
      const setup = options(chart, index, { width: picture.clientWidth, isLast, sync, onTime: read });
      return new globalThis.uPlot(setup, axis(), picture);
    });
    explain();
    read(readAt);
  }

  /* The plots stay; each draws anew with what the chart holds now. */
  function redraw() {
    const before = chart.panels.map((panel) => panel.name + panel.title).join();
    chart.panels = panelsOf(chart.data);
    if (chart.panels.map((panel) => panel.name + panel.title).join() !== before) return draw();
    for (const plot of plots) plot.setData(axis());
    explain();
    if (readAt !== null) plots[0].setCursor({ left: plots[0].valToPos(readAt, "x"), top: 0 });
    return read(readAt);
  }

  const axis = () => [[chart.shown().from, chart.shown().to], [null, null]];

  function explain() {
    const { data, palette } = chart;
    const now = JSON.stringify([!!data.missed?.length, !!data.struck?.length, !!data.deferred?.length, !!data.predicted, !!data.predicted?.ways_on.length, data.predicted?.note]);
    if (now === explained && foot.childElementCount) return;
    explained = now;
    foot.replaceChildren(keyOf(palette, data));
    if (data.predicted) foot.append(estimate(data.predicted));
  }

  function step(direction) {
    const times = [...new Set(chart.data.signs.map((sign) => sign.at))].sort((a, b) => a - b);
    if (!times.length) return;
    const from = readAt ?? chart.data.now;
    const ahead = times.filter((at) => (direction > 0 ? at > from + 0.5 : at < from - 0.5));
    let at = direction > 0 ? ahead[0] : ahead.at(-1);
    if (Math.abs(direction) === Infinity) at = direction > 0 ? times.at(-1) : times[0];
    if (at === undefined) return;
    readAt = at;
    if (view.reach(chart.data, at)) redraw();
    plots[0].setCursor({ left: plots[0].valToPos(at, "x"), top: 0 });
    // The cursor stands on a whole pixel; the words are of the reading itself.
    read(at);
  }

  function zoom(factor) {
    if (factor === null) view.all();
    else view.zoom(chart.data, factor, readAt);
    redraw();
  }

  figure.insertBefore(zoomButtons(zoom, () => {
    view.follow(LAST_S);
    redraw();
  }), readout);
  figure.append(foot);
  byTouch(picture, () => plots[0]);
  // Who does not stand on the chart is not told of each new value.
  readout.setAttribute("aria-live", "off");
  picture.addEventListener("focus", () => readout.setAttribute("aria-live", "polite"));
  picture.addEventListener("blur", () => readout.setAttribute("aria-live", "off"));
  draw();
  onResize(picture, draw);
  // A screen that is made light or dark shows its charts so as well.
  new MutationObserver(draw).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  return {
    step,
    zoom,
    /* From when on values of the monitor are asked for; null for all. */
    since() {
      if (Date.now() - wholeAt > WHOLE_EVERY_MS) {
        wholeAt = Date.now();
        return null;
      }
      const last = chart.data.signs.findLast((sign) => sign.source === "device");
      return last ? Math.floor(last.at) : null;
    },
    update(fresh) {
      chart.data = merged(chart.data, fresh);
      redraw();
    },
  };
}

function zoomButtons(zoom, follow) {
  const row = document.createElement("div");
  row.className = "ek-chart__zoom";
  row.setAttribute("role", "group");
  row.setAttribute("aria-label", "Time shown");
  for (const [words, label, act] of [
    ["All", "Show all", () => zoom(null)], [`Last ${LAST_S / 60} min`, null, follow],
    ["+", "Show less time, larger", () => zoom(0.5)], ["−", "Show more time", () => zoom(2)],
  ]) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "ek-chart__button";
    button.textContent = words;
    if (label) button.setAttribute("aria-label", label);
    button.addEventListener("click", act);
    row.append(button);
  }
  return row;
}

/* A finger or a pen reads as the mouse does: across for the time, up and down still scrolls the page. */
function byTouch(picture, plot) {
  const read = (event) => {
    if (event.pointerType === "mouse" || !plot()) return;
    const { left, width } = plot().over.getBoundingClientRect();
    plot().setCursor({ left: Math.min(Math.max(event.clientX - left, 0), width), top: 0 });
  };
  picture.addEventListener("pointerdown", read);
  picture.addEventListener("pointermove", read);
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
