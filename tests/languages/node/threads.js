// Four workers add to one shared buffer; a lock of Atomics; messages back.
const { Worker, isMainThread, parentPort, workerData } = require('worker_threads');

if (isMainThread) {
  const shared = new SharedArrayBuffer(8);
  const cells = new Int32Array(shared);
  let ended = 0;
  let sum = 0;
  for (let i = 0; i < 4; i++) {
    const worker = new Worker(__filename, { workerData: { shared, first: i * 250 + 1 } });
    worker.on('message', (value) => { sum += value; });
    worker.on('error', (error) => { throw error; });
    worker.on('exit', () => {
      if (++ended === 4) {
        console.log(`${ended} workers, ${Atomics.load(cells, 1)} taken, sum ${sum}`);
      }
    });
  }
} else {
  const cells = new Int32Array(workerData.shared);
  let sum = 0;
  for (let i = 0; i < 250; i++) {
    while (Atomics.compareExchange(cells, 0, 0, 1) !== 0) {
      Atomics.wait(cells, 0, 1, 1000);
    }
    cells[1]++;
    sum += workerData.first + i;
    Atomics.store(cells, 0, 0);
    Atomics.notify(cells, 0, 1);
  }
  parentPort.postMessage(sum);
}
