// Time-outs of the standard library, and a signal of the C library's timer.
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

static ALARMS: AtomicI32 = AtomicI32::new(0);

extern "C" fn on_alarm(_: i32) {
    ALARMS.fetch_add(1, Ordering::SeqCst);
}

extern "C" {
    fn signal(number: i32, handler: extern "C" fn(i32)) -> usize;
    fn ualarm(first: u32, every: u32) -> u32;
    fn raise(number: i32) -> i32;
}

fn main() {
    let start = Instant::now();
    thread::sleep(Duration::from_millis(20));
    let (_sender, receiver) = mpsc::channel::<()>();
    let result = receiver.recv_timeout(Duration::from_millis(10));
    println!("{:?}, later {}", result, start.elapsed() >= Duration::from_millis(30));
    thread::park_timeout(Duration::from_millis(1));
    unsafe {
        signal(14, on_alarm);
        ualarm(2000, 2000);
    }
    while ALARMS.load(Ordering::SeqCst) < 3 {
        thread::sleep(Duration::from_millis(1));
    }
    unsafe {
        ualarm(0, 0);
        signal(10, on_alarm);
        raise(10);
    }
    println!("alarms, after 1970 {}", SystemTime::now() > SystemTime::UNIX_EPOCH);
}
