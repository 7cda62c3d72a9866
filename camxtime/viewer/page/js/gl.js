// The WebGL2 that the Space view draws with: wide lines, points of world size, one textured quad.

const LINES = [
  `#version 300 es
layout(location=0) in vec2 corner;
layout(location=1) in vec3 a;
layout(location=2) in vec3 b;
layout(location=3) in vec4 colour;
layout(location=4) in float width;
uniform mat4 matrix;
uniform vec2 canvas;
out vec4 tint;
void main() {
  vec4 p = matrix * vec4(a, 1.0), q = matrix * vec4(b, 1.0);
  const float near = 1e-3;
  if (p.w < near) p = mix(p, q, (near - p.w) / (q.w - p.w));
  if (q.w < near) q = mix(q, p, (near - q.w) / (p.w - q.w));
  vec2 along = (q.xy / q.w - p.xy / p.w) * canvas;
  vec2 side = length(along) > 0.0 ? normalize(vec2(-along.y, along.x)) : vec2(0.0);
  vec4 here = corner.x < 0.5 ? p : q;
  gl_Position = here + vec4(side * corner.y * width / canvas * here.w, 0.0, 0.0);
  tint = colour;
}`,
  `#version 300 es
precision mediump float;
in vec4 tint;
out vec4 pixel;
void main() { pixel = vec4(tint.rgb * tint.a, tint.a); }`,
];

const POINTS = [
  `#version 300 es
layout(location=0) in vec3 at;
layout(location=1) in float size;
layout(location=2) in vec4 colour;
uniform mat4 matrix;
uniform float pixels;
out vec3 tint;
void main() {
  gl_Position = matrix * vec4(at, 1.0);
  gl_PointSize = clamp(1.15 * size * pixels / gl_Position.w, 1.0, 24.0);
  tint = colour.rgb;
}`,
  `#version 300 es
precision mediump float;
in vec3 tint;
out vec4 pixel;
void main() { pixel = vec4(tint, 1.0); }`,
];

const QUAD = [
  `#version 300 es
layout(location=0) in vec3 at;
layout(location=1) in vec2 uv;
uniform mat4 matrix;
out vec2 place;
void main() { gl_Position = matrix * vec4(at, 1.0); place = uv; }`,
  `#version 300 es
precision mediump float;
in vec2 place;
uniform sampler2D image;
out vec4 pixel;
void main() { pixel = vec4(texture(image, place).rgb, 1.0) * 0.92; }`,
];

/** What draws on a canvas; throws an Error where the browser has no WebGL2. */
export class Painter {
  constructor(canvas) {
    const gl = canvas.getContext("webgl2", { antialias: true, preserveDrawingBuffer: true });
    if (!gl) throw new Error("This browser offers no WebGL2, which the Space view draws with.");
    this.gl = gl;
    this.lines = program(gl, LINES);
    this.points = program(gl, POINTS);
    this.quad = program(gl, QUAD);
    this.texture = gl.createTexture();
    this.corners = buffer(gl, Float32Array.of(0, -1, 1, -1, 0, 1, 1, 1));
    gl.enable(gl.DEPTH_TEST);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  }

  clear([r, g, b], width, height) {
    const { gl } = this;
    gl.viewport(0, 0, width, height);
    gl.clearColor(r, g, b, 1);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
  }

  /** A buffer of line segments: 11 numbers each (a, b, rgba, width in pixels). */
  segments(numbers) {
    return { buffer: buffer(this.gl, Float32Array.from(numbers)), count: numbers.length / 11 };
  }

  /** A cloud: positions and sizes Float32Array [4·N] (x, y, z, size in metres), colours Uint8Array [4·N]. */
  cloud(places, colours) {
    return { places: buffer(this.gl, places), colours: buffer(this.gl, colours), count: places.length / 4 };
  }

  free(...things) {
    for (const thing of things)
      for (const key of ["buffer", "places", "colours"]) if (thing?.[key]) this.gl.deleteBuffer(thing[key]);
  }

