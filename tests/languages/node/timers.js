// Timers of each kind, a signal to itself, and a handler at the end.
const { performance } = require('perf_hooks');

const start = performance.now();
const order = [];
process.nextTick(() => order.push('tick'));
setImmediate(() => order.push('immediate'));
let count = 0;
const interval = setInterval(() => {
  if (++count === 3) {
    clearInterval(interval);
    console.log(order.join(' '), 'interval, later', performance.now() - start >= 13);
    process.kill(process.pid, 'SIGUSR2');
  }
}, 5);
const alive = setTimeout(() => process.exit(1), 10000);
process.on('SIGUSR2', (name) => {
  console.log(name);
  clearTimeout(alive);
});
process.on('exit', (code) => console.log('end', code));
