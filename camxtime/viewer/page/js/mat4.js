// 4×4 matrices, column-major as WebGL takes them, and what the Space view needs of vectors.

export const sub = (a, b) => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
export const add = (a, b) => [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
export const scale = (a, s) => [a[0] * s, a[1] * s, a[2] * s];
export const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
export const cross = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
export const length = (a) => Math.hypot(...a);
export const unit = (a) => scale(a, 1 / (length(a) || 1));

export function multiply(a, b) {
  const out = new Float32Array(16);
  for (let column = 0; column < 4; column += 1) {
    for (let row = 0; row < 4; row += 1) {
      let sum = 0;
      for (let k = 0; k < 4; k += 1) sum += a[4 * k + row] * b[4 * column + k];
      out[4 * column + row] = sum;
    }
  }
  return out;
}

/** The view of an eye that looks at a target, Z up. */
export function lookAt(eye, target) {
  const back = unit(sub(eye, target));
  const right = unit(cross([0, 0, 1], back));
  const up = cross(back, right);
  return Float32Array.of(
    right[0],
    up[0],
    back[0],
    0,
    right[1],
    up[1],
    back[1],
    0,
    right[2],
    up[2],
    back[2],
    0,
    -dot(right, eye),
    -dot(up, eye),
    -dot(back, eye),
    1,
  );
}

export function perspective(fov, aspect, near, far) {
  const f = 1 / Math.tan(fov / 2);
  const depth = 1 / (near - far);
  return Float32Array.of(
    f / aspect,
    0,
    0,
    0,
    0,
    f,
    0,
    0,
    0,
    0,
    (far + near) * depth,
    -1,
    0,
    0,
    2 * far * near * depth,
    0,
  );
}

/** World → clip of a grid's camera (c2w row-major, OpenCV axes; K in pixels of W × H), fitted into a canvas. */
export function throughCamera(c2w, K, image, canvas, near, far) {
  const s = Math.min(canvas.width / image.W, canvas.height / image.H);
  const [sx, sy] = [s / canvas.width, s / canvas.height];
  const depth = (far + near) / (far - near);
  const project = Float32Array.of(
    2 * K[0] * sx,
    0,
    0,
    0,
    0,
    -2 * K[4] * sy,
    0,
    0,
    (2 * K[2] - image.W) * sx,
    -(2 * K[5] - image.H) * sy,
    depth,
    1,
    0,
    0,
    (-2 * far * near) / (far - near),
    0,
  );
  const eye = [c2w[3], c2w[7], c2w[11]];
  const axis = (i) => [c2w[i], c2w[4 + i], c2w[8 + i]];
  const [x, y, z] = [axis(0), axis(1), axis(2)];
  const view = Float32Array.of(
    x[0],
    y[0],
    z[0],
    0,
    x[1],
    y[1],
    z[1],
    0,
    x[2],
    y[2],
    z[2],
    0,
    -dot(x, eye),
    -dot(y, eye),
    -dot(z, eye),
    1,
  );
  return multiply(project, view);
}

/** Clip coordinates of a point: [x, y, w] with x, y in −1…1 where w > 0. */
export function clip(matrix, [x, y, z]) {
  const row = (i) => matrix[i] * x + matrix[4 + i] * y + matrix[8 + i] * z + matrix[12 + i];
  const w = row(3);
  return [row(0) / w, row(1) / w, w];
}

/** The world point at pixel (u, v) and z-depth z of a camera. */
export function lift(c2w, K, u, v, z) {
  const x = ((u - K[2]) / K[0]) * z;
  const y = ((v - K[5]) / K[4]) * z;
  return [0, 4, 8].map((row) => c2w[row] * x + c2w[row + 1] * y + c2w[row + 2] * z + c2w[row + 3]);
}
