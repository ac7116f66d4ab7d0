// worker_threads that wait, and a process. workers.js UNIT
const { Worker, isMainThread, workerData, parentPort } = require('worker_threads');
const { execFile } = require('child_process');
if (isMainThread) {
  const unit = Number(process.argv[2]);
  let left = 2;
  for (const number of [1, 2]) {
    const worker = new Worker(__filename, { workerData: { number, unit } });
    worker.on('message', (text) => console.log(text));
    worker.on('exit', () => {
      if (--left === 0) execFile('sleep', [String(5 * unit)], () => console.log('end'));
    });
  }
} else {
  const cell = new Int32Array(new SharedArrayBuffer(4));
  Atomics.wait(cell, 0, 0, workerData.number * 1000 * workerData.unit);
  parentPort.postMessage('worker ' + workerData.number);
}