  drawLines({ buffer: data, count }, matrix, canvas, ratio) {
    const { gl } = this;
    gl.useProgram(this.lines);
    gl.enable(gl.BLEND);
    gl.uniformMatrix4fv(gl.getUniformLocation(this.lines, "matrix"), false, matrix);
    gl.uniform2f(gl.getUniformLocation(this.lines, "canvas"), canvas.width / ratio, canvas.height / ratio);
    attribute(gl, this.corners, 0, 2, 8, 0, 0);
    [
      [1, 3, 0],
      [2, 3, 12],
      [3, 4, 24],
      [4, 1, 40],
    ].forEach(([place, size, offset]) => attribute(gl, data, place, size, 44, offset, 1));
    gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, count);
    [1, 2, 3, 4].forEach((place) => {
      gl.vertexAttribDivisor(place, 0);
      gl.disableVertexAttribArray(place);
    });
    gl.disable(gl.BLEND);
  }

  /** pixels: size on the canvas of one metre at one metre of distance. */
  drawCloud({ places, colours, count }, matrix, pixels) {
    const { gl } = this;
    gl.useProgram(this.points);
    gl.uniformMatrix4fv(gl.getUniformLocation(this.points, "matrix"), false, matrix);
    gl.uniform1f(gl.getUniformLocation(this.points, "pixels"), pixels);
    attribute(gl, places, 0, 3, 16, 0, 0);
    attribute(gl, places, 1, 1, 16, 12, 0);
    gl.bindBuffer(gl.ARRAY_BUFFER, colours);
    gl.enableVertexAttribArray(2);
    gl.vertexAttribPointer(2, 4, gl.UNSIGNED_BYTE, true, 4, 0);
    gl.drawArrays(gl.POINTS, 0, count);
  }

  setImage(bitmap) {
    const { gl } = this;
    gl.bindTexture(gl.TEXTURE_2D, this.texture);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, bitmap);
    for (const name of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, name, gl.LINEAR);
    for (const name of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) gl.texParameteri(gl.TEXTURE_2D, name, gl.CLAMP_TO_EDGE);
  }

  /** The image on a quad: its corners top left, top right, bottom left, bottom right. */
  drawImage(corners, matrix) {
    const { gl } = this;
    const uv = [0, 0, 1, 0, 0, 1, 1, 1];
    const data = buffer(gl, Float32Array.from(corners.flatMap((corner, i) => [...corner, uv[2 * i], uv[2 * i + 1]])));
    gl.useProgram(this.quad);
    gl.uniformMatrix4fv(gl.getUniformLocation(this.quad, "matrix"), false, matrix);
    attribute(gl, data, 0, 3, 20, 0, 0);
    attribute(gl, data, 1, 2, 20, 12, 0);
    gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
    gl.deleteBuffer(data);
  }
}

function program(gl, [vertex, fragment]) {
  const made = gl.createProgram();
  for (const [kind, source] of [
    [gl.VERTEX_SHADER, vertex],
    [gl.FRAGMENT_SHADER, fragment],
  ]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS)) throw new Error(`WebGL: ${gl.getShaderInfoLog(shader)}`);
    gl.attachShader(made, shader);
  }
  gl.linkProgram(made);
  if (!gl.getProgramParameter(made, gl.LINK_STATUS)) throw new Error(`WebGL: ${gl.getProgramInfoLog(made)}`);
  return made;
}

function buffer(gl, data) {
  const made = gl.createBuffer();
  gl.bindBuffer(gl.ARRAY_BUFFER, made);
  gl.bufferData(gl.ARRAY_BUFFER, data, gl.STATIC_DRAW);
  return made;
}

function attribute(gl, data, place, size, stride, offset, divisor) {
  gl.bindBuffer(gl.ARRAY_BUFFER, data);
  gl.enableVertexAttribArray(place);
  gl.vertexAttribPointer(place, size, gl.FLOAT, false, stride, offset);
  gl.vertexAttribDivisor(place, divisor);
}
