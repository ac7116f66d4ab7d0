// crash panic | overflow | abort | error | exit: the usual ends of a Rust program.
#[inline(never)]
fn depth(below: &mut u64) -> u64 {
    // Volatile, so that the compiler can't make a loop of it.
    let mut here = unsafe { std::ptr::read_volatile(below) } + 1;
    if here == 0 { 0 } else { depth(&mut here) + here }
}

fn main() -> Result<(), String> {
    match std::env::args().nth(1).unwrap().as_str() {
        "panic" => {
            let numbers: Vec<i32> = Vec::new();
            println!("{}", numbers[std::env::args().count()]);
            Ok(())
        }
        "caught" => {
            println!("{}", std::thread::spawn(|| panic!("in a thread")).join().is_err());
            Ok(())
        }
        "overflow" => {
            println!("{}", depth(&mut 0));
            Ok(())
        }
        "abort" => std::process::abort(),
        "error" => Err("from main".to_string()),
        _ => std::process::exit(3),
    }
}
