# A server of HTTP and its client on the loopback; asyncio; a socket of each kind.
import asyncio
import socket
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f"served {self.path}".encode())

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("localhost", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
with urllib.request.urlopen(f"http://localhost:{server.server_port}/hello", timeout=10) as answer:
    print("HTTP:", answer.status, answer.read().decode())
server.shutdown()


async def echo(reader, writer):
    writer.write(await reader.readline())
    await writer.drain()
    writer.close()


async def main():
    listening = await asyncio.start_server(echo, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*listening.sockets[0].getsockname())
    writer.write(b"hello\n")
    print("asyncio:", (await reader.readline()).decode().strip())
    writer.close()
    listening.close()
    shell = await asyncio.create_subprocess_exec("echo", "child", stdout=asyncio.subprocess.PIPE)
    print("asyncio:", (await shell.communicate())[0].decode().strip())


asyncio.run(main())

one, other = socket.socketpair()
one.sendall(b"hello")
print("AF_UNIX:", other.recv(100).decode())
receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
receiver.bind(("127.0.0.1", 0))
sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sender.sendto(b"datagram", receiver.getsockname())
print("UDP:", receiver.recv(100).decode())
