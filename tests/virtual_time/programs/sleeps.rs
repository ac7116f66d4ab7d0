// thread::sleep, recv_timeout, park_timeout. sleeps UNIT
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

fn main() {
    let unit: u64 = std::env::args().nth(1).map_or(1, |word| word.parse().unwrap());
    let (sender, receiver) = mpsc::channel();
    let worker = thread::spawn(move || {
        for i in 0..3 {
            thread::sleep(Duration::from_secs(60 * unit));
            sender.send(i).unwrap();
        }
        thread::sleep(Duration::from_secs(3600 * unit));
    });
    for _ in 0..3 {
        println!("{:?}", receiver.recv_timeout(Duration::from_secs(61)));
    }
    thread::park_timeout(Duration::from_secs(100 * unit));
    worker.join().unwrap();
    println!("end");
}
