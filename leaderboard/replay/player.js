// The replay player of drivebench: draws episodes from above and through the driver's eyes, on canvas.
//
// `leaderboard.replay.script` writes its data: window.drivebench.fixed (camera, shapes, colours, quanta) and
// window.drivebench.replays[NAME] (what one policy drove). x forward, y to the right, headings clockwise, metres and
// radians: a canvas has y downwards, so that nothing needs to be mirrored.
"use strict";
(() => { // not indented: it is the whole file

const SPEEDS = [0.5, 1, 2, 4];
const PIECE_M = 20; // roads are cut into pieces of at most this length, so that what is far off can be left out
const NEAREST_M = 0.3; // nothing nearer to the pinhole is drawn
const LINGER_S = 1.2; // an infraction is shown for at least so long
const SOLID = 64, CAR = 1, GOAL = 4, LORRY = 5; // as in drivebench.sensors.models

const data = () => window.drivebench || {};
const rgb = (c, a = 1) => `rgb(${c.map(Math.round).join(" ")} / ${a})`;
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
const mixed = (a, b, share) => a.map((value, axis) => value + (b[axis] - value) * share);
const element = (name, properties = {}, ...children) => {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
};

// ---------- reading

// Columns of integers as `leaderboard.replay.packing` packs them: second differences, in 7-bit groups, in base64.
function unpacked(text, count, quanta) {
  const bytes = Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
  let at = 0;
  return quanta.map((quantum) => {
    const column = new Float64Array(count);
    let value = 0, pace = 0;
    for (let i = 0; i < count; i++) {
      let folded = 0, scale = 1, byte;
      do {
        byte = bytes[at++];
        folded += (byte & 127) * scale;
        scale *= 128;
      } while (byte & 128);
      const change = folded % 2 ? -(folded + 1) / 2 : folded / 2;
      if (i) value += pace += change;
      else value = change;
      column[i] = value / quantum;
    }
    return column;
  });
}

function prepared(raw) {
  const { per } = data().fixed;
  const pose = [per.m, per.m, per.rad];
  const bodies = raw.bodies.map(([look, length, width, first, count, text]) =>
    ({ look, length, width, first, track: unpacked(text, count, pose) }));
  const lines = raw.lines.map(([left, right, start, half, count, text]) => {
    const [x, y] = unpacked(text, count, [per.m, per.m]);
    return { x, y, half: (i) => (Array.isArray(half) ? half[i] : half), start, marks: [left, right] };
  });
  const [routeX, routeY] = unpacked(raw.route, raw.routePoints, [per.m, per.m]);
  return {
    ...raw,
    bodies,
    ego: unpacked(raw.ego, raw.frames, [...pose, per.mps]),
    route: { x: routeX, y: routeY },
    asphalt: lines.flatMap(surfaceOf),
    paint: lines.flatMap(marksOf),
  };
}

// The points of a line moved to its right by `offset(i)`; at its ends, `beyond` further along.
function beside(line, offset, beyond = 0) {
  const { x, y } = line, last = x.length - 1;
  return Array.from(x, (_, i) => {
    const from = Math.max(i - 1, 0), to = Math.min(i + 1, last);
    let dx = x[to] - x[from], dy = y[to] - y[from];
    const length = Math.hypot(dx, dy) || 1;
    dx /= length;
    dy /= length;
    const along = i === 0 ? -beyond : i === last ? beyond : 0;
    return [x[i] - dy * offset(i) + dx * along, y[i] + dx * offset(i) + dy * along];
  });
}

// Quadrilaterals between two lines of as many points, cut so that none is long.
function quads(left, right) {
  const found = [];
  for (let i = 0; i + 1 < left.length; i++) {
    const pieces = Math.ceil(Math.hypot(left[i + 1][0] - left[i][0], left[i + 1][1] - left[i][1]) / PIECE_M) || 1;
    for (let k = 0; k < pieces; k++) {
      const [a, b] = [k / pieces, (k + 1) / pieces];
      const corners = [
        mixed(left[i], left[i + 1], a), mixed(left[i], left[i + 1], b),
        mixed(right[i], right[i + 1], b), mixed(right[i], right[i + 1], a),
      ];
      const x = (corners[0][0] + corners[2][0]) / 2, y = (corners[0][1] + corners[2][1]) / 2;
      found.push({ corners, x, y, reach: Math.hypot(corners[0][0] - x, corners[0][1] - y) });
    }
  }
  return found;
}

function surfaceOf(line) {
  const { shoulder, overlap } = data().fixed.road;
  const half = (i) => line.half(i) + shoulder;
  return quads(beside(line, (i) => -half(i), overlap), beside(line, half, overlap));
}

function marksOf(line) {
  const { mark, stripe, period } = data().fixed.road;
  return line.marks.flatMap((kind, side) => {
    if (!kind) return [];
    const sign = side ? 1 : -1;
    const edges = [-1, 1].map((edge) => beside(line, (i) => sign * line.half(i) + (edge * mark) / 2));
    if (kind > 1) return quads(...edges);
    const found = [];
    let arc = line.start;
    for (let i = 0; i + 1 < line.x.length; i++) {
      const length = Math.hypot(line.x[i + 1] - line.x[i], line.y[i + 1] - line.y[i]);
      for (let from = Math.floor(arc / period) * period; from < arc + length; from += period) {
        const low = clamp((from - arc) / length, 0, 1), high = clamp((from + stripe - arc) / length, 0, 1);
        if (high <= low) continue;
        found.push(...quads(...edges.map((edge) => [low, high].map((share) => mixed(edge[i], edge[i + 1], share)))));
      }
      arc += length;
    }
    return found;
  });
}

// ---------- time

// A column at frame `at`, which may lie between two: on a Catmull-Rom curve, and straight at both ends.
function between(column, at) {
  const last = column.length - 1, k = clamp(Math.floor(at), 0, Math.max(last - 1, 0)), u = clamp(at - k, 0, 1);
  const a = column[k], b = column[Math.min(k + 1, last)];
  if (k < 1 || k + 3 > last) return a + (b - a) * u; // the last interval may be shorter than the others
  const before = (b - column[k - 1]) / 2, after = (column[k + 2] - a) / 2;
  return a + u * (before + u * (3 * (b - a) - 2 * before - after + u * (2 * (a - b) + before + after)));
}

function frameAt(drive, time) {
  const { hz } = data().fixed, last = drive.frames - 1, start = (last - 1) / hz;
  if (last < 1 || time >= drive.end) return last;
  return time <= start ? time * hz : last - 1 + (time - start) / (drive.end - start);
}

function momentOf(drive, time) {
  const at = frameAt(drive, time);
  const [x, y, heading, speed] = drive.ego.map((column) => between(column, at));
  const others = [];
  for (const body of drive.bodies) {
    const still = body.track[0].length === 1, own = at - body.first;
    if (!still && (own < 0 || own > body.track[0].length - 1)) continue;
    const [bx, by, turned] = body.track.map((column) => (still ? column[0] : between(column, own)));
    others.push({ body, x: bx, y: by, heading: turned });
  }
  return { at, time: Math.min(time, drive.end), ego: { x, y, heading, speed }, others };
}

// ---------- from above

function fillQuads(context, pieces, colour, x, y, reach) {
  context.beginPath();
  for (const piece of pieces) {
    if (Math.hypot(piece.x - x, piece.y - y) > reach + piece.reach) continue;
    piece.corners.forEach(([cx, cy], i) => (i ? context.lineTo(cx, cy) : context.moveTo(cx, cy)));
    context.closePath();
  }
  context.fillStyle = colour;
  context.fill();
}

function drawTop(canvas, drive, moment, look) {
  const context = canvas.getContext("2d"), { width, height } = canvas, { ego } = moment;
  const scale = Math.sqrt((width * height) / (look.headingUp ? 4200 : 5600)) * look.zoom; // pixels in a metre
  const reach = Math.hypot(width, height) / scale;
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.fillStyle = look.land;
  context.fillRect(0, 0, width, height);
  context.translate(width / 2, height * (look.headingUp ? 0.7 : 0.5));
  context.scale(scale, scale);
  if (look.headingUp) context.rotate(-ego.heading - Math.PI / 2);
  context.translate(-ego.x, -ego.y);
  fillQuads(context, drive.asphalt, look.road, ego.x, ego.y, reach);
  fillQuads(context, drive.paint, look.mark, ego.x, ego.y, reach);
  drawWay(context, drive, moment, look, scale);
  for (const other of moment.others) drawPlan(context, other, bodyColour(other.body), look, scale);
  const body = { look: CAR, length: drive.size[0], width: drive.size[1] };
  drawPlan(context, { ...ego, body }, look.accent, look, scale, true);
  drawScale(context, look, scale, width, height);
}

function polyline(context, xs, ys, count = xs.length) {
  context.beginPath();
  for (let i = 0; i < count; i++) context.lineTo(xs[i], ys[i]);
}

// The assigned way, the way driven so far, and the places where something went wrong on it.
function drawWay(context, drive, { at, ego }, look, scale) {
  context.lineJoin = context.lineCap = "round";
  const { x, y } = drive.route, last = x.length - 1;
  polyline(context, x, y);
  context.lineWidth = Math.max(1.2, 3 / scale);
  context.strokeStyle = look.route;
  context.stroke();
  if (drive.goal && last > 0) {
    const length = Math.hypot(x[last] - x[last - 1], y[last] - y[last - 1]) || 1;
    const dx = (-3 * (y[last] - y[last - 1])) / length, dy = (3 * (x[last] - x[last - 1])) / length;
    polyline(context, [x[last] - dx, x[last] + dx], [y[last] - dy, y[last] + dy]);
    context.lineWidth = 0.8;
    context.setLineDash([0.9, 0.9]);
    context.lineCap = "butt";
    context.strokeStyle = look.ink;
    context.stroke();
    context.setLineDash([]);
  }
  polyline(context, drive.ego[0], drive.ego[1], Math.floor(at) + 1);
  context.lineTo(ego.x, ego.y);
  context.lineWidth = Math.max(0.5, 2 / scale);
  context.strokeStyle = look.accent;
  context.stroke();
  for (const [start] of drive.events) {
    const frame = frameAt(drive, start);
    if (frame > at) continue;
    context.beginPath();
    context.arc(between(drive.ego[0], frame), between(drive.ego[1], frame), 3, 0, 2 * Math.PI);
    context.lineWidth = Math.max(0.5, 2 / scale);
    context.strokeStyle = look.alarm;
    context.stroke();
  }
}

function bodyColour(body) {
  const { paint, colours, shapes } = data().fixed, kind = body.look & 15;
  if (kind === CAR || kind === LORRY) return rgb(paint[body.look >> 4]);
  return rgb(colours[shapes[kind].at(-1)[1][0][0]].slice(0, 3)); // as it looks from above
}

function drawPlan(context, { body, x, y, heading }, colour, look, scale, isEgo = false) {
  const { length, width } = body, kind = body.look & 15;
  context.save();
  context.translate(x, y);
  context.rotate(heading);
  if (isEgo) {
    context.fillStyle = look.halo;
    context.fillRect(-length / 2 - 0.4, -width / 2 - 0.4, length + 0.8, width + 0.8);
  }
  context.fillStyle = colour;
  context.fillRect(-length / 2, -width / 2, length, width);
  if (kind !== GOAL) {
    context.lineWidth = 1 / scale;
    context.strokeStyle = "rgb(0 0 0 / 0.6)";
    context.strokeRect(-length / 2, -width / 2, length, width);
  }
  if (kind === CAR || kind === LORRY) {
    context.fillStyle = "rgb(20 26 34 / 0.85)";
    context.fillRect(0.06 * length, -0.4 * width, 0.16 * length, 0.8 * width);
    if (kind === CAR) context.fillRect(-0.36 * length, -0.38 * width, 0.1 * length, 0.76 * width);
  }
  context.restore();
}

function drawScale(context, look, scale, width, height) {
  const length = [5, 10, 20, 50, 100].find((each) => each * scale > width / 8) || 100;
  const unit = look.density;
  context.setTransform(unit, 0, 0, unit, 0, height);
  context.fillStyle = look.ink;
  context.fillRect(10, -12, (length * scale) / unit, 2);
  context.font = "12px system-ui, sans-serif";
  context.fillText(`${length} m`, 10, -17);
}

// ---------- through the driver's eyes

function lensOf(width, height) {
  const { camera } = data().fixed, pitch = (camera.pitch_deg * Math.PI) / 180;
  const focal = width / 2 / Math.tan((camera.horizontal_fov_deg * Math.PI) / 360);
  return {
    camera, width, height, focal, cosine: Math.cos(pitch), sine: Math.sin(pitch),
    horizon: height / 2 - focal * Math.tan(pitch),
    steep: data().fixed.steep * Math.tan(Math.atan(height / 2 / focal) - pitch), // of the sky in the first row
  };
}

// Points (forward, right, up) about the pinhole, each as [right, down, depth] in the camera.
const seen = (lens, forward, right, up) =>
  [right, -forward * lens.sine - up * lens.cosine, forward * lens.cosine - up * lens.sine];

// Add a polygon of the camera's frame to the path: cut at the nearest plane, then projected.
function addPolygon(context, lens, points) {
  let started = false;
  const add = ([right, down, depth]) => {
    const x = lens.width / 2 + (lens.focal * right) / depth, y = lens.height / 2 + (lens.focal * down) / depth;
    if (started) context.lineTo(x, y);
    else context.moveTo(x, y);
    started = true;
  };
  points.forEach((point, i) => {
    const before = points[(i || points.length) - 1];
    if (point[2] > NEAREST_M !== before[2] > NEAREST_M) {
      add(mixed(before, point, (NEAREST_M - before[2]) / (point[2] - before[2])));
    }
    if (point[2] > NEAREST_M) add(point);
  });
  if (started) context.closePath();
}

function fillGround(context, lens, eye, pieces, colour, reach) {
  context.beginPath();
  for (const piece of pieces) {
    const dx = piece.x - eye.x, dy = piece.y - eye.y;
    if (dx * eye.cosine + dy * eye.sine < -piece.reach || Math.hypot(dx, dy) > reach + piece.reach) continue;
    const points = piece.corners.map(([cx, cy]) => {
      const ax = cx - eye.x, ay = cy - eye.y;
      return seen(lens, ax * eye.cosine + ay * eye.sine, ay * eye.cosine - ax * eye.sine, -lens.camera.z_m);
    });
    addPolygon(context, lens, points);
  }
  context.fillStyle = colour;
  context.fill();
}

// Light at a point before the pinhole, as drivebench.sensors.light has it: of the sky and of the ego's lamps.
function lightAt(lens, sky, forward, aside) {
  const { lamps } = data().fixed, ahead = forward + lens.camera.x_m - lamps.x;
  if (ahead <= 0) return sky.light;
  const square = ahead * ahead + aside * aside, slope = aside / (ahead * lamps.slope);
  const share = Math.max(0, 1 - square / lamps.reach ** 2) / (1 + square / lamps.half ** 2) / (1 + slope ** 4);
  return Math.min(1, sky.light + sky.headlights * share);
}

// What lies between the ground and the eye, as one small picture to lay over it: darkness, then haze.
function airOf(lens, sky) {
  const columns = 40, rows = 200, top = Math.floor(lens.horizon);
  const picture = element("canvas", { width: columns, height: rows });
  const context = picture.getContext("2d"), pixels = context.createImageData(columns, rows);
  for (let row = 0; row < rows; row++) {
    const y = Math.max(top + ((row + 0.5) / rows) * (lens.height - top), lens.horizon + 0.1);
    const v = (y - lens.height / 2) / lens.focal;
    const ahead = (lens.camera.z_m * (lens.cosine - v * lens.sine)) / (v * lens.cosine + lens.sine);
    for (let column = 0; column < columns; column++) {
      const aside = (((column + 0.5) / columns - 0.5) * lens.width * ahead) / lens.focal;
      const clear = Math.exp(-sky.haze_per_m * Math.hypot(ahead, aside));
      const hidden = 1 - lightAt(lens, sky, ahead, aside) * clear;
      const tint = hidden > 0 ? (1 - clear) / hidden : 0;
      pixels.data.set([...sky.horizon.map((c) => c * tint), 255 * hidden], 4 * (row * columns + column));
    }
  }
  context.putImageData(pixels, 0, 0);
  return picture;
}

function drawDriver(canvas, drive, moment) {
  const context = canvas.getContext("2d"), { width, height } = canvas, { ego, others } = moment, { sky } = drive;
  if (canvas.lens?.width !== width || canvas.sky !== sky) {
    canvas.lens = lensOf(width, height);
    canvas.sky = sky;
    canvas.air = airOf(canvas.lens, sky);
  }
  const { lens } = canvas, cosine = Math.cos(ego.heading), sine = Math.sin(ego.heading);
  const eye = { x: ego.x + lens.camera.x_m * cosine, y: ego.y + lens.camera.x_m * sine, cosine, sine };
  const reach = 220, top = Math.floor(lens.horizon); // further off, roads are thinner than a pixel
  context.setTransform(1, 0, 0, 1, 0, 0);
  const heaven = context.createLinearGradient(0, 0, 0, lens.horizon);
  heaven.addColorStop(0, rgb(mixed(sky.horizon, sky.zenith, Math.min(1, lens.steep))));
  heaven.addColorStop(1, rgb(sky.horizon));
  context.fillStyle = heaven;
  context.fillRect(0, 0, width, lens.horizon);
  const half = sky.grain.map((c) => c / 2);
  context.fillStyle = rgb(sky.grass.map((c, i) => c + half[i]));
  context.fillRect(0, top, width, height);
  const wet = 1 - 0.35 * sky.wetness;
  fillGround(context, lens, eye, drive.asphalt, rgb(sky.asphalt.map((c, i) => (c + half[i] / 3) * wet)), reach);
  fillGround(context, lens, eye, drive.paint, rgb(sky.mark), reach);
  context.drawImage(canvas.air, 0, top, width, height - top);
  const ahead = [];
  for (const other of others) {
    const dx = other.x - eye.x, dy = other.y - eye.y, distance = Math.hypot(dx, dy);
    const forward = dx * cosine + dy * sine, size = Math.hypot(other.body.length, other.body.width) / 2;
    if (forward < -size) continue;
    const order = (other.body.look & 15) === GOAL ? Infinity : distance;
    ahead.push({ ...other, forward, right: dy * cosine - dx * sine, distance, order });
  }
  ahead.sort((a, b) => b.order - a.order);
  for (const other of ahead) drawSolid(context, lens, other, other.heading - ego.heading, sky);
}

// A car, a lorry, a barrier: its faces that look this way, in a painter's order.
function drawSolid(context, lens, { body, forward, right, distance }, heading, sky) {
  const { shapes, colours, paint, model, tall: height } = data().fixed;
  const cosine = Math.cos(heading), sine = Math.sin(heading), kind = body.look & 15;
  const [sx, sy] = [body.length / model[0], body.width / model[1]];
  const eye = [-(forward * cosine + right * sine) / sx, (forward * sine - right * cosine) / sy, lens.camera.z_m];
  const tall = (lens.focal * height) / Math.max(distance - body.length / 2, 0.1);
  const detail = tall < 9 ? Math.max(tall < 4 ? 0 : 1, sky.lamps ? 1 : 0) : 2; // lamps are seen from afar
  const clear = Math.exp(-sky.haze_per_m * distance);
  const lit = lightAt(lens, sky, forward - body.length / 2, right);
  for (const [normal, polygons] of shapes[kind]) {
    const point = polygons[0][5][0];
    if (normal.reduce((sum, n, axis) => sum + n * (eye[axis] - point[axis]), 0) <= 0) continue;
    for (const [number, light, least, greatest, hides, corners] of polygons) {
      if (detail < least || detail > greatest) continue;
      const [red, green, blue, shines] = colours[number];
      const own = number ? [red, green, blue] : paint[body.look >> 4];
      const factor = shines && sky.lamps ? clear : light * lit * clear;
      const colour = own.map((c, i) => c * factor + sky.horizon[i] * (1 - clear));
      context.beginPath();
      addPolygon(context, lens, corners.map(([x, y, z]) => {
        const ax = x * sx, ay = y * sy;
        return seen(lens, forward + ax * cosine - ay * sine, right + ax * sine + ay * cosine, z - lens.camera.z_m);
      }));
      context.fillStyle = hides < SOLID ? `rgb(0 0 0 / ${(hides / SOLID) * clear})` : rgb(colour);
      context.fill();
    }
  }
}

// ---------- the player

const seconds = (time) => `${time.toFixed(1)} s`;

class Player {
  constructor(root) {
    this.root = root;
    this.names = [root.dataset.replay, root.dataset.against].filter(Boolean);
    this.runs = this.names.map((name) => (data().replays || {})[name]);
    this.keys = root.dataset.episodes.split(" ").filter((key) => this.runs.every((run) => run?.episodes[key]));
    const note = root.querySelector(".replay-note");
    if (!this.keys.length) {
      note.textContent = `The data of this replay are missing: ${this.names.join(", ")}.`;
      return;
    }
    note.remove();
    Object.assign(this, { time: 0, speed: 1, zoom: 1, headingUp: true, playing: false, ready: new Map() });
    this.build();
    root.addEventListener("keydown", (event) => this.press(event));
    new ResizeObserver(() => this.draw()).observe(root);
    for (const media of ["print", "(prefers-color-scheme: dark)"]) {
      matchMedia(media).addEventListener("change", () => this.draw());
    }
    this.choose(this.linked() || this.keys[0]);
  }

  // The episode that the page's address asks for: #KEY, or #KEY@SECONDS.
  linked() {
    const [key, time] = decodeURIComponent(location.hash.slice(1)).split("@");
    if (!this.keys.includes(key)) return null;
    this.from = Number(time) || 0;
    this.root.scrollIntoView();
    return key;
  }

  build() {
    this.root.insertAdjacentHTML("beforeend", `
      <label class="replay-choice">Episode <select></select></label>
      <div class="replay-panels replay-of-${this.runs.length}"></div>
      <div class="replay-line">
        <button type="button" class="replay-play">Play</button>
        <div class="replay-track"><input type="range" min="0" step="0.2" aria-label="Time in the episode">
          <div class="replay-marks" aria-hidden="true"></div></div>
        <span class="replay-clock"></span>
      </div>
      <div class="replay-controls">
        <button type="button" class="replay-previous">Previous infraction</button>
        <button type="button" class="replay-next">Next infraction</button>
        <label>Speed <select class="replay-speed"></select></label>
        <button type="button" class="replay-turning" aria-pressed="true">Turn with the car</button>
        <span><button type="button" class="replay-further" aria-label="Further from above">−</button>
          <button type="button" class="replay-closer" aria-label="Nearer from above">+</button></span>
      </div>
      <ol class="replay-events"></ol>
      <p class="replay-hint">Keys: space plays; arrows step, with shift by a second; n and p jump.</p>
      <p class="replay-live" aria-live="polite"></p>`);
    const find = (selector) => this.root.querySelector(selector);
    const onClick = (selector, action) => Object.assign(find(selector), { onclick: action });
    const options = (select, values, label) =>
      select.append(...values.map((value) => element("option", { value, textContent: label(value) })));
    this.select = find(".replay-choice select");
    options(this.select, this.keys, (key) => this.summary(key));
    this.select.onchange = () => this.choose(this.select.value);
    this.panels = this.runs.map((run) => this.panelOf(run));
    find(".replay-panels").append(...this.panels.map((panel) => panel.figure));
    this.toggle = onClick(".replay-play", () => (this.playing ? this.pause() : this.play()));
    this.range = find("input");
    this.range.oninput = () => this.seek(Number(this.range.value));
    for (const name of ["marks", "clock", "events", "live"]) this[name] = find(`.replay-${name}`);
    const rate = find(".replay-speed");
    options(rate, SPEEDS, (speed) => `${speed}×`);
    rate.value = 1;
    rate.onchange = () => (this.speed = Number(rate.value));
    this.previous = onClick(".replay-previous", () => this.jump(-1));
    this.next = onClick(".replay-next", () => this.jump(1));
    onClick(".replay-further", () => this.magnify(0.8));
    onClick(".replay-closer", () => this.magnify(1.25));
    const turning = onClick(".replay-turning", () => {
      this.headingUp = !this.headingUp;
      turning.ariaPressed = this.headingUp;
      this.draw();
    });
  }

  panelOf(run) {
    const figure = element("figure", { className: "replay-panel", innerHTML: `<figcaption></figcaption>
      <div class="replay-views"><canvas class="replay-top" role="img"></canvas>
        <canvas class="replay-driver" role="img"></canvas><p class="replay-badge"></p></div>
      <p class="replay-readout"></p>` });
    const [top, driver] = figure.querySelectorAll("canvas"), [badge, readout] = figure.querySelectorAll("p");
    return { run, figure, title: figure.querySelector("figcaption"), top, driver, badge, readout };
  }

  summary(key) {
    const [scenario, condition, seed] = key.split("/");
    const ends = this.runs.map((run) => run.episodes[key].outcome);
    return `${scenario}, ${condition}, seed ${seed}: ${ends.join(" | ")}`;
  }

  choose(key) {
    this.pause(false);
    this.select.value = key;
    for (const panel of this.panels) {
      const raw = panel.run.episodes[key];
      if (!this.ready.has(raw)) this.ready.set(raw, prepared(raw));
      const drive = (panel.drive = this.ready.get(raw));
      const title = element("strong", { textContent: panel.run.title });
      panel.title.replaceChildren(title, ` ${drive.outcome}, score ${drive.score}`);
      panel.top.ariaLabel = `${panel.run.title} from above: ${key}`;
      panel.driver.ariaLabel = `What the driver ${panel.run.title} sees ahead`;
    }
    this.end = Math.max(...this.panels.map((panel) => panel.drive.end));
    this.range.max = Math.ceil(this.end * 5) / 5;
    this.list();
    this.seek(this.from || 0, false);
    this.from = 0;
  }

  // The moments of infractions: marks under the time line, and a list of buttons that lead there.
  list() {
    this.marks.replaceChildren();
    this.events.replaceChildren();
    this.moments = this.panels.flatMap(({ drive, run }, row) =>
      drive.events.map(([time, , text]) => ({ time, text, row, who: run.title })));
    this.moments.sort((a, b) => a.time - b.time);
    for (const { time, text, row, who } of this.moments) {
      const mark = element("span", { title: `${seconds(time)}: ${text}` });
      mark.style.setProperty("--at", time / this.range.max);
      mark.dataset.row = row;
      this.marks.append(mark);
      const label = `${seconds(time)}${this.runs.length > 1 ? `, ${who}` : ""}: ${text}`;
      const go = element("button", { type: "button", textContent: label, onclick: () => this.seek(time) });
      this.events.append(element("li", {}, go));
    }
    this.next.disabled = this.previous.disabled = !this.moments.length;
  }

  play() {
    if (this.time >= this.end) this.time = 0;
    this.playing = true;
    this.toggle.textContent = "Pause";
    let last = performance.now();
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const step = (this.loop = (now) => {
      if (!this.playing || this.loop !== step) return;
      // Whoever wants less motion gets one still a second.
      if (!still || now - last >= 1000) {
        this.advance(Math.min((now - last) / 1000, still ? 1 : 0.25) * this.speed);
        last = now;
      }
      requestAnimationFrame(step);
    });
    requestAnimationFrame(step);
  }

  pause(speak = true) {
    this.playing = false;
    this.toggle.textContent = "Play";
    if (speak) this.say();
  }

  advance(by) {
    const before = this.time;
    this.time = Math.min(before + by, this.end);
    this.draw();
    const passed = this.moments.filter(({ time }) => time > before && time <= this.time);
    if (passed.length) this.say(passed);
    if (this.time >= this.end) this.pause();
  }

  seek(time, speak = true) {
    this.time = clamp(time, 0, this.end);
    this.draw();
    if (speak && !this.playing) this.say();
  }

  jump(direction) {
    const ahead = this.moments.filter(({ time }) => direction * (time - this.time) > 0.05);
    if (ahead.length) this.seek(ahead.at(direction > 0 ? 0 : -1).time);
  }

  magnify(factor) {
    this.zoom = clamp(this.zoom * factor, 0.3, 3);
    this.draw();
  }

  press(event) {
    if (event.altKey || event.ctrlKey || event.metaKey || event.target.tagName === "SELECT") return;
    const step = event.shiftKey ? 1 : 0.2;
    const actions = {
      " ": event.target.tagName === "BUTTON" ? null : () => this.toggle.click(),
      ArrowLeft: () => this.seek(this.time - step),
      ArrowRight: () => this.seek(this.time + step),
      Home: () => this.seek(0),
      End: () => this.seek(this.end),
      n: () => this.jump(1),
      p: () => this.jump(-1),
    };
    if (!actions[event.key]) return;
    event.preventDefault();
    actions[event.key]();
  }

  // Tell a screen reader where we are; never in every frame.
  say(moments = this.moments.filter(({ time }) => Math.abs(time - this.time) < 0.15)) {
    const drives = this.panels.map((panel) => panel.readout.textContent).join("; ");
    this.live.textContent = [drives, ...moments.map(({ who, text }) => `${who}: ${text}`)].join(". ");
  }

  colours() {
    const style = getComputedStyle(this.root);
    const names = ["land", "road", "mark", "route", "halo", "alarm", "ink", "accent"];
    return Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--replay-${name}`).trim()]));
  }

  draw() {
    const density = Math.min(window.devicePixelRatio || 1, 2);
    const look = { ...this.colours(), headingUp: this.headingUp, zoom: this.zoom, density };
    for (const panel of this.panels) {
      const moment = momentOf(panel.drive, this.time);
      for (const canvas of [panel.top, panel.driver]) {
        const width = Math.round(canvas.clientWidth * density), height = Math.round(canvas.clientHeight * density);
        if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
      }
      if (!panel.top.width || !panel.top.height) continue; // not shown now
      drawTop(panel.top, panel.drive, moment, look);
      drawDriver(panel.driver, panel.drive, moment);
      const over = this.time >= panel.drive.end ? `, ${panel.drive.outcome}` : "";
      panel.readout.textContent = `${seconds(moment.time)}, ${(moment.ego.speed * 3.6).toFixed(0)} km/h${over}`;
      const wrong = panel.drive.events.filter(([from, to]) =>
        from <= this.time && this.time <= Math.max(to, from + LINGER_S));
      panel.badge.textContent = [...new Set(wrong.map(([, , text]) => text))].join(" · ");
      panel.badge.hidden = !wrong.length;
    }
    this.range.value = this.time;
    this.range.ariaValueText = `${seconds(this.time)} of ${seconds(this.end)}`;
    this.clock.textContent = `${this.time.toFixed(1)} / ${seconds(this.end)}`;
  }
}

const start = () => document.querySelectorAll("[data-replay]").forEach((root) => new Player(root));
if (document.readyState === "loading") addEventListener("DOMContentLoaded", start);
else start();
})();
