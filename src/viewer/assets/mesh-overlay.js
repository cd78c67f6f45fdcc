/** Draws the control points of both views over the picture. */

const COLOURS = ['rgba(64, 156, 255, 0.9)', 'rgba(18, 214, 160, 0.9)'];

/**
 * @param canvas laid over the video, same box
 * @param geometry `GET /stitch/:id/geometry` of kind `meshes`: canvas pixels
 */
export function drawMeshes(canvas, geometry) {
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(canvas.clientWidth * ratio);
  canvas.height = Math.round(canvas.clientHeight * ratio);
  const context = canvas.getContext('2d');
  // The video keeps its proportions inside its box.
  const scale = Math.min(canvas.width / geometry.width, canvas.height / geometry.height);
  context.translate((canvas.width - geometry.width * scale) / 2, (canvas.height - geometry.height * scale) / 2);
  context.scale(scale, scale);
  context.lineWidth = ratio / scale;
  const radius = ((canvas.clientWidth < 600 ? 1.6 : 2.8) * ratio) / scale;
  [geometry.reference, geometry.target].forEach((rows, view) => {
    context.strokeStyle = context.fillStyle = COLOURS[view];
    for (const line of [...rows, ...rows[0].map((_, column) => rows.map((row) => row[column]))]) {
      context.beginPath();
      line.forEach(([x, y], index) => (index === 0 ? context.moveTo(x, y) : context.lineTo(x, y)));
      context.stroke();
    }
    for (const [x, y] of rows.flat()) {
      context.beginPath();
      context.arc(x, y, radius, 0, 2 * Math.PI);
      context.fill();
    }
  });
}
