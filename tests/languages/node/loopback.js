// A server of HTTP and its client on the loopback; a socket of each kind.
const dgram = require('dgram');
const http = require('http');
const net = require('net');

function http_part(next) {
  const server = http.createServer((request, response) => response.end(`served ${request.url}`));
  server.listen(0, 'localhost', () => {
    http.get({ host: 'localhost', port: server.address().port, path: '/hello', agent: false }, (answer) => {
      let text = '';
      answer.on('data', (piece) => { text += piece; });
      answer.on('end', () => {
        console.log(`HTTP: ${answer.statusCode} ${text}`);
        server.close(next);
      });
    });
  });
}

function local_part(next) {
  const server = net.createServer((peer) => peer.end('hello'));
  server.listen('/tmp/socket', () => {
    net.connect('/tmp/socket').on('data', (bytes) => {
      console.log(`AF_UNIX: ${bytes}`);
      server.close(next);
    });
  });
}

function udp_part() {
  const one = dgram.createSocket('udp4');
  const other = dgram.createSocket('udp4');
  one.on('message', (bytes) => {
    console.log(`UDP: ${bytes}`);
    one.close();
    other.close();
  });
  one.bind(0, '127.0.0.1', () => other.send('datagram', one.address().port, '127.0.0.1'));
}

http_part(() => local_part(udp_part));
