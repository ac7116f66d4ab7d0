// Commands: output, a pipe to stdin, the environment, a status, a child that is killed.
use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};

fn main() {
    let output = Command::new("sh").args(["-c", "echo from $NAME; exit 7"]).env("NAME", "a shell").output().unwrap();
    print!("{}", String::from_utf8_lossy(&output.stdout));
    println!("status {}", output.status.code().unwrap());

    let mut sort = Command::new("sort").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    sort.stdin.take().unwrap().write_all(b"pear\napple\n").unwrap();
    print!("{}", String::from_utf8_lossy(&sort.wait_with_output().unwrap().stdout));

    let mut sleeper = Command::new("sleep").arg("60").current_dir("/tmp").spawn().unwrap();
    sleeper.kill().unwrap();
    println!("signal {}", sleeper.wait().unwrap().signal().unwrap());
    println!("missing: {:?}", Command::new("no-such-program").spawn().unwrap_err().kind());
}
