// Child processes: output, a pipe to stdin, a status, a signal, messages with another node.
const { execFileSync, fork, spawn, spawnSync } = require('child_process');

if (process.argv[2] === 'child') {
  process.on('message', (number) => process.send(number * 2, () => process.disconnect()));
} else {
  process.stdout.write(execFileSync('sh', ['-c', 'echo from $NAME'], { env: { NAME: 'a shell' } }));
  console.log('status', spawnSync('sh', ['-c', 'exit 7'], { cwd: '/tmp' }).status);
  process.stdout.write(spawnSync('sort', { input: 'pear\napple\n' }).stdout);
  console.log('missing', spawnSync('no-such-program').error.code);
  const sleeper = spawn('sleep', ['60']);
  sleeper.on('exit', (code, signal) => {
    console.log('signal', signal);
    const child = fork(__filename, ['child']);
    child.on('message', (number) => console.log('answer', number));
    child.send(21);
  });
  sleeper.kill('SIGKILL');
}
