// Eight workers behind a channel; a mutex, a readers' lock and an atomic; scoped threads.
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{mpsc, Arc, Condvar, Mutex, RwLock};
use std::thread;

fn main() {
    let (sender, receiver) = mpsc::channel::<u64>();
    let receiver = Arc::new(Mutex::new(receiver));
    let total = Arc::new(RwLock::new(0u64));
    let taken = Arc::new(AtomicUsize::new(0));
    let workers: Vec<_> = (0..8)
        .map(|_| {
            let (receiver, total, taken) = (receiver.clone(), total.clone(), taken.clone());
            thread::spawn(move || loop {
                let next = receiver.lock().unwrap().recv();
                match next {
                    Ok(number) => {
                        taken.fetch_add(1, Ordering::SeqCst);
                        *total.write().unwrap() += number;
                    }
                    Err(_) => return,
                }
            })
        })
        .collect();
    for number in 1..=1000 {
        sender.send(number).unwrap();
    }
    drop(sender);
    for worker in workers {
        worker.join().unwrap();
    }
    println!("{} taken, sum {}", taken.load(Ordering::SeqCst), *total.read().unwrap());

    let pair = (Mutex::new(false), Condvar::new());
    thread::scope(|scope| {
        scope.spawn(|| {
            *pair.0.lock().unwrap() = true;
            pair.1.notify_one();
        });
        let ready = pair.1.wait_while(pair.0.lock().unwrap(), |ready| !*ready).unwrap();
        println!("ready {}, more than one CPU or one: {}", *ready, thread::available_parallelism().is_ok());
    });
}
