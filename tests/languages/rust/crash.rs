// crash panic | overflow | abort | error | exit: the usual ends of a Rust program.
use std::hint::black_box;

#[inline(never)]
fn depth(below: &mut u64) -> u64 {
    let mut here = *black_box(below) + 1;
    if here == 0 { 0 } else { depth(&mut here) + here }
}

fn main() -> Result<(), String> {
    match std::env::args().nth(1).unwrap().as_str() {
        "panic" => {
            let numbers: Vec<i32> = Vec::new();
            println!("{}", numbers[black_box(1)]);
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
