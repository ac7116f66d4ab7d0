// A server and its client on the loopback: TCP by name, UDP, and a socket in /tmp.
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream, UdpSocket};
use std::os::unix::net::{UnixListener, UnixStream};
use std::thread;
use std::time::Duration;

fn serve(mut peer: impl Read + Write) {
    let mut text = String::new();
    peer.read_to_string(&mut text).unwrap();
    write!(peer, "served {text}").unwrap();
}

fn main() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = thread::spawn(move || serve(listener.accept().unwrap().0));
    let mut client = TcpStream::connect(("localhost", port)).unwrap();
    client.set_nodelay(true).unwrap();
    client.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    client.write_all(b"hello").unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    server.join().unwrap();
    println!("TCP: {answer}");

    let local = UnixListener::bind("/tmp/socket").unwrap();
    let server = thread::spawn(move || serve(local.accept().unwrap().0));
    let mut client = UnixStream::connect("/tmp/socket").unwrap();
    client.write_all(b"hello").unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    server.join().unwrap();
    println!("AF_UNIX: {answer}");

    let one = UdpSocket::bind("127.0.0.1:0").unwrap();
    let other = UdpSocket::bind("127.0.0.1:0").unwrap();
    other.send_to(b"datagram", one.local_addr().unwrap()).unwrap();
    let mut bytes = [0; 100];
    let (size, _) = one.recv_from(&mut bytes).unwrap();
    println!("UDP: {}", String::from_utf8_lossy(&bytes[..size]));
}
